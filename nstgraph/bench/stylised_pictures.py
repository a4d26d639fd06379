"""Figures of stylised pictures: every photo of a folder in the manner of every painting."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

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
from nstgraph.pictures.load import load
from nstgraph.pictures.picture import Picture, PictureSet, fitted
from nstgraph.pictures.resize import resize
from nstgraph.run.stylizer import Stylizer

__all__ = ["figures_of", "mean_figures", "picture_pairs", "sheet", "stylise_all"]


def picture_pairs(config: Config, folder: Path) -> list[list[PictureSet]]:
    """The pictures of a folder's folders ``content`` and ``style``: for each painting, it with every photo.

    Raises:
        PictureError: a folder is missing or empty, or a file is not a picture that can be used.
        ConfigError: what measures pictures is not installed.
    """
    skimage("color")
    photos, paintings = (
        [load(path, memory=config.memory * 1e9 or None) for path in _files(folder / name)]
        for name in ("content", "style")
    )
    pairs = [[PictureSet(photo, (painting,), None, config.style_scale) for photo in photos] for painting in paintings]
    for pair in itertools.chain(*pairs):
        pair.check(config.size)
        height, width = pair.sizes(config.size)[0]
        if min(height, width) < WINDOW:
            raise PictureError(f"{pair.content.name} would have {width} x {height} pixels; choose a larger --size")
    return pairs


def _files(folder: Path) -> list[Path]:
    files = [] if not folder.is_dir() else sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if not files:
        raise PictureError(f"there are no pictures in {folder}; the folder given needs content/ and style/ with some")
    for one, other in itertools.combinations(files, 2):
        if one.stem.lower() == other.stem.lower():
            raise PictureError(f"{one} and {other} would have the same name in the results; rename one")
    return files


def stylise_all(config: Config, pairs: Iterable[PictureSet]) -> Iterator[tuple[PictureFigures, Array]]:
    """Stylise pairs of pictures, measure each result, and give both."""
    with Stylizer(config) as stylizer:
        for pair in pairs:
            began = time.perf_counter()
            image = stylizer(pair).image
            yield figures_of(image, pair, config.size, time.perf_counter() - began), image


def figures_of(image: Array, pair: PictureSet, size: int, seconds: float = 0.0) -> PictureFigures:
    """What can be measured of a result, [1, height, width, 3], 0..255, made at a size in pixels in so many seconds."""
    (painting,) = pair.styles
    result, photo = lab(image), lab(resize(pair.content.rgb, *image.shape[1:3]))
    style = lab(resize(painting.rgb, *fitted(painting.size, round(size * pair.style_scale))))
    return PictureFigures(
        pair=f"{_stem(pair.content)}-{_stem(painting)}",
        chroma=chroma(result),
        colour_distance=colour_distance(result, style),
        foreign_chroma=foreign_chroma(result, photo, style),
        dots=dots(result, photo),
        content_kept=content_kept(result, photo),
        style_distance=style_distance(result, style),
        seconds=seconds,
    )


def _stem(picture: Picture) -> str:
    return Path(picture.name).stem


def mean_figures(rows: Iterable[PictureFigures]) -> PictureFigures:
    """The means of all figures."""
    rows = list(rows)
    values = {
        name: statistics.fmean(getattr(row, name) for row in rows)
        for name in ("chroma", "colour_distance", "foreign_chroma", "dots", "content_kept", "seconds")
    }
    fine, middle, coarse = map(statistics.fmean, zip(*(row.style_distance for row in rows), strict=True))
    return PictureFigures(pair="mean", style_distance=(fine, middle, coarse), **values)


def sheet(pairs: list[list[PictureSet]], images: Iterable[Array], longest: int = 320) -> Array:
    """A contact sheet: photos in the first row, paintings in the first column, and where they meet, results.

    Args:
        pairs: as of `picture_pairs`.
        images: a result for each, in that order.
        longest: longest side of each picture in pixels.
    """
    found = iter(images)
    rows: list[list[Array | None]] = [[None, *(pair.content.rgb for pair in pairs[0])]]
    rows += [[row[0].styles[0].rgb, *(next(found) for _ in row)] for row in pairs]
    return contact_sheet(rows, longest)
