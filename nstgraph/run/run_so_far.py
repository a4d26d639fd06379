"""What a run has come to so far: its steps, its counts and its best image, over all searches and sittings."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping

from nstgraph.arrays import Array
from nstgraph.checkpoints.run_state import RunState
from nstgraph.search.search import Search
from nstgraph.search.step import Step

__all__ = ["RunSoFar"]


class RunSoFar:
    """What a run has come to.

    Args:
        before: the state from which it goes on; None for a new run.

    Attributes:
        history: a `Step` for every iteration, numbered within the whole run.
        searches: those of this sitting, the latest last.
        exact_steps: how many steps were taken in float32, as low precision stalled.
        weights: weights of terms that were changed, by label, each with the number of steps before the change.
        factors: what balancing has multiplied the terms' weights by, by label; None if nothing has been balanced yet.
        resumed: whether a search was begun anew in the middle of a size, so that it may have ended elsewhere.
    """

    def __init__(self, before: RunState | None) -> None:
        self._before = before
        self.resumed = before is not None and before.resumed
        self.history: list[Step] = list(before.history) if before else []
        self.searches: list[Search] = []
        self.exact_steps = before.exact_steps if before else 0
        self.weights: list[tuple[int, Mapping[str, float]]] = list(before.weights) if before else []
        self.factors: Mapping[str, float] | None = before.factors if before else None
        self._started = time.perf_counter() - (before.seconds if before else 0.0)

    @property
    def last(self) -> Search | None:
        """The latest search of this sitting."""
        return self.searches[-1] if self.searches else None

    @property
    def start(self) -> Array | None:
        """The image at which the next search starts, at the size it has by now; None if nothing has been done."""
        reached = self.last or self._before
        return None if reached is None else reached.image

    @property
    def best(self) -> Array:
        """The best image: that of the latest search which took a step."""
        taken: list[Search | RunState] = [search for search in self.searches if search.steps]
        return (taken or [self._before or self.searches[-1]])[-1].image

    @property
    def evaluations(self) -> int:
        """Of loss and gradient."""
        return (self._before.evaluations if self._before else 0) + sum(one.evaluations for one in self.searches)

    @property
    def restarts(self) -> int:
        """How often the optimiser was started again from the best image."""
        return (self._before.restarts if self._before else 0) + sum(one.restarts for one in self.searches)

    def steps_at(self, size: tuple[int, int]) -> int:
        """How many steps were taken at a size, (height, width)."""
        return sum((step.height, step.width) == size for step in self.history)

    def add(self, step: Step, done: float) -> Step:
        """Number a search's step within the whole run; ``done`` is the share of the run's work, 0..1."""
        step = dataclasses.replace(
            step,
            step=len(self.history) + 1,
            evaluations=self.evaluations,
            seconds=self._seconds,
            done=done,
        )
        self.history.append(step)
        return step

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Note a change of weights after the latest step."""
        if weights:
            self.weights.append((len(self.history), dict(weights)))

    def state(self, stage: int) -> RunState:
        """What a checkpoint keeps; ``stage`` is the number of the size at which the run goes on."""
        return RunState(
            stage,
            self.best,
            tuple(self.history),
            self.evaluations,
            self.restarts,
            self.exact_steps,
            self._seconds,
            tuple(self.weights),
            self.factors or {},
            self.resumed,
        )

    @property
    def _seconds(self) -> float:
        return time.perf_counter() - self._started
