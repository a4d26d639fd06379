"""The search: an optimiser over the generated image, with a supervisor around it.

The optimiser is scipy's L-BFGS-B (Byrd, Lu, Nocedal & Zhu, "A Limited Memory Algorithm for Bound Constrained
Optimization", 1995), which owns the state, or the float32 one of `lbfgs`. The supervisor keeps the best image so far,
and turns a loss that is not a number, or a stalled line search, into a restart from it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import scipy.optimize

from nstgraph.arrays import Array, Evaluate, Values
from nstgraph.errors import LossError, SearchError
from nstgraph.messages import shown
from nstgraph.search.lbfgs import UNBOUNDED, lbfgs
from nstgraph.search.scipy_minimize import scipy_minimize
from nstgraph.search.step import Step, StepCallback

__all__ = ["Search"]

#: A run of the optimiser that lowers the loss by less than this share is not followed by another.
_WORTH_A_RESTART = 1e-4

#: Length of the first trial step, as root mean square over pixels, in grey levels.
_FIRST_STEP = 2.0

_GRADIENT = "the gradient"

#: Grey levels that no picture comes near: a search that gets there has nowhere to end.
_NOWHERE = 1e6


class _NotANumber(Exception):
    """Leaves the optimiser when loss or gradient stop being finite; says which."""


class Search:
    """Minimise ``evaluate`` over images, starting at ``image``.

    Args:
        evaluate: gives `Values` for an image [1, height, width, 3]; an `Evaluator`, if the callback changes weights.
        image: the starting image, 0..255.
        steps: iterations of the optimiser.
        optimizer: ``"lbfgsb"``, scipy's, in float64; or ``"lbfgs"``, in float32, for less memory and time.
        history: number of corrections that it keeps.
        bounds: keep every pixel within 0..255; needs ``"lbfgsb"``.
        callback: see `StepCallback`.

    Attributes:
        image: the best image so far, under the weights in force; valid also after an exception has left `run`.
        best: its loss.
        steps: a `Step` for each finished iteration.
        evaluations: how many evaluations there were.
        why: why the search ended before its steps were done; empty if they were, or if the callback ended it.
        stopped: whether the callback ended it.
        stalled: whether it ended because no lower loss was found.
        restarts: how often the optimiser was started again from the best image.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        image: Array,
        steps: int,
        *,
        optimizer: str = "lbfgsb",
        history: int = 10,
        bounds: bool = False,
        callback: StepCallback | None = None,
    ) -> None:
        self._evaluate = evaluate
        self._limit = steps
        # As functions, since a method of its own would hold a search in a circle.
        self._optimize = {"lbfgsb": Search._by_scipy, "lbfgs": Search._in_float32}[optimizer]
        self._history = history
        self._bounds = bounds
        self._callback = callback
        self.image = np.array(image, np.float32)
        self.best = np.inf
        self.steps: list[Step] = []
        self.evaluations = 0
        self.why = ""
        self.stopped = False
        self.stalled = False
        self.restarts = 0
        self._weighed = False
        self._last: tuple[Array, Values] | None = None
        self._scale = 1.0
        # scipy's first step has length 1 in its own unknowns without bounds, and largest component 1 with them.
        unit = _FIRST_STEP * (1.0 if bounds else float(np.sqrt(image.size)))
        # A power of 2, so that an image is the same after it has been scaled there and back.
        self._unit = 2.0 ** round(np.log2(unit))
        self._started = time.perf_counter()

    def run(self) -> None:
        """Search until the steps are done or the loss no longer falls.

        Raises:
            SearchError: the loss is not a number at the starting image, or no longer one under other weights.
            LossError: the callback returned something else than weights of the loss's terms.
        """
        first = self._first()
        while len(self.steps) < self._limit and not self.stopped:
            before = self.best
            broken = False
            try:
                why = self._optimize(self)
            except _NotANumber as error:
                why, broken = f"{error} became not a number", True
            if self.stopped or len(self.steps) >= self._limit:
                return
            if self._weighed:
                self._weighed, self.best = False, np.inf
                first = self._first()
                continue
            if why == UNBOUNDED or float(np.abs(self.image).max()) > _NOWHERE:
                self.why = UNBOUNDED
                return
            if not before - self.best > _WORTH_A_RESTART * abs(before):
                self.stalled = True
                moved = self.best < first or broken
                self.why = why if moved else "the starting image is already a minimum of the loss"
                return
            self.restarts += 1

    def _first(self) -> float:
        """Evaluate the starting image, and choose the scale by its gradient; returns its loss."""
        values = self._look(self.image)
        if not _finite(values):
            what = _not_finite(values)
            root = "no term may have a root or a quotient at 0"
            remedy = root if what == _GRADIENT else "check its parameters and the weights file"
            raise SearchError(f"{what} is not a number at the starting image; {remedy}")
        steepest = float(np.abs(values.gradient).max())
        self._scale = 1.0 / (steepest * self._unit) if steepest > 0 else 1.0
        return values.total

    def _look(self, image: Array) -> Values:
        values = self._evaluate(image)
        self._last = image, values
        self.evaluations += 1
        if values.total < self.best and _finite(values):
            self.best, self.image = values.total, image
        return values

    def _scaled(self, unknowns: Array) -> tuple[float, Array]:
        image = (unknowns * np.float32(self._unit)).astype(np.float32, copy=False).reshape(self.image.shape)
        # An optimiser begins with the point at which the scale was found.
        known = self._last is not None and np.array_equal(image, self._last[0])
        values = self._last[1] if self._last is not None and known else self._look(image)
        if not _finite(values):
            raise _NotANumber(_not_finite(values))
        gradient = values.gradient.ravel() * unknowns.dtype.type(self._scale * self._unit)
        return values.total * self._scale, gradient

    def _in_float32(self) -> str:
        """One run of `lbfgs` from the best image; returns why it ended."""
        return lbfgs(
            self._scaled,
            self.image.ravel() / np.float32(self._unit),
            corrections=self._history,
            iterations=self._limit - len(self.steps),
            callback=self._step,
        )

    def _by_scipy(self) -> str:
        """One run of scipy from the best image; returns why it ended."""
        start = self.image.ravel().astype(np.float64) / self._unit
        limits = scipy.optimize.Bounds(0.0, 255.0 / self._unit) if self._bounds else None
        result = scipy_minimize(
            self._scaled,
            np.clip(start, 0, 255.0 / self._unit) if self._bounds else start,
            bounds=limits,
            callback=lambda point: self._step(),
            options={
                "maxiter": self._limit - len(self.steps),
                "maxfun": 20 * self._limit,
                "maxcor": self._history,
                "ftol": 0.0,  # scipy's default is finer than the noise of float32
                "gtol": 0.0,
            },
        )
        return "the line search found no lower loss" if result.status == 2 else "the loss no longer falls"

    def _step(self) -> None:
        assert self._last is not None
        # Optimisers call back at the point they evaluated last: nothing is computed again for the record.
        image, values = self._last
        height, width = image.shape[1:3]
        step = Step(
            step=len(self.steps) + 1,
            total=values.total,
            terms=values.terms,
            height=height,
            width=width,
            evaluations=self.evaluations,
            seconds=time.perf_counter() - self._started,
            done=(len(self.steps) + 1) / self._limit,
        )
        self.steps.append(step)
        if self._callback is not None:
            seen = image.view()
            seen.flags.writeable = False  # it may be the best image, which is not the callback's to change
            try:
                weights = self._callback(step, seen)
            except StopIteration:
                self.stopped = True
                raise  # which is how optimisers are told to stop
            if weights:
                self._weigh(weights)
                raise StopIteration

    def _weigh(self, weights: Mapping[str, float]) -> None:
        if not isinstance(weights, Mapping):
            raise LossError(f"the callback returned {shown(weights)}; return new weights by label, or nothing")
        weigh = getattr(self._evaluate, "weigh", None)
        if weigh is None:
            raise LossError("the callback returned weights, which only an Evaluator can change; give one to Search")
        weigh(weights)
        self._weighed = True


def _finite(values: Values) -> bool:
    # A sum is not finite if any of its terms is not, and needs no array for the answers.
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(values.total) and np.isfinite(values.gradient.sum()))


def _not_finite(values: Values) -> str:
    """What of the values is not finite: the terms at fault, by name, as far as it shows in them."""
    first, *others = [repr(label) for label, value in values.terms.items() if not np.isfinite(value)] or [""]
    if first:
        return f"loss term {first}" + (f" (and {', '.join(others)})" if others else "")
    return _GRADIENT if np.isfinite(values.total) else "the loss"
