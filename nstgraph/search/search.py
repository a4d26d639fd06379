"""The search: an optimiser over the generated image, with a supervisor around it.

The optimiser is scipy's L-BFGS-B (Byrd, Lu, Nocedal & Zhu, "A Limited Memory Algorithm for Bound Constrained
Optimization", 1995), which owns the state, the float32 one of `lbfgs`, or one of TensorFlow's that follow the gradient.
The supervisor keeps the best image so far, and turns a loss that is not a number, or a stalled line search, into a
restart from it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import scipy.optimize

from nstgraph.arrays import Array, Evaluate
from nstgraph.errors import ConfigError, LossError, SearchError
from nstgraph.messages import shown
from nstgraph.search.evaluations import Evaluations, RoundOver
from nstgraph.search.finite import GRADIENT, NotANumber, is_finite, not_finite
from nstgraph.search.gradient_descent import descend
from nstgraph.search.lbfgs import UNBOUNDED, lbfgs
from nstgraph.search.optimizer import as_optimizer
from nstgraph.search.scipy_minimize import scipy_minimize
from nstgraph.search.step import Step, StepCallback

__all__ = ["Search"]

#: A run of the optimiser that lowers the loss by less than this share is not followed by another.
_WORTH_A_RESTART = 1e-4

#: Length of the first trial step, as root mean square over pixels, in grey levels.
_FIRST_STEP = 2.0

#: So many steps without a lower loss are too many; of an optimiser that cannot see where it goes, the first may be so.
_IN_VAIN = 20

#: Grey levels that no picture comes near: a search that gets there has nowhere to end.
_NOWHERE = 1e6


class Search:
    """Minimise ``evaluate`` over images, starting at ``image``.

    Args:
        evaluate: gives `Values` for an image [1, height, width, 3]; an `Evaluator`, if the callback changes weights.
        image: the starting image, 0..255.
        steps: iterations of the optimiser.
        optimizer: ``"lbfgsb"``, scipy's, in float64; ``"lbfgs"``, in float32, for less memory and time; or another of
            `KINDS`. With its parameters, as text: ``"lbfgsb:rounds=10,evaluations=20"`` forgets all curvature, and
            starts again from the best image, each time that the optimiser has asked for 20 evaluations, and ends after
            10 such rounds; ``"adam:learning_rate=5"`` follows the gradient, in grey levels.
        history: number of corrections that L-BFGS keeps.
        bounds: keep every pixel within 0..255; not by ``"lbfgs"``. Those that follow the gradient do it after a step.
        callback: see `StepCallback`.

    Attributes:
        steps: a `Step` for each finished iteration.
        why: why the search ended before its steps were done; empty if they were, or if the callback ended it.
        stopped: whether the callback ended it.
        stalled: whether it ended because no lower loss was found.
        restarts: how often the optimiser was started again from the best image, but for the rounds that were asked for.
            One that follows the gradient then goes on at half its rate.

    Raises:
        ConfigError: there is no such optimiser, or it cannot keep bounds.
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
        self._optimizer = as_optimizer(optimizer)
        name = self._optimizer.name
        _check_optimizer(name, bounds)
        # As functions, since a method of its own would hold a search in a circle.
        quasi_newton = {"lbfgsb": Search._by_scipy, "lbfgs": Search._in_float32}
        self._optimize = quasi_newton.get(name, Search._down_the_gradient)
        self._history = history
        self._bounds = bounds
        self._callback = callback
        self._seen = Evaluations(
            evaluate,
            np.array(image, np.float32),
            keep=self._optimizer.values.get("keep", "best"),
            a_round=self._optimizer.values.get("evaluations", 0),
        )
        self.steps: list[Step] = []
        self.why = ""
        self.stopped = False
        self.stalled = False
        self.restarts = 0
        self._weighed = False
        self._scale = 1.0
        # scipy's first step has length 1 in its own unknowns without bounds, and largest component 1 with them.
        unit = _FIRST_STEP * (1.0 if bounds else float(np.sqrt(image.size)))
        # A power of 2, so that an image is the same after it has been scaled there and back.
        self._unit = 2.0 ** round(np.log2(unit))
        self._started = time.perf_counter()

    @property
    def image(self) -> Array:
        """The best image so far under the weights in force, [1, height, width, 3], float32.

        It is the last one if the optimiser is to keep that, and valid also after an exception has left `run`.
        """
        return self._seen.image

    @property
    def best(self) -> float:
        """Loss of `image`."""
        return self._seen.loss

    @property
    def evaluations(self) -> int:
        """How many there were."""
        return self._seen.count

    def run(self) -> None:
        """Search until the steps are done or the loss no longer falls.

        Raises:
            SearchError: the loss is not a number at the starting image, or no longer one under other weights.
            LossError: the callback returned something else than weights of the loss's terms.
        """
        first = self._first()
        rounds = 0
        while len(self.steps) < self._limit and not self.stopped:
            before, taken = self.best, len(self.steps)
            broken = over = False
            self._seen.begin_round()
            try:
                why = self._optimize(self)
            except NotANumber as error:
                why, broken = f"{error} became not a number", True
            except RoundOver:
                why, over = "a round of evaluations found no lower loss", True
            rounds += not self._weighed
            all_rounds = rounds == self._optimizer.values.get("rounds", 0) > 0
            if self.stopped or len(self.steps) >= self._limit or all_rounds:
                break
            if self._weighed:
                self._weighed = False
                first = self._first()
                continue
            if why == UNBOUNDED or float(np.abs(self.image).max()) > _NOWHERE:
                self.why = UNBOUNDED
                return
            # A round that takes steps is followed by another however little it lowers the loss.
            if over and len(self.steps) > taken:
                continue
            if not before - self.best > _WORTH_A_RESTART * abs(before):
                self.stalled = True
                moved = self.best < first or broken
                self.why = why if moved else "the starting image is already a minimum of the loss"
                return
            self.restarts += not over
        self._check_rate(first)

    def _check_rate(self, first: float) -> None:
        """Say so if all steps of an optimiser that cannot see whether they lower the loss were in vain."""
        blindly = self._optimizer.values.get("keep") == "best" and not self._seen.forgotten
        if blindly and len(self.steps) >= _IN_VAIN and not self.stopped and not self.best < first:
            self.stalled = True
            self.why = "no step has led to a lower loss; choose a lower learning_rate"

    def _first(self) -> float:
        """Evaluate the starting image, and choose the scale by its gradient; returns its loss."""
        values = self._seen.look(self.image)
        if not is_finite(values):
            what = not_finite(values)
            root = "no term may have a root or a quotient at 0"
            remedy = root if what == GRADIENT else "check its parameters, and the network's weights"
            raise SearchError(f"{what} is not a number at the starting image; {remedy}")
        steepest = float(np.abs(values.gradient).max())
        self._scale = 1.0 / (steepest * self._unit) if steepest > 0 else 1.0
        return values.total

    def _scaled(self, unknowns: Array) -> tuple[float, Array]:
        image = (unknowns * np.float32(self._unit)).astype(np.float32, copy=False).reshape(self.image.shape)
        values = self._seen.at(image)
        gradient = values.gradient.ravel() * unknowns.dtype.type(self._scale * self._unit)
        return values.total * self._scale, gradient

    def _unscaled(self, pixels: Array) -> tuple[float, Array]:
        values = self._seen.at(pixels.reshape(self.image.shape))
        return values.total, values.gradient.ravel()

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

    def _down_the_gradient(self) -> str:
        """One run of `descend` from the best image; returns why it ended."""
        start = self.image.ravel()
        return descend(
            self._unscaled,
            np.clip(start, 0, 255) if self._bounds else start,
            optimizer=self._optimizer,
            rate=0.5**self.restarts,
            bounds=(0.0, 255.0) if self._bounds else None,
            iterations=self._limit - len(self.steps),
            callback=self._step,
        )

    def _step(self) -> None:
        assert self._seen.last is not None
        # Optimisers call back at the point they evaluated last: nothing is computed again for the record.
        image, values = self._seen.last
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
                # What it knows of curvature is that of another loss; one that follows the gradient goes on.
                self._weighed = not self._optimizer.descends
                if self._weighed:
                    raise StopIteration

    def _weigh(self, weights: Mapping[str, float]) -> None:
        if not isinstance(weights, Mapping):
            raise LossError(f"the callback returned {shown(weights)}; return new weights by label, or nothing")
        weigh = getattr(self._evaluate, "weigh", None)
        if weigh is None:
            raise LossError("the callback returned weights, which only an Evaluator can change; give one to Search")
        weigh(weights)
        self._seen.forget()


def _check_optimizer(name: str, bounds: bool) -> None:
    if name == "auto" or (bounds and name == "lbfgs"):
        fault = "cannot keep bounds" if bounds else "stands for the choice of a plan"
        raise ConfigError(f"{name} {fault}; name another optimizer, such as lbfgsb")
