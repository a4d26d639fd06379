"""Coarse to fine: the sizes that a search passes through, and the steps taken at each."""

from __future__ import annotations

import math

from nstgraph.pictures.picture import MIN_SIDE

__all__ = ["pyramid"]

#: The coarsest size of a pyramid is not below this; there, strokes would be larger than the picture's parts.
_COARSEST = 96

#: Steps at the coarsest size, unless their total is given.
_STEPS = 70

#: Steps at each size relative to the next coarser one.
_FEWER = 0.86


def pyramid(
    size: int, steps: int = 0, scales: int = 0, *, shortest: int | None = None, factor: float = 1.0
) -> list[tuple[int, int]]:
    """Sizes from coarse to fine, each about half the next, and the steps taken at each.

    Coarse sizes are cheap and settle large shapes, so they get more steps. Unless a total is given, a size's steps
    depend on the coarser sizes only, not on those that follow: a small picture shows what a large one will be.

    Args:
        size: longest side at the last size, in pixels.
        steps: at all sizes together; 0 is automatic.
        scales: number of sizes; 0 takes as many as keep the coarsest at 96 pixels or more.
        shortest: shortest side of any picture at the last size, in pixels; sizes at which it would be below
            `MIN_SIDE` are left out.
        factor: how many times the usual steps each size gets, unless their total is given.

    Returns:
        The longest side in pixels, and the steps, of each size.
    """
    wanted = scales or _halvings(size, _COARSEST) + 1
    count = min(wanted, steps or wanted, _halvings(shortest or size, MIN_SIDE) + 1)
    shares = [_FEWER**i for i in range(count)]
    sizes = [round(size / 2 ** (count - 1 - i)) for i in range(count)]
    if not steps:
        return [(side, round(_STEPS * factor * share)) for side, share in zip(sizes, shares, strict=True)]
    # Every size leaves at least one step to each of those after it.
    ends = [min(round(steps * sum(shares[: i + 1]) / sum(shares)), steps - count + 1 + i) for i in range(count)]
    parts = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return list(zip(sizes, parts, strict=True))


def _halvings(size: int, least: int) -> int:
    """How often ``size`` can be halved without falling below ``least``."""
    return max(0, math.floor(math.log2(size / least)))
