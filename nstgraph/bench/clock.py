"""Timing evaluations as they follow each other in a search."""

from __future__ import annotations

import time
from collections.abc import Callable

from nstgraph.arrays import Array, Evaluate, Values
from nstgraph.search.step import Step

__all__ = ["Clock"]

#: After so many seconds nothing is repeated that was measured twice.
_SECONDS = 30.0


class Clock:
    """An evaluator whose calls are timed, each followed by a product: a change of the machine's speed meets both.

    Args:
        evaluate: what is timed.
        limit: how often it is to be called; fewer calls, but at least two, if they take more than 30 seconds.
        product: gives the rate of a matrix product.

    Attributes:
        inside, outside: seconds of each evaluation but the first, which also plans the graph's execution, and of
            what came between it and the one before.
        rates: of the products.
    """

    def __init__(self, evaluate: Evaluate, limit: int, product: Callable[[], float] | None = None) -> None:
        self._evaluate, self._limit, self._product = evaluate, max(2, limit), product
        self._started = time.perf_counter()
        self._ended: float | None = None
        self.inside: list[float] = []
        self.outside: list[float] = []
        self.rates: list[float] = []

    def __call__(self, image: Array) -> Values:
        began = time.perf_counter()
        values = self._evaluate(image)
        if self._ended is not None:
            self.inside.append(time.perf_counter() - began)
            self.outside.append(began - self._ended)
            if self._product is not None:
                self.rates.append(self._product())
        self._ended = time.perf_counter()
        return values

    @property
    def done(self) -> bool:
        """Whether there is enough."""
        count = len(self.inside)
        return count >= self._limit or (count >= 2 and time.perf_counter() - self._started > _SECONDS)

    def stop(self, step: Step, image: Array) -> None:
        """End a search, as its callback, when there is enough."""
        if self.done:
            raise StopIteration
