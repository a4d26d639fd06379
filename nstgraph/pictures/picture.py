"""Pictures and their sizes: RGB, float32, 0..255, shape [1, height, width, 3]."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from nstgraph.errors import PictureError

__all__ = ["MIN_SIDE", "Picture", "check_size", "fitted", "resize", "side_by_side"]

MIN_SIDE = 20
"""Shortest side, in pixels, that a picture may have, both as given and as used."""

_GAP = 8


@dataclass(frozen=True)
class Picture:
    """A picture as it was loaded.

    Attributes:
        rgb: [1, height, width, 3], float32, 0..255, sRGB.
        alpha: [height, width], float32, 0 (transparent) .. 1 (opaque); None if all of it is opaque.
        name: the file's name without its folder, or "array" or "image".
    """

    rgb: np.ndarray
    alpha: np.ndarray | None
    name: str

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.rgb.shape[1])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.rgb.shape[2])


def fitted(picture_height: int, picture_width: int, longest: int) -> tuple[int, int]:
    """(height, width) in pixels, of the same aspect, with the longest side ``longest``; each at least 1."""
    side = max(picture_height, picture_width)
    height, width = (max(1, round(x * longest / side)) for x in (picture_height, picture_width))
    return height, width


def check_size(picture: Picture, longest: int) -> tuple[int, int]:
    """``fitted`` for a picture that is to be used at the size ``longest``, in pixels.

    Raises:
        PictureError: a side is shorter than ``MIN_SIDE``, in the picture itself or once it is fitted.
    """
    given = f"{picture.name} is {picture.width} x {picture.height} pixels"
    short, long = sorted((picture.height, picture.width))
    if short < MIN_SIDE:
        raise PictureError(f"{given}; use one of at least {MIN_SIDE} x {MIN_SIDE}")
    height, width = fitted(picture.height, picture.width, longest)
    if min(height, width) < MIN_SIDE:
        needed = math.ceil(MIN_SIDE * long / short)
        raise PictureError(
            f"{given} and would shrink to {width} x {height}, below {MIN_SIDE}; "
            f"crop it or raise the size from {longest} to at least {needed}"
        )
    return height, width


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Lanczos, antialiased when shrinking, in float32 throughout.

    Args:
        image: [1, height, width, channels] or [height, width], float32, any range.

    Returns:
        The same rank and range, except that edges overshoot a little: nothing is clipped. ``image`` itself if
        it has the size already.
    """
    planes = image[np.newaxis, :, :, np.newaxis] if image.ndim == 2 else image
    if planes.shape[1:3] == (height, width):
        return image
    resized = np.empty((1, height, width, planes.shape[3]), dtype=np.float32)
    for channel in range(planes.shape[3]):
        # Mode "F", one channel at a time, is the only one that Pillow does not round to 8 bits.
        plane = Image.fromarray(planes[0, :, :, channel].astype(np.float32))
        resized[0, :, :, channel] = np.asarray(plane.resize((width, height), Image.Resampling.LANCZOS))
    return resized[0, :, :, 0] if image.ndim == 2 else resized


def side_by_side(images: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures in one row, as high as the first, with white between them.

    Args:
        images: at least one, each [1, height, width, 3], 0..255.

    Returns:
        [1, height of the first, total width, 3], float32; resized ones may overshoot 0..255 a little.
    """
    height = images[0].shape[1]
    gap = np.full((1, height, _GAP, 3), 255, dtype=np.float32)
    row: list[np.ndarray] = []
    for image in images:
        width = max(1, round(image.shape[2] * height / image.shape[1]))
        row += [gap, resize(image, height, width)]
    return np.concatenate(row[1:], axis=2, dtype=np.float32)
