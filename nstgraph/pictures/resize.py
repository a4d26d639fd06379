"""Pictures at other sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from nstgraph.arrays import Array
from nstgraph.pictures.fit import Size
from nstgraph.pictures.wrapping import NOWHERE, Wraps

__all__ = ["resize", "row_size", "side_by_side"]

#: White pixels between pictures in a row.
_GAP = 8

#: How far Lanczos's filter reaches, in pixels of the smaller picture.
_REACH = 3


def resize(image: Array, height: int, width: int, *, wraps: Wraps = NOWHERE) -> Array:
    """Lanczos, antialiased when shrinking, in float32 throughout.

    Args:
        image: [1, height, width, channels] or [height, width], float32, any range.
        height, width: of the result.
        wraps: where the picture goes on with its other side, as the result then does.

    Returns:
        The same rank and range, except that edges overshoot a little: nothing is clipped. ``image`` itself if
        it has the size already.
    """
    planes = image[np.newaxis, :, :, np.newaxis] if image.ndim == 2 else image
    if planes.shape[1:3] == (height, width):
        return image
    resized = np.empty((1, height, width, planes.shape[3]), dtype=np.float32)
    rows, columns = (
        _beyond(old, new) if wrap else 0
        for old, new, wrap in zip(planes.shape[1:3], (height, width), wraps, strict=True)
    )
    box = (columns, rows, columns + planes.shape[2], rows + planes.shape[1])
    for channel in range(planes.shape[3]):
        pixels = planes[0, :, :, channel].astype(np.float32)
        for axis, beyond in enumerate((rows, columns)):
            if beyond:
                pixels = pixels.take(np.arange(-beyond, pixels.shape[axis] + beyond), axis, mode="wrap")
        # Mode "F", one channel at a time, is the only one that Pillow does not round to 8 bits.
        plane = Image.fromarray(pixels)
        # What is beyond the box is seen, as far as the filter reaches.
        smaller = plane.resize((width, height), Image.Resampling.LANCZOS, box)
        resized[0, :, :, channel] = np.asarray(smaller)
    return resized[0, :, :, 0] if image.ndim == 2 else resized


def _beyond(old: int, new: int) -> int:
    """Pixels that the filter sees beyond an edge when a side of ``old`` pixels gets ``new`` ones."""
    return math.ceil(_REACH * max(1.0, old / new)) + 1


def side_by_side(images: Sequence[Array], height: int = 0) -> Array:
    """Pictures in one row, all of one height, with white between them.

    Args:
        images: at least one, each [1, height, width, 3], 0..255.
        height: in pixels; 0 is that of the first.

    Returns:
        [1, height, total width, 3], float32; resized ones may overshoot 0..255 a little.
    """
    height = height or images[0].shape[1]
    gap = np.full((1, height, _GAP, 3), 255, dtype=np.float32)
    row: list[Array] = []
    for image in images:
        row += [gap, resize(image, height, _width_in_row(height, (image.shape[1], image.shape[2])))]
    return np.concatenate(row[1:], axis=2, dtype=np.float32)


def row_size(sizes: Sequence[Size], height: int = 0) -> Size:
    """Height and width of what `side_by_side` makes of pictures of these sizes."""
    height = height or sizes[0][0]
    return height, sum(_width_in_row(height, size) for size in sizes) + _GAP * (len(sizes) - 1)


def _width_in_row(height: int, size: Size) -> int:
    return max(1, round(size[1] * height / size[0]))
