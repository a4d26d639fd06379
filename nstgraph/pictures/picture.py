"""A picture as it was read, and the pictures of one run: RGB, float32, 0..255, shape [1, height, width, 3]."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nstgraph.arrays import Array
from nstgraph.errors import PictureError

__all__ = ["MIN_SIDE", "Picture", "PictureSet", "Size", "fitted"]

#: Shortest side, in pixels, that a picture may have, both as given and as used.
MIN_SIDE = 20

#: Height and width in pixels.
Size = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it was read; equal to itself alone.

    Attributes:
        rgb: [1, height, width, 3], float32, 0..255, sRGB.
        alpha: [height, width], float32, 0 (transparent) .. 1 (opaque); None if all of it is opaque.
        name: the file's name without its folder, or "array" or "image".
        note: what a user should know of how it was read, in one line; mostly empty.
    """

    rgb: Array
    alpha: Array | None
    name: str
    note: str = ""

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        return int(self.rgb.shape[1]), int(self.rgb.shape[2])

    def __repr__(self) -> str:
        return f"<{self.name} of {self.size[1]}x{self.size[0]} pixels>"


@dataclass(frozen=True)
class PictureSet:
    """The pictures of one run.

    Attributes:
        content: the photo.
        styles: the paintings.
        start: where the search begins, if that is a picture of its own.
        style_scale: longest side of the styles relative to the content's.
    """

    content: Picture
    styles: tuple[Picture, ...]
    start: Picture | None = None
    style_scale: float = 1.0

    def sizes(self, longest: int) -> tuple[Size, tuple[Size, ...]]:
        """The content's size and the styles' when the content's longest side has ``longest`` pixels."""
        styles = tuple(fitted(style.size, round(longest * self.style_scale)) for style in self.styles)
        return fitted(self.content.size, longest), styles

    def check(self, longest: int) -> None:
        """Raise PictureError if a picture is too small, or would be at that size."""
        content, styles = self.sizes(longest)
        alone = f"the size from {longest}"
        _check_side(self.content, content, alone)
        # A style scale can only be told from its product with the size.
        both = alone if self.style_scale == 1 else f"size × style scale from {longest} × {self.style_scale:g}"
        for picture, size in zip(self.styles, styles, strict=True):
            _check_side(picture, size, both)


def fitted(size: Size, longest: int) -> Size:
    """A size of the same aspect with the longest side ``longest``; each side is at least 1."""
    height, width = (max(1, round(side * longest / max(size))) for side in size)
    return height, width


def _check_side(picture: Picture, used: Size, what: str) -> None:
    height, width = picture.size
    given = f"{picture.name} is {width} x {height} pixels"
    if min(height, width) < MIN_SIDE:
        raise PictureError(f"{given}; use one of at least {MIN_SIDE} x {MIN_SIDE}")
    if min(used) < MIN_SIDE:
        needed = math.ceil(MIN_SIDE * max(height, width) / min(height, width))
        raise PictureError(
            f"{given} and would shrink to {used[1]} x {used[0]}, below {MIN_SIDE}; "
            f"crop it or raise {what} to at least {needed}"
        )
