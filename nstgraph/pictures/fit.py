"""Sizes that keep a picture's aspect, or do not."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["FITS", "Size", "fitted", "shares"]

#: What of a picture has the size that is asked for: its longest side, its height, or both sides of a square, to which
#: the picture is cropped or stretched. Those that are cropped have been so since they were read.
FITS = ("longest", "rows", "crop", "stretch")

#: Height and width in pixels.
Size: TypeAlias = tuple[int, int]


def fitted(size: Size, pixels: int, fit: str = FITS[0]) -> Size:
    """The size, for a picture of ``size``, of which what ``fit`` names has ``pixels``; each side is at least 1."""
    sides, whole = shares(size, fit)
    height, width = (max(1, round(side * pixels / whole)) for side in sides)
    return height, width


def shares(size: Size, fit: str) -> tuple[Size, int]:
    """Height and width, and what both are divided by where ``fitted`` gives a size of one pixel."""
    if fit in ("crop", "stretch"):
        return (1, 1), 1
    return size, size[0] if fit == "rows" else max(size)
