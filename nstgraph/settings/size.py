"""Settings of the result's size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nstgraph.messages import shown
from nstgraph.pictures.fit import FITS, aspect_of
from nstgraph.value_checks import Check, one_of, setting

__all__ = ["SizeSettings"]

_SIZES = 16, 32768


def _size_fault(value: Any) -> str:
    fits = type(value) is int and (value == 0 or _SIZES[0] <= value <= _SIZES[1])
    return "" if fits else f"is {shown(value)}; choose 0 or a whole number from {_SIZES[0]} to {_SIZES[1]}"


def _crop_fault(value: Any) -> str:
    fits = value is None or (isinstance(value, str) and aspect_of(value) is not None)
    return "" if fits else f"is {shown(value)}; write width:height, such as 16:9 or 1:1"


@dataclass(frozen=True)
class SizeSettings:
    """How large the result is, and what of the photo it shows."""

    size: int = setting(
        512,
        "Output",
        Check("PIXELS", _size_fault),
        "Longest side of the result, or what else --fit names; 0 keeps the photo's own size.",
    )
    crop: str | None = setting(
        None,
        "Output",
        Check("W:H", _crop_fault),
        "Use the middle of the photo that has this aspect, such as 16:9, and the same of masks and starting images.",
    )
    fit: str = setting(
        FITS[0],
        "Output",
        one_of(*FITS),
        "What the size is that of: the longest or the shortest side, the height (rows), the width (columns), or a "
        "square, for which pictures are cropped to their middle or stretched.",
    )
