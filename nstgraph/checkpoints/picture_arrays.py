"""The pictures of a run as arrays by name, and back: what a checkpoint keeps of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nstgraph.arrays import Array
from nstgraph.errors import CheckpointError, ConfigError
from nstgraph.file_records import FileRecord
from nstgraph.graph.own_pictures import KeptPicture
from nstgraph.messages import one_line
from nstgraph.pictures.picture import Picture, PictureSet

__all__ = ["OWN", "START", "arrays_of", "own_pictures_of", "pictures_of"]

#: What the names of terms' pictures begin with.
OWN = "own_"

#: What the names of pictures begin with that a search starts from.
START = "start_"


def arrays_of(
    pictures: PictureSet, own: Sequence[KeptPicture] = ()
) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Names and records, colours, transparency and profiles of the pictures, of terms' ``own``, too, by their parts.

    Colours are uint8 where that loses nothing, as with most pictures, and float32 elsewhere.
    """
    parts = {"content": pictures.content}
    parts |= {f"{START}{number}": start for number, start in enumerate(pictures.starts)}
    parts |= {_style(number): style for number, style in enumerate(pictures.styles)}
    parts |= {_own(number): kept.picture for number, kept in enumerate(own)}
    names: dict[str, Any] = {}
    arrays: dict[str, npt.NDArray[Any]] = {}
    for part, picture in parts.items():
        whole = picture.rgb.astype(np.uint8)
        names[part] = {"name": picture.name, **picture.record.as_json()}
        arrays[part] = whole if np.array_equal(whole, picture.rgb) else picture.rgb
        if picture.alpha is not None:
            arrays[_alpha(part)] = picture.alpha
        if picture.profile is not None:
            arrays[_profile(part)] = np.frombuffer(picture.profile, np.uint8)
    return names, arrays


def pictures_of(names: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> PictureSet:
    """The pictures that `arrays_of` has taken apart.

    Raises:
        CheckpointError: they are not what it gives.
    """
    try:
        parts = {part: _picture(part, about, arrays) for part, about in names.items() if not part.startswith(OWN)}
        styles = [parts[_style(number)] for number in range(len(parts)) if _style(number) in parts]
        starts = [parts[f"{START}{number}"] for number in range(len(parts)) if f"{START}{number}" in parts]
        return PictureSet(parts["content"], (styles[0], *styles[1:]), tuple(starts))
    except (AttributeError, ConfigError, IndexError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"the pictures of the checkpoint are damaged ({one_line(error)})") from error


def own_pictures_of(names: Any, records: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> list[KeptPicture]:
    """The pictures of terms that `arrays_of` has taken apart; none if it was not given them.

    Args:
        names: that it gave.
        records: what was recorded of each, with its ``sha256``.
        arrays: that it gave.

    Raises:
        CheckpointError: they are not what it gives.
    """
    try:
        count = sum(part.startswith(OWN) for part in names)
        parts = [(_own(number), records[number]["sha256"]) for number in range(count)]
        return [KeptPicture(_picture(part, names[part], arrays), str(sha256)) for part, sha256 in parts]
    except (AttributeError, ConfigError, IndexError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"the terms' pictures in the checkpoint are damaged ({one_line(error)})") from error


def _style(number: int) -> str:
    return f"style_{number}"


def _own(number: int) -> str:
    return f"{OWN}{number}"


def _alpha(part: str) -> str:
    return f"{part}_alpha"


def _profile(part: str) -> str:
    return f"{part}_profile"


def _picture(part: str, about: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Picture:
    rgb: Array = arrays[part].astype(np.float32)
    alpha = arrays.get(_alpha(part))
    if rgb.ndim != 4 or rgb.shape[0] != 1 or rgb.shape[3] != 3 or not 0 <= rgb.min() <= rgb.max() <= 255:
        raise ValueError(f"{part} is no picture")
    if alpha is not None and (alpha.shape != rgb.shape[1:3] or not 0 <= alpha.min() <= alpha.max() <= 1):
        raise ValueError(f"{part} has a transparency that does not fit")
    profile, record = arrays.get(_profile(part)), FileRecord(about["path"], about["sha256"])
    return Picture(
        rgb,
        alpha,
        str(about["name"]),
        profile=None if profile is None else profile.tobytes(),
        path=record.path,
        sha256=record.sha256,
    )
