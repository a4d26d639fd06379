"""L-BFGS in float32: a fraction of the memory, and of the time outside evaluations, of scipy's L-BFGS-B.

Nocedal & Wright, "Numerical Optimization" (2006), algorithms 7.4 and 7.5, with the line search of Lewis & Overton,
"Nonsmooth optimization via quasi-Newton methods" (2013), algorithm 2.6, which stays sound where the loss has kinks, as
absolute total variation has. It keeps (2 · corrections + 5) · 4 bytes an unknown and knows no bounds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.linalg import blas

from nstgraph.arrays import Array

__all__ = ["UNBOUNDED", "Corrections", "lbfgs"]

#: Why a search ends if the loss still falls a million steps away.
UNBOUNDED = "the loss falls without end, so it has no minimum"

_DECREASE, _CURVATURE = 1e-4, 0.9
_TRIALS = 20

Function = Callable[[Array], tuple[float, Array]]


def lbfgs(function: Function, start: Array, *, corrections: int, iterations: int, callback: Callable[[], None]) -> str:
    """Minimise ``function`` and return why the search ended.

    As in scipy's L-BFGS-B, the first trial step has length 1.

    Args:
        function: value and gradient at a point, [n] float32.
        start: [n] float32.
        corrections: how many pairs of steps and gradient changes are kept.
        iterations: how many steps at most.
        callback: called after each step, at the point evaluated last; StopIteration ends the search.
    """
    kept = Corrections(corrections, start.size)
    point, (value, gradient) = start, function(start)
    for _ in range(iterations):
        direction = kept.direction(gradient)
        slope = float(np.dot(direction, gradient))
        if not slope < 0:
            return "the gradient vanishes"
        first = 1.0 if kept.count else 1.0 / float(np.linalg.norm(direction))
        trial = _line_search(function, point, value, direction, slope, first)
        if isinstance(trial, str):
            return trial
        kept.add(trial.step * direction, trial.gradient - gradient)
        point = point + trial.step * direction
        _, value, gradient = trial
        try:
            callback()
        except StopIteration:
            return "the callback stopped it"
    return "all iterations are done"


class _Trial(NamedTuple):
    step: float
    value: float
    gradient: Array


def _line_search(
    function: Function, point: Array, value: float, direction: Array, slope: float, step: float
) -> _Trial | str:
    """A step along ``direction`` that meets the weak Wolfe conditions, or why there is none."""
    low, high = 0.0, np.inf
    for _ in range(_TRIALS):
        trial = _Trial(step, *function(point + np.float32(step) * direction))
        if trial.value > value + _DECREASE * step * slope:
            high = step
        elif float(np.dot(direction, trial.gradient)) < _CURVATURE * slope:
            low = step
        else:
            return trial
        step = (low + high) / 2 if high < np.inf else 2 * low
    return UNBOUNDED if high == np.inf else "the line search found no lower loss"


class Corrections:
    """The last corrections, pairs of a step and the gradient's change over it, and what they say about curvature.

    Args:
        size: how many are kept.
        unknowns: numbers in a point.

    Attributes:
        count: how many there have been.
    """

    def __init__(self, size: int, unknowns: int) -> None:
        self._steps = np.empty((size, unknowns), np.float32)
        self._changes = np.empty((size, unknowns), np.float32)
        self._products = np.empty(size)
        self.count = 0

    def add(self, step: Array, change: Array) -> None:
        """Keep a pair in place of the oldest; one without positive curvature is dropped."""
        product = float(np.dot(step, change))
        if product > 0:
            row = self.count % len(self._steps)
            self._steps[row], self._changes[row], self._products[row] = step, change, product
            self.count += 1

    def direction(self, gradient: Array) -> Array:
        """Minus the approximate inverse Hessian times ``gradient``."""
        result = -gradient
        newest_first = [row % len(self._steps) for row in range(self.count - 1, -1, -1)[: len(self._steps)]]
        shares = {}
        for row in newest_first:
            shares[row] = float(np.dot(self._steps[row], result)) / self._products[row]
            blas.saxpy(self._changes[row], result, a=-shares[row])
        if newest_first:
            newest = newest_first[0]
            result *= np.float32(self._products[newest] / float(np.dot(self._changes[newest], self._changes[newest])))
        for row in reversed(newest_first):
            back = float(np.dot(self._changes[row], result)) / self._products[row]
            blas.saxpy(self._steps[row], result, a=shares[row] - back)
        return result
