"""Noise to begin a search with, written as text: ``noise``, or ``noise:parameter=value[,parameter=value...]``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.messages import did_you_mean, shown

__all__ = ["PARAMETERS", "VGG", "Noise", "noise_of"]

#: The mean that stands for the colour which VGG takes for none: that of the pictures that it was trained on.
VGG = "vgg"

#: Deviations in grey levels by form: the contrast of a photograph; and all of 0..255, around its middle.
_DEVIATIONS = {"normal": 58.0, "uniform": 255 / math.sqrt(12)}


@dataclass(frozen=True)
class Noise:
    """Numbers drawn for each channel of each pixel by itself.

    Attributes:
        form: how they are distributed: ``normal`` or ``uniform``.
        mean: in grey levels; or ``vgg``, the mean colour of VGG's pictures.
        deviation: standard deviation in grey levels.
    """

    form: str
    mean: float | str
    deviation: float


def noise_of(init: Any) -> Noise | None:
    """The noise that a starting image's text stands for; None if it stands for something else.

    Raises:
        ConfigError: a parameter does not exist, is given twice, or has a value out of range.
    """
    name, _, tail = init.partition(":") if isinstance(init, str) else ("", "", "")
    if name != "noise":
        return None
    given: dict[str, Any] = {}
    for item in tail.split(",") if tail else []:
        key, equals, value = item.partition("=")
        if not equals or key in given:
            raise ConfigError(f"cannot read {shown(item)} in init; write each once, as in noise:form=uniform,mean=128")
        if key not in _READERS:
            raise ConfigError(f"noise has no parameter {shown(key)}{did_you_mean(key, _READERS)}")
        given[key] = _READERS[key](value)
    form = given.get("form", "normal")
    return Noise(form, given.get("mean", 127.5), given.get("deviation", _DEVIATIONS[form]))


def _form(text: str) -> str:
    if text not in _DEVIATIONS:
        raise ConfigError(f"noise:form is {shown(text)}; choose from {', '.join(_DEVIATIONS)}")
    return text


def _mean(text: str) -> float | str:
    return text if text == VGG else _grey_levels(text, "noise:mean", f"{VGG} or ")


def _deviation(text: str) -> float:
    return _grey_levels(text, "noise:deviation")


def _grey_levels(text: str, what: str, other: str = "") -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 255:
        raise ConfigError(f"{what} is {shown(text)}; choose {other}a number from 0 to 255")
    return value


_READERS: dict[str, Callable[[str], Any]] = {"form": _form, "mean": _mean, "deviation": _deviation}

#: What noise may be given.
PARAMETERS = tuple(_READERS)
