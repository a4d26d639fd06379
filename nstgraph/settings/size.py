"""Settings of the result's size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nstgraph.messages import shown
from nstgraph.pictures.fit import FITS
from nstgraph.value_checks import Check, one_of, setting

__all__ = ["SizeSettings"]

_SIZES = 16, 32768


def _size_fault(value: Any) -> str:
    fits = type(value) is int and (value == 0 or _SIZES[0] <= value <= _SIZES[1])
    return "" if fits else f"is {shown(value)}; choose 0 or a whole number from {_SIZES[0]} to {_SIZES[1]}"


@dataclass(frozen=True)
class SizeSettings:
    """How large the result is."""

    size: int = setting(
        512, "Output", Check("PIXELS", _size_fault), "Longest side of the result; 0 keeps that of the photo."
    )
    fit: str = setting(
        FITS[0],
        "Output",
        one_of(*FITS),
        "What the size is that of: the longest side, the height (rows), or a square, for which pictures are cropped to "
        "their middle or stretched.",
    )
