"""Coarse to fine: the sizes that a search passes through, and the steps taken at each."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nstgraph.pictures.picture import MIN_SIDE

__all__ = ["Level", "pyramid"]

#: The coarsest size of a pyramid is not below this; there, strokes would be larger than the picture's parts.
_COARSEST = 96

#: Steps at the coarsest size, unless their total is given.
_STEPS = 70

#: Steps at each size relative to the next coarser one.
_FEWER = 0.86


@dataclass(frozen=True)
class Level:
    """One size of the pyramid: the longest side in pixels, and the steps taken there."""

    size: int
    steps: int


def pyramid(size: int, steps: int = 0, scales: int = 0, *, shortest: int | None = None) -> list[Level]:
    """Sizes from coarse to fine, each about half the next, and the steps taken at each.

    Coarse sizes are cheap and settle large shapes, so they get more steps. Unless a total is given, a size's steps
    depend on the coarser sizes only, not on those that follow: a small picture shows what a large one will be.

    Args:
        size: longest side of the last level, in pixels.
        steps: of all levels together; 0 chooses.
        scales: number of levels; 0 takes as many as keep the coarsest at 96 pixels or more.
        shortest: shortest side of any picture at the last level, in pixels; levels at which it would be below
            `MIN_SIDE` are left out.
    """
    wanted = scales or _halvings(size, _COARSEST) + 1
    count = min(wanted, steps or wanted, _halvings(shortest or size, MIN_SIDE) + 1)
    shares = [_FEWER**i for i in range(count)]
    sizes = [round(size / 2 ** (count - 1 - i)) for i in range(count)]
    if not steps:
        return [Level(side, round(_STEPS * share)) for side, share in zip(sizes, shares, strict=True)]
    # Every level leaves at least one step to each of those after it.
    ends = [min(round(steps * sum(shares[: i + 1]) / sum(shares)), steps - count + 1 + i) for i in range(count)]
    parts = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return [Level(*level) for level in zip(sizes, parts, strict=True)]


def _halvings(size: int, least: int) -> int:
    """How often ``size`` can be halved without falling below ``least``."""
    return max(0, math.floor(math.log2(size / least)))
