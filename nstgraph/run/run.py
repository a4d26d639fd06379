"""One picture on its way through the sizes of its plan."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from nstgraph.arrays import Array
from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.config import Config
from nstgraph.errors import ConfigError, Interrupted, NstgraphError, RunError
from nstgraph.graph.evaluator import Evaluates
from nstgraph.graph.trace import trace
from nstgraph.pictures.fit import Size
from nstgraph.pictures.picture import PictureSet
from nstgraph.pictures.resize import resize
from nstgraph.pictures.wrapping import wraps_of
from nstgraph.planning.plan import Plan, Stage
from nstgraph.run.balance import balancing_factors
from nstgraph.run.colors import Colors
from nstgraph.run.evaluators import Evaluators
from nstgraph.run.failure import is_outside, remedy, said
from nstgraph.run.outcome import Outcome
from nstgraph.run.result import Result
from nstgraph.run.run_so_far import RunSoFar
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
        weights: gives the weights that change, by label, for the number of a size, from 0, among so many.
        callback: see `StepCallback`.
        observing: see `Observing`.
        settings: go into the result.
        traced: whether to trace an evaluation, at the largest size that is computed whole.
        checkpoint: where the run is kept; it goes on from there if it has a state.
        note: is told, in a line, what is found on the way.

    Raises:
        ConfigError: no size is computed whole, so that none can be traced.
        CheckpointError: the checkpoint is not one of this plan.
    """

    def __init__(
        self,
        config: Config,
        plan: Plan,
        pictures: PictureSet,
        evaluators: Evaluators,
        *,
        exact: Callable[[], tuple[Evaluators, Plan]],
        weights: Callable[[int, int], Mapping[str, float]] = lambda number, count: {},
        callback: StepCallback | None = None,
        observing: Observing = lambda pictures: None,
        settings: Mapping[str, Any],
        traced: bool = False,
        checkpoint: Checkpoint | None = None,
        note: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._config = config
        self._wraps = wraps_of(config.padding)
        self._plan = plan
        self._pictures = pictures
        self._colors = Colors(config, pictures)
        self._evaluators = evaluators
        self._exact = exact
        self._weights = weights
        self._callback = callback
        self._observing = observing
        self._outcome = Outcome(config, plan, pictures, self._colors, settings)
        self._to_trace = _largest_whole(plan) if traced else None
        self._trace: Any = None
        self._checkpoint = checkpoint
        self._note = note
        state = checkpoint.state if checkpoint else None
        if checkpoint is not None:
            checkpoint.check(settings["pictures"], plan)
        self._so_far = RunSoFar(state)
        self._number = state.stage if state else 0
        self._stage = plan.stages[0]
        self._seconds_ahead = plan.seconds

    def result(self) -> Result:
        """Search at every size in turn, each starting from the enlarged result of the one before.

        Raises:
            SearchError, RunError, Interrupted: see `Stylizer`.
        """
        given = dict(self._evaluators.whole.weights)
        try:
            self._begin(given)
            self._search_all()
        except KeyboardInterrupt:
            if not self._so_far.history:
                raise
            result = self._result("interrupted")
            with contextlib.suppress(KeyboardInterrupt):  # an impatient second one: the picture is what counts
                self._keep(now=True)
            raise Interrupted(result) from None
        except (Exception, SystemExit) as error:  # whatever it is, what has been computed is kept
            self._fail(error)
        else:
            last = self._so_far.last
            stopped, why = (last.stopped, last.why) if last else (False, "")
            return self._result("stopped by the callback" if stopped else "stopped" if why else "finished", why)
        finally:
            # They know this run by their callbacks; in a circle, pictures would wait for Python's collector.
            self._so_far.searches.clear()
            self._evaluators.whole.weights.clear()  # the next picture begins with what its caller chose
            self._evaluators.whole.weights.update(given)

    def _begin(self, given: Mapping[str, float]) -> None:
        """Let the weights be those that were in force, or note those that a caller has chosen."""
        if self._so_far.weights:
            for _, weights in self._so_far.weights:
                self._evaluators.whole.weigh(weights)
        else:
            self._so_far.weigh(given)

    def _search_all(self) -> None:
        for number, stage in enumerate(self._plan.stages):
            self._seconds_ahead -= stage.seconds
            if number < self._number:  # which had been done before
                continue
            self._number, self._stage = number, stage
            self._search_at(stage)
            last = self._so_far.last
            over = last is not None and (last.stopped or (last.why and not last.stalled))
            self._number = len(self._plan.stages) if over else number + 1
            self._keep(now=True)
            if over:
                break

    def _search_at(self, stage: Stage) -> None:
        taken = self._so_far.steps_at(stage.size)
        left = stage.steps - taken
        if left <= 0:
            return
        if taken:
            self._so_far.resumed = True
        else:
            factors = self._so_far.factors or {}
            ranged = self._weights(self._number, len(self._plan.stages))
            self._weigh({label: weight * factors.get(label, 1.0) for label, weight in ranged.items()})
        before = self._so_far.start
        if before is None:
            start = starting_image(self._config, self._colors.searched, stage.size)
        else:
            start = enlarged(before, self._colors.searched.content.rgb, stage.size, self._wraps)
        search = self._search(self._evaluators, _rest(stage, left), start)
        left -= len(search.steps)
        if search.stalled and left and self._plan.precision != "float32":
            self._finish_exactly(stage, left, search.image)

    def _finish_exactly(self, stage: Stage, left: int, start: Array) -> None:
        """Take a stage's remaining steps in float32: low precision's noise hides what is still to be gained."""
        try:
            evaluators, plan = self._exact()
        except NstgraphError:  # it does not fit into memory, or the weights are gone: keep what there is
            return
        same = next(other for other in plan.stages if other.size == stage.size)
        rest = dataclasses.replace(_rest(same, left), seconds=_rest(stage, left).seconds)
        before = len(self._so_far.history)
        try:
            self._search(evaluators, rest, start)
        finally:
            self._so_far.exact_steps += len(self._so_far.history) - before

    def _search(self, evaluators: Evaluators, stage: Stage, start: Array) -> Search:
        pictures = self._colors.searched
        content = resize(pictures.content.rgb, *stage.size, wraps=self._wraps)
        styles = [resize(s.rgb, *size) for s, size in zip(pictures.styles, stage.styles, strict=True)]
        observe = self._observing([content, *styles])
        evaluate = evaluators.bind(stage, content, styles)
        if self._config.balance and self._so_far.factors is None:
            self._balance(evaluate, start)
        search = Search(
            evaluate,
            start,
            stage.steps,
            optimizer=stage.optimizer,
            history=stage.history,
            bounds=self._config.bounds,
            callback=lambda step, image: self._step(step, image, stage, observe),
        )
        self._so_far.searches.append(search)
        search.run()
        if stage.size == self._to_trace and stage.tile is None and self._trace is None:
            self._trace = trace(evaluators.whole, search.image, full=True)
        evaluators.release()
        return search

    def _balance(self, evaluate: Evaluates, start: Array) -> None:
        """Weigh the terms by their gradients at the start, once for all sizes."""
        whole = self._evaluators.whole
        weights = {label: whole.weights.get(label, weight) for label, weight in whole.objective.defaults.items()}
        factors = balancing_factors(evaluate, start, weights, self._config.seed)
        self._so_far.factors = factors
        self._weigh({label: weights[label] * factor for label, factor in factors.items()})
        balanced = (f"{label} {weights[label]:.4g} -> {whole.weights[label]:.4g}" for label in factors)
        self._note(f"balanced: {', '.join(balanced) or 'nothing, as no term pulls at the start'}")

    def _weigh(self, weights: Mapping[str, float]) -> None:
        self._evaluators.whole.weigh(weights)
        self._so_far.weigh(weights)

    def _step(self, step: Step, image: Array, stage: Stage, observe: StepCallback | None) -> Mapping[str, float] | None:
        """Number a stage's step within the whole run, and pass it on; returns the callback's weights."""
        done = 1 - (self._seconds_ahead + (1 - step.done) * stage.seconds) / self._plan.seconds
        step = self._so_far.add(step, done)
        if observe is not None:
            observe(step, image)
        weights = self._callback(step, image) if self._callback is not None else None
        if weights and isinstance(weights, Mapping):
            self._evaluators.whole.weigh(weights)  # or refuse them, before anything is noted
            weights = {label: self._evaluators.whole.weights[label] for label in weights}
            self._so_far.weigh(weights)
        self._keep()
        return weights

    def _keep(self, *, now: bool = False) -> None:
        if self._checkpoint is not None:
            self._checkpoint.keep(lambda: self._so_far.state(self._number), now=now)

    def _fail(self, error: BaseException) -> NoReturn:
        """Raise an error again, with what has been computed if there is something."""
        if not self._so_far.history and not is_outside(error):
            raise error
        says = said(error, self._stage.size)
        result = None
        if self._so_far.history:
            self._keep(now=True)  # first, as the result takes memory, which may be what is missing
            with contextlib.suppress(MemoryError):
                result = self._result(f"failed ({says})")
        raise RunError(says + remedy(error), result) from error

    def _result(self, outcome: str, why: str = "") -> Result:
        return self._outcome.result(self._so_far, outcome, why, self._trace)


def _rest(stage: Stage, left: int) -> Stage:
    """The last steps of a stage."""
    return dataclasses.replace(stage, steps=left, seconds=stage.seconds * left / stage.steps)


def _largest_whole(plan: Plan) -> Size:
    whole = [stage for stage in plan.stages if stage.tile is None]
    if not whole:
        raise ConfigError("no evaluation is computed whole, so none can be traced; leave --trace or --tile out")
    return whole[-1].size
