"""A sweep: a picture for every combination of the values of one or two settings."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstgraph.arrays import Array
from nstgraph.config import Config
from nstgraph.errors import ConfigError, NstgraphError
from nstgraph.files import unused
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.losses.loss_text import as_loss
from nstgraph.messages import shown
from nstgraph.pictures.contact_sheet import contact_sheet
from nstgraph.pictures.fit import fitted
from nstgraph.pictures.folder import without_folders
from nstgraph.pictures.load import Source, load
from nstgraph.pictures.picture import Picture
from nstgraph.pictures.resize import resize
from nstgraph.run.inputs import read_pictures
from nstgraph.run.result import Result
from nstgraph.run.stylizer import Stylizer
from nstgraph.settings.exclusions import ruled_out

__all__ = ["Variant", "check_variants", "sheet", "sweep", "variants"]

#: Most values of a setting: what is to be compared at a glance is far less.
_MOST_VALUES = 20

#: Characters of a setting and its value that the name of a file takes.
_LONGEST_NAME = 60

#: Pixels of a sheet's width or height that its pictures share, and between which numbers the longest side of each is,
#: unless all are smaller.
_SHEET, _SMALLEST, _LARGEST = 3200, 128, 320


#: Types of values that say themselves what they are; others, such as arrays, are called by their type.
_PLAIN = (str, int, float, type(None), os.PathLike, Loss, LossTerm)


@dataclass(frozen=True)
class Variant:
    """One combination of values.

    Attributes:
        values: of the settings that vary, by name.
        config: all settings.
        name: for a file, without extension; each of a sweep has its own.
    """

    values: Mapping[str, Any]
    config: Config
    name: str

    def __str__(self) -> str:
        return ", ".join(itertools.starmap(_label, self.values.items()))


def sweep(
    content: Source,
    style: Source | Sequence[Source],
    vary: Mapping[str, Sequence[Any]],
    config: Config | None = None,
    **settings: Any,
) -> Iterator[tuple[Mapping[str, Any], Result | NstgraphError]]:
    """Stylise a photo with every combination of the values of one or two settings, one after the other.

        for values, result in nstgraph.sweep("photo.jpg", "painting.jpg", {"style_scale": [0.5, 1, 2]}, size=256):
            result.save(f"{values['style_scale']}.png")

    Args:
        content, style: as for `nstgraph.stylize`.
        vary: values by the name of a setting of `Config`; of two, the second changes slowly.
        config: the other settings; the defaults if not given.
        settings: single other settings by name, which win over ``config``.

    Yields:
        The values by name, and the result; or, in its place, the error for which there is none. The next ones follow
        all the same.

    Raises:
        ConfigError, LossError, PictureError: at once, before any work: not one or two settings, no such setting, a
            value that is out of range or given twice, or a picture that cannot be used.
        Interrupted: Ctrl-C; its ``result`` is the best of the one at work.
    """
    rows = variants((config or Config()).replace(**settings), vary)
    styles: list[Source] = list(style) if isinstance(style, list | tuple) else [style]  # type: ignore[list-item]
    pictures = check_variants(rows, content, styles)
    return _stylised(rows, pictures)


def variants(config: Config, vary: Mapping[str, Sequence[Any]]) -> list[list[Variant]]:
    """The combinations of a sweep in rows, as they stand in its sheet: the first setting varies within a row.

    Raises:
        ConfigError: as for `sweep`.
    """
    if not 1 <= len(vary) <= 2:
        raise ConfigError(f"a sweep varies one or two settings, and not {len(vary)}; hold the others fixed")
    for name, values in vary.items():
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise ConfigError(f"the values of {name} are {shown(values)}; give a list of them")
        if len(values) > _MOST_VALUES:
            raise ConfigError(f"{name} has {len(values)} values; give at most {_MOST_VALUES}")
        twice = [value for number, value in enumerate(values) if any(_same(value, one) for one in values[:number])]
        if twice:
            raise ConfigError(f"{name} has the value {shown(twice[0])} twice; leave one out")
    (first, within), *second = vary.items()
    downwards = [{second[0][0]: value} for value in second[0][1]] if second else [{}]
    names: set[str] = set()
    return [[_variant(config, {first: value, **row}, names) for value in within] for row in downwards]


def check_variants(
    rows: Sequence[Sequence[Variant]], content: Source, styles: Sequence[Source]
) -> tuple[Picture, list[Picture]]:
    """The pictures of a sweep, read; raises what is wrong with them, or a loss, for one of the variants."""
    photo, paintings = load(content), [load(style) for style in without_folders(styles)]
    for variant in itertools.chain(*rows):
        read_pictures(variant.config, photo, paintings)
        as_loss(variant.config.loss)
    return photo, paintings


def sheet(rows: Sequence[Sequence[Variant]], folder: Path) -> Array | None:
    """A contact sheet with labelled rows and columns; None if there is nothing to be seen.

    Args:
        rows: what `variants` gave.
        folder: of PNG files by the variants' names; the places of those that it lacks stay empty.

    Returns:
        [1, height, width, 3], float32, 0..255.
    """
    room = max(_SMALLEST, min(_LARGEST, _SHEET // max(len(rows), len(rows[0]))))
    pictures = [[_small(folder / f"{variant.name}.png", room) for variant in row] for row in rows]
    sides = [max(one.shape[1:3]) for one in itertools.chain(*pictures) if one is not None]
    if not sides:
        return None
    first, *second = rows[0][0].values
    columns = [_label(first, variant.values[first]) for variant in rows[0]]
    labels = [_label(second[0], row[0].values[second[0]]) for row in rows] if second else []
    return contact_sheet(pictures, max(sides), columns=columns, labels=labels)


def _stylised(
    rows: Sequence[Sequence[Variant]], pictures: tuple[Picture, list[Picture]]
) -> Iterator[tuple[Mapping[str, Any], Result | NstgraphError]]:
    photo, paintings = pictures
    for variant in itertools.chain(*rows):
        outcome: Result | NstgraphError
        try:
            with Stylizer(variant.config, len(paintings)) as stylizer:
                outcome = stylizer(photo, paintings)
        except NstgraphError as error:
            outcome = error
        yield variant.values, outcome


def _small(path: Path, longest: int) -> Array | None:
    if not path.exists():
        return None
    picture = load(path)
    return resize(picture.rgb, *fitted(picture.size, min(longest, max(picture.size))))


def _variant(config: Config, values: Mapping[str, Any], names: set[str]) -> Variant:
    parts = [re.sub(r"[^\w.]+", "-", _label(*item)).strip("-.")[:_LONGEST_NAME] for item in values.items()]
    name = unused(Path("-".join(parts)), taken=lambda path: path.name.lower() in names).name
    names.add(name.lower())
    # What would do nothing beside a value, such as a colour space without colours to be kept, is left out there.
    defaults = {name: getattr(Config, name) for name in ruled_out(values) - values.keys()}
    return Variant(values, config.replace(**{**defaults, **values}), name)


def _same(one: Any, other: Any) -> bool:
    """Whether two values are one; arrays and pictures are compared by what they are, not by their numbers."""
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    return one is other or (isinstance(one, _PLAIN) and isinstance(other, _PLAIN) and bool(one == other))


def _label(name: str, value: Any) -> str:
    items = value if isinstance(value, list | tuple) else [value]
    text = " ".join(str(item) if isinstance(item, _PLAIN) else type(item).__name__ for item in items)
    return f"{name}={text}"
