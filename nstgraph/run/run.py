"""One picture on its way through the sizes of its plan."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.config import Config
from nstgraph.errors import ConfigError, Interrupted, NstgraphError, RunError
from nstgraph.files import is_full
from nstgraph.graph.trace import trace
from nstgraph.messages import one_line
from nstgraph.pictures.picture import PictureSet
from nstgraph.pictures.resize import resize
from nstgraph.planning.plan import Plan, Stage
from nstgraph.run.evaluators import Evaluators
from nstgraph.run.result import Result
from nstgraph.run.starting_image import enlarged, starting_image
from nstgraph.search.search import Search
from nstgraph.search.step import Step, StepCallback

__all__ = ["Run"]

#: For content and style images of one size, what is to be called after each step with them; or None.
Observing = Callable[[Sequence[Array]], StepCallback | None]


class Run:
    """A coarse-to-fine search.

    Args:
        config: says where the search starts, and whether within bounds.
        plan: the sizes, and how each is computed.
        pictures: content, styles, and the start if it is a picture of its own.
        evaluators: of the loss, in the plan's precision.
        exact: gives evaluators in float32, and their plan, for what low precision cannot finish; it may raise
            NstgraphError, if they do not fit into memory.
        callback: see `StepCallback`.
        observing: see `Observing`.
        settings: go into the result.
        traced: whether to trace an evaluation, at the largest size that is computed whole.

    Raises:
        ConfigError: no size is computed whole, so that none can be traced.
    """

    def __init__(
        self,
        config: Config,
        plan: Plan,
        pictures: PictureSet,
        evaluators: Evaluators,
        *,
        exact: Callable[[], tuple[Evaluators, Plan]],
        callback: StepCallback | None = None,
        observing: Observing = lambda pictures: None,
        settings: Mapping[str, Any],
        traced: bool = False,
    ) -> None:
        whole = [stage for stage in plan.stages if stage.tile is None]
        if traced and not whole:
            raise ConfigError("no evaluation is computed whole, so none can be traced; leave --trace or --tile out")
        self._config = config
        self._plan = plan
        self._pictures = pictures
        self._evaluators = evaluators
        self._exact = exact
        self._callback = callback
        self._observing = observing
        self._settings = settings
        self._to_trace = whole[-1] if traced else None
        self._trace: Any = None
        self._searches: list[Search] = []
        self._history: list[Step] = []
        self._stage = plan.stages[0]
        self._exact_steps = 0
        self._seconds_ahead = plan.seconds
        self._started = time.perf_counter()

    def result(self) -> Result:
        """Search at every size in turn, each starting from the enlarged result of the one before.

        Raises:
            SearchError, RunError, Interrupted: see `Stylizer`.
        """
        try:
            for stage in self._plan.stages:
                self._seconds_ahead -= stage.seconds
                self._stage = stage
                self._search_at(stage)
                last = self._searches[-1]
                if last.stopped or (last.why and not last.stalled):
                    break
        except KeyboardInterrupt:
            if not self._history:
                raise
            raise Interrupted(self._result("interrupted")) from None
        except Exception as error:  # whatever it is, what has been computed is kept
            self._fail(error)
        else:
            last = self._searches[-1]
            outcome = "stopped by the callback" if last.stopped else "stopped" if last.why else "finished"
            return self._result(outcome, last.why)
        finally:
            # They know this run by their callbacks; in a circle, pictures would wait for Python's collector.
            self._searches.clear()

    def _search_at(self, stage: Stage) -> None:
        if self._searches:
            start = enlarged(self._searches[-1].image, self._pictures.content.rgb, stage.size)
        else:
            start = starting_image(self._config, self._pictures, stage.size)
        search = self._search(self._evaluators, stage, start)
        left = stage.steps - len(search.steps)
        if search.stalled and left and self._plan.precision != "float32":
            self._finish_exactly(stage, left)

    def _finish_exactly(self, stage: Stage, left: int) -> None:
        """Take a stage's remaining steps in float32: low precision's noise hides what is still to be gained."""
        try:
            evaluators, plan = self._exact()
        except NstgraphError:  # it does not fit into memory, or the weights are gone: keep what there is
            return
        same = next(other for other in plan.stages if other.size == stage.size)
        rest = dataclasses.replace(same, steps=left, seconds=stage.seconds * left / stage.steps)
        before = len(self._history)
        try:
            self._search(evaluators, rest, self._searches[-1].image)
        finally:
            self._exact_steps += len(self._history) - before

    def _search(self, evaluators: Evaluators, stage: Stage, start: Array) -> Search:
        content = resize(self._pictures.content.rgb, *stage.size)
        styles = [resize(s.rgb, *size) for s, size in zip(self._pictures.styles, stage.styles, strict=True)]
        observe = self._observing([content, *styles])
        search = Search(
            evaluators.bind(stage, content, styles),
            start,
            stage.steps,
            optimizer=stage.optimizer,
            history=stage.history,
            bounds=self._config.bounds,
            callback=lambda step, image: self._step(step, image, stage, observe),
        )
        self._searches.append(search)
        search.run()
        if stage is self._to_trace:
            self._trace = trace(evaluators.whole, search.image, full=True)
        evaluators.release()
        return search

    def _step(self, step: Step, image: Array, stage: Stage, observe: StepCallback | None) -> None:
        """Number a stage's step within the whole run, and pass it on."""
        step = dataclasses.replace(
            step,
            step=len(self._history) + 1,
            evaluations=sum(search.evaluations for search in self._searches),
            seconds=time.perf_counter() - self._started,
            done=1 - (self._seconds_ahead + (1 - step.done) * stage.seconds) / self._plan.seconds,
        )
        self._history.append(step)
        for callback in (observe, self._callback):
            if callback is not None:
                callback(step, image)

    def _fail(self, error: Exception) -> NoReturn:
        """Raise an error again, with what has been computed if there is something."""
        outside = isinstance(error, MemoryError | OSError | tf.errors.OpError)
        if not self._history and not outside:
            raise error
        height, width = self._stage.size
        says = str(error)
        if not isinstance(error, NstgraphError):
            says = f"{type(error).__name__} at {width}x{height}: {one_line(error)}"
        result = self._result(f"failed ({says})") if self._history else None
        raise RunError(says + _remedy(error), result) from error

    def _result(self, outcome: str, why: str = "") -> Result:
        size, alpha = self._plan.stages[-1].size, self._pictures.content.alpha
        best = next((search for search in reversed(self._searches) if search.steps), self._searches[-1]).image
        restarts = sum(search.restarts for search in self._searches)
        reason = f"{outcome} after {len(self._history)} of {self._plan.steps} steps"
        reason += f", as {why}" if why else ""
        reason += f", {restarts} restarts from the best image" if restarts else ""
        if self._exact_steps:
            reason += f", {self._exact_steps} of them in float32, to go on where {self._plan.precision} stalled"
        return Result(
            image=resize(best, *size).clip(0, 255),
            alpha=None if alpha is None else resize(alpha, *size).clip(0, 1),
            pictures=(self._pictures.content.rgb, *(style.rgb for style in self._pictures.styles)),
            history=tuple(self._history),
            reason=reason,
            evaluations=sum(search.evaluations for search in self._searches),
            trace=self._trace,
            settings={**self._settings, "stages": [str(stage) for stage in self._plan.stages]},
        )


def _remedy(error: Exception) -> str:
    """End of an error message: what to do about a failure in the middle of a run, as far as that can be told."""
    if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError):
        return "; use a smaller --memory, --tile or --size"
    if isinstance(error, OSError) and is_full(error):
        return "; free some space, or use a larger --memory"
    # The name scope of the operation that failed.
    term = re.search(r"\bterms/(\w+)/", str(error))
    return f"; it comes from loss term {term[1]!r}" if term else ""
