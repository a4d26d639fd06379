"""Figures of stylised pictures: every photo of a folder in the manner of every painting."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from nstgraph.arrays import Array
from nstgraph.bench.figures import PictureFigures
from nstgraph.bench.picture_figures import (
    WINDOW,
    chroma,
    colour_distance,
    content_kept,
    dots,
    foreign_chroma,
    lab,
    skimage,
    style_distance,
)
from nstgraph.config import Config
from nstgraph.errors import PictureError
from nstgraph.pictures.contact_sheet import contact_sheet
from nstgraph.pictures.fit import fitted
from nstgraph.pictures.load import load
from nstgraph.pictures.picture import PictureSet
from nstgraph.pictures.resize import resize
from nstgraph.run.inputs import read_pictures
from nstgraph.run.result import Result
from nstgraph.run.stylizer import Stylizer

__all__ = ["Pair", "name_of", "picture_pairs", "sheet", "stylise_all"]

#: Files of a photo and a painting.
Pair: TypeAlias = tuple[Path, Path]


def picture_pairs(config: Config, folder: Path) -> list[list[Pair]]:
    """The pictures of a folder's folders ``content`` and ``style``: for each painting, it with every photo.

    Every picture is read, to see that it can be used, and let go.

    Raises:
        PictureError: a folder is missing or empty, a file is not a picture that can be used, or two results would have
            one name.
        ConfigError: what measures pictures is not installed.
    """
    skimage("color")
    photos, paintings = (_files(folder / name) for name in ("content", "style"))
    for photo in photos:
        height, width = read_pictures(config, photo, paintings[0]).sizes(config.size)[0]
        if min(height, width) < WINDOW:
            raise PictureError(f"{photo.name} would have {width} x {height} pixels; choose a larger --size")
    for painting in paintings[1:]:
        read_pictures(config, photos[0], painting)
    pairs = [[(photo, painting) for photo in photos] for painting in paintings]
    taken: dict[str, Pair] = {}
    for pair in itertools.chain(*pairs):
        one, other = pair, taken.setdefault(name_of(pair).lower(), pair)
        if other != one:
            both = " and ".join(f"{photo.name} with {painting.name}" for photo, painting in (other, one))
            raise PictureError(f"{both} would have results of the same name; rename a picture")
    return pairs


def _files(folder: Path) -> list[Path]:
    files = [] if not folder.is_dir() else sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if not files:
        raise PictureError(f"there are no pictures in {folder}; the folder given needs content/ and style/ with some")
    return files


def name_of(pair: Pair) -> str:
    """What a pair's result is called."""
    photo, painting = pair
    return f"{photo.stem}-{painting.stem}"


def stylise_all(config: Config, pairs: Iterable[Pair]) -> Iterator[tuple[PictureFigures, Result]]:
    """Stylise pairs of pictures, measure each result, and give both."""
    with Stylizer(config) as stylizer:
        for pair in pairs:
            began = time.perf_counter()
            pictures = read_pictures(config, *pair)
            result = stylizer(pictures)
            seconds = time.perf_counter() - began
            yield _figures_of(name_of(pair), result.image, pictures, config.size, seconds), result


def _figures_of(name: str, image: Array, pictures: PictureSet, size: int, seconds: float) -> PictureFigures:
    (painting,), (_, (style_size,)) = pictures.styles, pictures.sizes(size)
    result, photo = lab(image), lab(resize(pictures.content.rgb, *image.shape[1:3]))
    style = lab(resize(painting.rgb, *style_size))
    return PictureFigures(
        pair=name,
        chroma=chroma(result),
        colour_distance=colour_distance(result, style),
        foreign_chroma=foreign_chroma(result, photo, style),
        dots=dots(result, photo),
        content_kept=content_kept(result, photo),
        style_distance=style_distance(result, style),
        seconds=seconds,
    )


def sheet(pairs: Sequence[Sequence[Pair]], results: Path, longest: int = 320) -> Array:
    """A contact sheet: photos in the first row, paintings in the first column, and where they meet, results.

    Args:
        pairs: as of `picture_pairs`.
        results: folder of PNG files by the names of pairs; the places of those that it lacks stay empty.
        longest: longest side of each picture in pixels.
    """

    def small(path: Path) -> Array | None:
        if not path.exists():
            return None
        picture = load(path)
        return resize(picture.rgb, *fitted(picture.size, longest))

    rows: list[list[Array | None]] = [[None, *(small(photo) for photo, _ in pairs[0])]]
    rows += [[small(row[0][1]), *(small(results / f"{name_of(pair)}.png") for pair in row)] for row in pairs]
    return contact_sheet(rows, longest)
