"""Settings of a texture, which is made without a photo."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from typing import Any

from nstgraph.losses.default_loss import TEXTURE_LOSS
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.messages import shown
from nstgraph.settings.loss import LossSettings
from nstgraph.settings.network import NetworkSettings
from nstgraph.settings.search import SearchSettings
from nstgraph.value_checks import Check, setting, with_default

__all__ = ["TextureSettings", "sides"]

_LARGEST = 999


def sides(aspect: str) -> tuple[int, int]:
    """Width and height as whole numbers without a common divisor, from text that `TextureSettings` allows."""
    width, height = map(int, aspect.split(":"))
    divisor = math.gcd(width, height)
    return width // divisor, height // divisor


def _aspect_fault(value: Any) -> str:
    fits = isinstance(value, str) and re.fullmatch(r"[1-9]\d{0,2}:[1-9]\d{0,2}", value, re.ASCII)
    return "" if fits else f"is {shown(value)}; write width:height in whole numbers up to {_LARGEST}, such as 2:1"


@dataclass(frozen=True)
class TextureSettings:
    """The aspect, in place of a photo, and settings that have another default where there is none."""

    aspect: str = setting(
        "1:1", "Output", Check("WIDTH:HEIGHT", _aspect_fault), "Width to height, as in 2:1; --size is the longer side."
    )
    loss: tuple[str, ...] | str | Loss | LossTerm = with_default(LossSettings, "loss", TEXTURE_LOSS)
    padding: str = with_default(NetworkSettings, "padding", "wrap")
    init: str | os.PathLike[str] = with_default(SearchSettings, "init", "noise")
