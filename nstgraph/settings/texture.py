"""Settings of a texture, which is made without a photo."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from nstgraph.messages import shown
from nstgraph.value_checks import Check, setting

__all__ = ["TextureSettings", "sides"]

_LARGEST = 999


def sides(aspect: str) -> tuple[int, int]:
    """Width and height as whole numbers without a common divisor, from text that `TextureSettings` allows."""
    width, height = map(int, aspect.split(":"))
    divisor = math.gcd(width, height)
    return width // divisor, height // divisor


def _aspect_fault(value: Any) -> str:
    fits = value is None or (isinstance(value, str) and re.fullmatch(r"[1-9]\d{0,2}:[1-9]\d{0,2}", value, re.ASCII))
    return "" if fits else f"is {shown(value)}; write width:height in whole numbers up to {_LARGEST}, such as 2:1"


@dataclass(frozen=True)
class TextureSettings:
    """What there is in place of a photo."""

    aspect: str | None = setting(
        None,
        "Output",
        Check("WIDTH:HEIGHT", _aspect_fault),
        "Aspect of a texture, which has no photo; of a picture with a photo it is the photo's.",
        shown="the photo's",
    )
