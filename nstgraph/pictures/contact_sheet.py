"""A sheet of pictures in rows and columns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from nstgraph.arrays import Array
from nstgraph.pictures.fit import fitted
from nstgraph.pictures.resize import resize

__all__ = ["contact_sheet"]

#: White pixels around each picture.
_GAP = 6


def contact_sheet(rows: Sequence[Sequence[Array | None]], longest: int) -> Array:
    """Pictures in rows and columns, on white.

    Args:
        rows: pictures [1, height, width, 3], 0..255; None leaves a place empty.
        longest: longest side of each in pixels; smaller ones are enlarged.

    Returns:
        [1, height, width, 3], float32, 0..255.
    """
    small = [[one if one is None else resize(one, *fitted(one.shape[1:3], longest)) for one in row] for row in rows]
    sizes = [[(0, 0) if one is None else one.shape[1:3] for one in row] for row in small]
    heights = [max(height for height, _ in row) + _GAP for row in sizes]
    widths = [max(width for _, width in column) + _GAP for column in itertools.zip_longest(*sizes, fillvalue=(0, 0))]
    sheet = np.full((1, sum(heights) + _GAP, sum(widths) + _GAP, 3), 255, dtype=np.float32)
    for row, pictures in enumerate(small):
        for column, one in enumerate(pictures):
            if one is not None:
                top, left = sum(heights[:row]) + _GAP, sum(widths[:column]) + _GAP
                sheet[:, top : top + one.shape[1], left : left + one.shape[2]] = one.clip(0, 255)
    return sheet
