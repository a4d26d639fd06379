"""What a search begins with, written as text: ``content``, ``style``, noise, a picture's path, or a blend of these.

A blend is ``blend:PART=SHARE,PART=SHARE[,...]``, as in ``blend:content=0.6,noise=0.4``; shares count relative to their
sum. Parameters of its noise stand among the parts: ``blend:content=3,noise=1,form=uniform``.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from nstgraph.errors import ConfigError
from nstgraph.messages import shown
from nstgraph.pictures.noise import PARAMETERS, Noise, noise_of

__all__ = ["NAMED", "Part", "Start", "renamed", "start_of"]

#: Pictures that every run has, by the names that stand for them.
NAMED = ("content", "style")

#: One of ``NAMED``, noise, or the path of a picture.
Part: TypeAlias = str | os.PathLike[str] | Noise

_BLEND = "blend:"
_EXAMPLE = "write each part once, with its share, as in blend:content=0.6,noise=0.4"
_LARGEST = 1e6


@dataclass(frozen=True)
class Start:
    """What a search begins with.

    Attributes:
        parts: the pictures that are blended, each with its share; the shares' sum is 1.
    """

    parts: tuple[tuple[Part, float], ...]

    @property
    def files(self) -> tuple[str | os.PathLike[str], ...]:
        """The paths among the parts, in their order."""
        return tuple(part for part, _ in self.parts if not isinstance(part, Noise) and part not in NAMED)


def start_of(init: Any) -> Start:
    """What a starting image's text, or path, stands for.

    Raises:
        ConfigError: a blend has less than two parts, a part twice, or a share that is no number from 0 on; or noise has
            a parameter that does not exist or is out of range.
    """
    if not (isinstance(init, str) and init.startswith(_BLEND)):
        return Start(((noise_of(init) or init, 1.0),))
    shares: dict[str, float] = {}
    parameters: list[str] = []
    for item in _items(init):
        name, _, value = item.rpartition("=")
        if name in PARAMETERS:
            parameters.append(item)
        elif not name or name in shares:
            raise ConfigError(f"cannot read {shown(item)} in init; {_EXAMPLE}")
        else:
            shares[name] = _share(name, value)
    whole = sum(shares.values())
    if len(shares) < 2 or not whole:
        raise ConfigError(f"init is {shown(init)}, which blends nothing; {_EXAMPLE}")
    if parameters and "noise" not in shares:
        raise ConfigError(f"init has {shown(parameters[0])}, but no noise; add noise=SHARE to the blend")
    noise = noise_of(f"noise:{','.join(parameters)}" if parameters else "noise")
    parts = ((noise if name == "noise" and noise else name, share / whole) for name, share in shares.items())
    return Start(tuple(parts))


def renamed(init: str | os.PathLike[str], name: Callable[[str], str]) -> str:
    """A starting image's text with another name for each file in it."""
    if isinstance(init, str) and init.startswith(_BLEND):
        return _BLEND + ",".join(_renamed_item(item, name) for item in _items(init))
    return name(os.fspath(init)) if start_of(init).files else str(init)


def _items(init: str) -> list[str]:
    return init.removeprefix(_BLEND).split(",")


def _renamed_item(item: str, name: Callable[[str], str]) -> str:
    part, _, value = item.rpartition("=")
    return item if part in (*PARAMETERS, *NAMED, "noise") else f"{name(part)}={value}"


def _share(name: str, text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= _LARGEST:
        raise ConfigError(f"the share of {shown(name)} in init is {shown(text)}; choose a number from 0 to 1000000")
    return share
