"""The middle of pictures: what of them a run uses."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from nstgraph.arrays import Array
from nstgraph.errors import PictureError
from nstgraph.pictures.fit import Size
from nstgraph.pictures.picture import MIN_SIDE, Picture

__all__ = ["WHOLE", "Crop", "middle"]


@dataclass(frozen=True)
class Crop:
    """How the pictures of a run are cut before anything else.

    Attributes:
        aspect: width by height of what is used of the photo, and of pictures beside it: starts, masks and the like.
        square: whether all pictures, paintings too, are then cut to their middle square.
    """

    aspect: float | None = None
    square: bool = False

    def photo(self, picture: Picture) -> Picture:
        """What is used of the photo, or of a picture that lies beside it; errors as for `middle`."""
        return self.painting(picture if self.aspect is None else middle(picture, self.aspect))

    def painting(self, picture: Picture) -> Picture:
        """What is used of a painting, or of a picture that lies beside it; errors as for `middle`."""
        return middle(picture, 1.0) if self.square else picture


#: Nothing is cut.
WHOLE = Crop()


def middle(picture: Picture, aspect: float) -> Picture:
    """The largest part in the middle of a picture that has an aspect, width by height; colours and transparency alike.

    Raises:
        PictureError: all of it is transparent, or it is too narrow, and the picture was not.
    """
    size = _largest(picture.size, aspect)
    if size == picture.size:
        return picture
    if min(size) < MIN_SIDE <= min(picture.size):
        raise PictureError(
            f"{picture.name} would be cropped to {size[1]} x {size[0]} pixels, below {MIN_SIDE}; choose another --crop"
        )
    alpha = None if picture.alpha is None else _cut(picture.alpha[np.newaxis], size)[0]
    if alpha is not None and not alpha.any():
        raise PictureError(
            f"the middle of {picture.name} is entirely transparent; crop it by hand, or leave --crop and --fit crop out"
        )
    if alpha is not None and alpha.min() >= 1:
        alpha = None
    return dataclasses.replace(picture, rgb=_cut(picture.rgb, size), alpha=alpha)


def _largest(size: Size, aspect: float) -> Size:
    height, width = size
    if width > aspect * height:
        return height, max(1, min(width, round(aspect * height)))
    return max(1, min(height, round(width / aspect))), width


def _cut(planes: Array, size: Size) -> Array:
    top, left = ((whole - part) // 2 for whole, part in zip(planes.shape[1:3], size, strict=True))
    # A copy, so that the whole picture is not kept for the sake of its middle.
    return planes[:, top : top + size[0], left : left + size[1]].copy()
