"""A picture as it was read, and the pictures of one run: RGB, float32, 0..255, shape [1, height, width, 3]."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nstgraph.arrays import Array
from nstgraph.errors import PictureError
from nstgraph.file_records import FileRecord
from nstgraph.hashes import hash_of_numbers
from nstgraph.pictures.fit import FITS, Size, fitted, shares

__all__ = ["MIN_SIDE", "Picture", "PictureSet"]

#: Shortest side, in pixels, that a picture may have, both as given and as used.
MIN_SIDE = 20


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as it was read; equal to itself alone.

    Attributes:
        rgb: [1, height, width, 3], float32, 0..255, sRGB.
        alpha: [height, width], float32, 0 (transparent) .. 1 (opaque); None if all of it is opaque.
        name: the file's name without its folder, or "array" or "image".
        note: what a user should know of how it was read, in one line; mostly empty.
        profile: the colour profile (ICC) that results of it are to carry: its own, or sRGB's in place of one that is
            broken or not one of RGB; None if it has none.
        path: of its file, as it was given; None if it was no file.
        sha256: of the file, or of the numbers as they were read; empty if nobody has asked yet.
    """

    rgb: Array
    alpha: Array | None
    name: str
    note: str = ""
    profile: bytes | None = None
    path: str | None = None
    sha256: str = ""

    @property
    def size(self) -> Size:
        """Height and width in pixels."""
        return int(self.rgb.shape[1]), int(self.rgb.shape[2])

    @property
    def record(self) -> FileRecord:
        """What a result says of it."""
        return FileRecord(self.path, self.sha256 or hash_of_numbers(self.rgb, self.alpha))

    def __repr__(self) -> str:
        return f"<{self.name} of {self.size[1]}x{self.size[0]} pixels>"


@dataclass(frozen=True)
class PictureSet:
    """The pictures of one run.

    Attributes:
        content: the photo.
        styles: the paintings.
        starts: pictures of their own that the search begins with, in the order in which its setting names them.
        style_scale: size of the styles relative to the content's; one number for all, or one for each.
        fit: one of ``FITS``.
    """

    content: Picture
    styles: tuple[Picture, ...]
    starts: tuple[Picture, ...] = ()
    style_scale: float | tuple[float, ...] = 1.0
    fit: str = FITS[0]

    def pixels(self, size: int) -> int:
        """``size``, or what it would be if the content kept its own size, which is what 0 stands for."""
        sides, whole = shares(self.content.size, self.fit)
        return size or (whole if sides == self.content.size else max(self.content.size))

    @property
    def style_scales(self) -> tuple[float, ...]:
        """The style scale of each style."""
        scales = self.style_scale if isinstance(self.style_scale, tuple) else (self.style_scale,)
        return scales * len(self.styles) if len(scales) == 1 else scales

    def sizes(self, pixels: int) -> tuple[Size, tuple[Size, ...]]:
        """The content's size and the styles' when that of the content which ``fit`` names has so many pixels."""
        scales = zip(self.styles, self.style_scales, strict=True)
        styles = tuple(fitted(style.size, round(pixels * scale), self.fit) for style, scale in scales)
        return fitted(self.content.size, pixels, self.fit), styles

    def check(self, size: int) -> None:
        """Raise PictureError if a picture is too small, or would be at that size, of which 0 is the content's own."""
        pixels = self.pixels(size)
        content, styles = self.sizes(pixels)
        alone = f"the size from {pixels}"
        self._check_side(self.content, content, alone)
        # A style scale can only be told from its product with the size.
        for picture, used, scale in zip(self.styles, styles, self.style_scales, strict=True):
            both = alone if scale == 1 else f"size × style scale from {pixels} × {scale:g}"
            self._check_side(picture, used, both)

    def _check_side(self, picture: Picture, used: Size, what: str) -> None:
        height, width = picture.size
        given = f"{picture.name} is {width} x {height} pixels"
        if min(height, width) < MIN_SIDE:
            raise PictureError(f"{given}; use one of at least {MIN_SIDE} x {MIN_SIDE}")
        if min(used) < MIN_SIDE:
            sides, whole = shares(picture.size, self.fit)
            needed = math.ceil(MIN_SIDE * whole / min(sides))
            raise PictureError(
                f"{given} and would shrink to {used[1]} x {used[0]}, below {MIN_SIDE}; "
                f"crop it or raise {what} to at least {needed}"
            )
