"""Descent by the gradient alone, with the optimisers of ``tf.compat.v1.train`` and, if wanted, a mean of the iterates.

The mean of the iterates of a descent that moves to and fro around a minimum is nearer to it than they are: Polyak &
Juditsky, "Acceleration of Stochastic Approximation by Averaging" (1992). Here it forgets, as early iterates are far
away: an exponential moving average without bias towards its beginning, in which the iterate of k steps ago counts
``average**k``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nstgraph.arrays import Array
from nstgraph.search.optimizer import Optimizer
from nstgraph.search.train_optimizer import TrainOptimizer

__all__ = ["AVERAGE_EVERY", "Average", "descend"]

#: The mean is evaluated after so many steps, and after the last: a tenth more evaluations.
AVERAGE_EVERY = 10

Function = Callable[[Array], tuple[float, Array]]


def descend(
    function: Function,
    start: Array,
    *,
    optimizer: Optimizer,
    iterations: int,
    callback: Callable[[], None],
    rate: float = 1.0,
    bounds: tuple[float, float] | None = None,
) -> str:
    """Take steps down ``function``, which may rise in between, and return why they ended.

    Args:
        function: value and gradient at a point, [n] float32. It is asked at the start, after each step, and at the mean
            of the iterates, if that is wanted; whoever wants the best point has to keep it.
        start: [n] float32.
        optimizer: one of ``tf.train``.
        iterations: how many steps.
        callback: called after each step, at the point evaluated last; StopIteration ends the search.
        rate: factor of the learning rate.
        bounds: the least and the greatest that an unknown may be.
    """
    gradient = function(start)[1]
    if not gradient.any():
        return "the gradient vanishes"
    average = Average(optimizer.values["average"], start.size) if optimizer.values["average"] else None
    with TrainOptimizer(optimizer, start, rate=rate, bounds=bounds) as rule:
        for number in range(1, iterations + 1):
            point = rule.step(gradient)
            gradient = function(point)[1]
            stopped = _stopped(callback)
            if average is not None:
                average.add(point)
                if number % AVERAGE_EVERY == 0 or number == iterations or stopped:
                    function(average.point.copy())
            if stopped:
                return "the callback stopped it"
    return "all iterations are done"


class Average:
    """An exponential moving average of points, the first of which counts as much as it should.

    Args:
        decay: how much less each point counts than the next, 0..1.
        size: unknowns in a point.

    Attributes:
        point: the average, [n] float32; 0 before the first.
    """

    def __init__(self, decay: float, size: int) -> None:
        self.point: Array = np.zeros(size, np.float32)
        self._decay = decay
        self._weight = 0.0

    def add(self, point: Array) -> None:
        """Let a point, [n] float32, count; it is left alone."""
        # The weights of all points so far add up to this, when the newest has 1.
        self._weight = self._decay * self._weight + 1.0
        difference = point - self.point
        difference *= np.float32(1.0 / self._weight)
        self.point += difference


def _stopped(callback: Callable[[], None]) -> bool:
    try:
        callback()
    except StopIteration:
        return True
    return False
