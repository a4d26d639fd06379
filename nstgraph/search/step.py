"""One finished iteration of a search, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from nstgraph.arrays import Array

__all__ = ["Step", "StepCallback"]


@dataclass(frozen=True)
class Step:
    """One finished iteration, from values that had been computed anyway.

    Attributes:
        step: its number, from 1; for a session hook, the global step.
        total: the loss.
        terms: its weighted terms by label.
        height, width: of the generated image, in pixels.
        evaluations: of loss and gradient so far; 0 if nobody counts them.
        seconds: since the start; 0 if nobody measures them.
        done: share of all the work that is done, 0..1.
    """

    step: int
    total: float
    terms: Mapping[str, float] = field(hash=False)
    height: int
    width: int
    evaluations: int = 0
    seconds: float = 0.0
    done: float = 0.0


#: Called after each step with its record and the current image [1, height, width, 3], which is read-only: copy it to
#: keep it. It is the image of the search as it is, whose colours may be others than those of the result. Raise
#: StopIteration to stop. Weights that it returns, by label, are those of the steps that follow. Losses under different
#: weights do not compare, so L-BFGS begins anew there: that costs an evaluation, and what it knew of curvature, so
#: change them seldom. An optimiser that follows the gradient goes on; the step after a change still follows the
#: gradient from before it.
StepCallback: TypeAlias = Callable[[Step, Array], Mapping[str, float] | None]
