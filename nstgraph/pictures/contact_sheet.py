"""A sheet of pictures in rows and columns."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from nstgraph.arrays import Array
from nstgraph.pictures.fit import fitted
from nstgraph.pictures.resize import resize

__all__ = ["contact_sheet"]

#: White pixels around each picture.
_GAP = 6

#: Pixels of the letters of labels, and of a line of them; most lines of a label.
_LETTER, _LINE, _LINES = 14, 18, 3


def contact_sheet(
    rows: Sequence[Sequence[Array | None]], longest: int, *, columns: Sequence[str] = (), labels: Sequence[str] = ()
) -> Array:
    """Pictures in rows and columns, on white.

    Args:
        rows: pictures [1, height, width, 3], 0..255; None leaves a place empty.
        longest: longest side of each in pixels; smaller ones are enlarged.
        columns: what stands above each column, if anything is to.
        labels: what stands beside each row, from bottom to top, likewise. What is too long for its place ends in "…".

    Returns:
        [1, height, width, 3], float32, 0..255.
    """
    small = [[one if one is None else resize(one, *fitted(one.shape[1:3], longest)) for one in row] for row in rows]
    sizes = [[(0, 0) if one is None else one.shape[1:3] for one in row] for row in small]
    heights = [max(height for height, _ in row) + _GAP for row in sizes]
    widths = [max(width for _, width in column) + _GAP for column in itertools.zip_longest(*sizes, fillvalue=(0, 0))]
    if columns or labels:  # a place without a picture has a label all the same
        heights, widths = ([side if side > _GAP else longest + _GAP for side in sides] for sides in (heights, widths))
    # Labels of rows are read with the head to the left, so that the last one comes first.
    above, beside = _band(columns, widths), _band(labels[::-1], heights[::-1])
    top, left = (_GAP + (0 if band is None else band.shape[0]) for band in (above, beside))
    sheet = np.full((1, sum(heights) + top, sum(widths) + left, 3), 255, dtype=np.float32)
    if above is not None:
        sheet[0, : above.shape[0], left:] = above
    if beside is not None:
        sheet[0, top:, : beside.shape[0]] = np.rot90(beside)
    for row, pictures in enumerate(small):
        for column, one in enumerate(pictures):
            if one is not None:
                y, x = sum(heights[:row]) + top, sum(widths[:column]) + left
                sheet[:, y : y + one.shape[1], x : x + one.shape[2]] = one.clip(0, 255)
    return sheet


def _band(texts: Sequence[str], sides: Sequence[int]) -> Array | None:
    """Labels side by side, each in the middle of its place: [height, sum of ``sides``, 3]; None if there are none."""
    if not texts:
        return None
    font = ImageFont.load_default(_LETTER)
    lines = [_wrapped(text, side - _GAP, font) for text, side in zip(texts, sides, strict=True)]
    band = Image.new("RGB", (sum(sides), _GAP + _LINE * max(map(len, lines))), "white")
    pen = ImageDraw.Draw(band)
    for number, place in enumerate(lines):
        middle = sum(sides[:number]) + sides[number] / 2
        for below, line in enumerate(reversed(place)):
            pen.text((middle, band.height - _LINE * below), line, fill="black", font=font, anchor="md")
    return np.asarray(band, dtype=np.float32)


def _wrapped(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """A label in as few lines as it fits into, with its end left out if these are too many."""
    for letters in range(min(len(text), width), 0, -1):
        lines = textwrap.wrap(text, letters, max_lines=_LINES, placeholder="…")
        if all(font.getlength(line) <= width for line in lines):
            return lines
    return []
