"""The middle of a picture."""

from __future__ import annotations

import dataclasses

import numpy as np

from nstgraph.arrays import Array
from nstgraph.errors import PictureError
from nstgraph.pictures.picture import Picture

__all__ = ["middle_square"]


def middle_square(picture: Picture) -> Picture:
    """The largest square in the middle of a picture, colours and transparency alike.

    Raises:
        PictureError: all of it is transparent.
    """
    height, width = picture.size
    if height == width:
        return picture
    alpha = None if picture.alpha is None else _cut(picture.alpha[np.newaxis])[0]
    if alpha is not None and not alpha.any():
        raise PictureError(f"the middle of {picture.name} is entirely transparent; crop it by hand, or leave --fit out")
    if alpha is not None and alpha.min() >= 1:
        alpha = None
    return dataclasses.replace(picture, rgb=_cut(picture.rgb), alpha=alpha)


def _cut(planes: Array) -> Array:
    height, width = planes.shape[1:3]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    # A copy, so that the whole picture is not kept for the sake of its middle.
    return planes[:, top : top + side, left : left + side].copy()
