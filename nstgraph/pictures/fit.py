"""Sizes that keep a picture's aspect, or do not."""

from __future__ import annotations

import re
from typing import TypeAlias

__all__ = ["FITS", "SQUARES", "Size", "aspect_of", "fitted", "shares"]

#: What of a picture has the size that is asked for: its longest or its shortest side, its height, its width, or both
#: sides of a square, to which the picture is cropped or stretched. Those that are cropped have been so since they were
#: read.
FITS = ("longest", "shortest", "rows", "columns", "crop", "stretch")

#: Those that make a square.
SQUARES = ("crop", "stretch")

#: Height and width in pixels.
Size: TypeAlias = tuple[int, int]

#: Most that one side of an aspect may be of the other.
_LONGEST = 100.0


def fitted(size: Size, pixels: int, fit: str = FITS[0]) -> Size:
    """The size, for a picture of ``size``, of which what ``fit`` names has ``pixels``; each side is at least 1."""
    sides, whole = shares(size, fit)
    height, width = (max(1, round(side * pixels / whole)) for side in sides)
    return height, width


def shares(size: Size, fit: str) -> tuple[Size, int]:
    """Height and width, and what both are divided by where ``fitted`` gives a size of one pixel."""
    height, width = size
    wholes = {"longest": max(size), "shortest": min(size), "rows": height, "columns": width}
    return (size, wholes[fit]) if fit in wholes else ((1, 1), 1)


def aspect_of(text: str) -> float | None:
    """Width by height, of text such as ``16:9`` or ``2.39:1``; None if it is no aspect, or one that no picture has."""
    sides = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?):(\d{1,6}(?:\.\d{1,6})?)", text, re.ASCII)
    width, height = (float(side) for side in sides.groups()) if sides else (0.0, 0.0)
    fits = 0 < width <= _LONGEST * height and 0 < height <= _LONGEST * width
    return width / height if fits else None
