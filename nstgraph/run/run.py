"""One picture on its way through the sizes of its plan."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array, Values
from nstgraph.errors import ConfigError, Interrupted, RunError, SearchError, told
from nstgraph.graph.trace import trace
from nstgraph.pictures import picture as images
from nstgraph.pictures.load import load
from nstgraph.pictures.picture import Picture
from nstgraph.planning.plan import Plan, Stage
from nstgraph.run.result import Result
from nstgraph.search.search import Search, Step, StepCallback

if TYPE_CHECKING:
    from nstgraph.run.stylizer import Stylizer

__all__ = ["Run"]

#: Share of the content's detail that an enlarged image gets: half of it saves about three steps, as does all of it, but
#: lowers the loss from the first steps on.
_DETAIL = 0.5


class Run:
    """A coarse-to-fine search.

    Args:
        stylizer: gives loss, network and session.
        plan: the sizes, and how each is computed.
        content, styles: the pictures.
        callback: see `StepCallback`.
        trace: whether to trace an evaluation, at the largest size that is computed whole.

    Raises:
        ConfigError: no size is computed whole, so that none can be traced.
    """

    def __init__(
        self,
        stylizer: Stylizer,
        plan: Plan,
        content: Picture,
        styles: list[Picture],
        callback: StepCallback | None,
        *,
        trace: bool = False,
    ) -> None:
        self._stylizer = stylizer
        self._config = stylizer.config
        self._plan = plan
        self._content = content
        self._styles = styles
        self._callback = callback
        whole = [stage for stage in plan.stages if stage.tile is None]
        if trace and not whole:
            raise ConfigError("no evaluation is computed whole, so none can be traced; leave --trace or --tile out")
        self._to_trace = whole[-1] if trace else None
        self._trace: Any = None
        self._hooks: StepCallback | None = None
        self._searches: list[Search] = []
        self._history: list[Step] = []
        self._stage = plan.stages[0]
        self._exactly = False
        self._exact_steps = 0
        self._ahead = plan.seconds
        self._started = time.perf_counter()

    def result(self) -> Result:
        """Search at every size in turn, each starting from the enlarged result of the one before.

        Raises:
            SearchError, RunError, Interrupted: see `Stylizer`.
        """
        try:
            for stage in self._plan.stages:
                self._ahead -= stage.seconds
                self._stage = stage
                self._search(stage)
                if self._searches[-1].stopped:
                    break
        except KeyboardInterrupt:
            if not self._history:
                raise
            raise Interrupted(self._result("interrupted")) from None
        except (MemoryError, SearchError, tf.errors.OpError) as error:
            if isinstance(error, SearchError) and not self._history:
                raise
            reason = f"{type(error).__name__} at {self._stage.width}x{self._stage.height}: {told(error)}"
            raise RunError(f"{reason}; use a smaller --memory, --tile or --size", self._kept(reason)) from error
        else:
            return self._result(self._searches[-1].reason)
        finally:
            # They know this run by their callbacks; in a circle, pictures would wait for Python's collector.
            self._searches.clear()

    def _search(self, stage: Stage) -> None:
        start = self._enlarged(stage) if self._searches else self._start(stage)
        search = self._one(self._stylizer, stage, start)
        left = stage.steps - len(search.steps)
        if search.stalled and left and self._plan.precision != "float32":
            self._finish_exactly(stage, left)

    def _finish_exactly(self, stage: Stage, left: int) -> None:
        """Take a stage's remaining steps in float32: low precision's noise hides what is still to be gained."""
        try:
            exact = self._stylizer.exact
            plan = exact.plan(self._content, self._styles)
        except ConfigError:  # it does not fit into memory; what there is, is good
            return
        same = next(other for other in plan.stages if (other.height, other.width) == (stage.height, stage.width))
        rest = dataclasses.replace(same, steps=left, seconds=stage.seconds * left / stage.steps)
        self._exactly = True
        self._one(exact, rest, self._searches[-1].image)
        self._exactly = False

    def _one(self, stylizer: Stylizer, stage: Stage, start: Array) -> Search:
        search = Search(
            self._bind(stylizer, stage),
            start,
            stage.steps,
            optimizer=stage.optimizer,
            history=stage.history,
            bounds=self._config.bounds,
            callback=lambda step, image: self._step(step, image, stage),
        )
        self._searches.append(search)
        search.run()
        if stage is self._to_trace:
            self._trace = trace(stylizer.evaluator, search.image, full=True)
        stylizer.release()
        return search

    def _bind(self, stylizer: Stylizer, stage: Stage) -> Callable[[Array], Values]:
        """The loss at a stage's size, as a function of the generated image."""
        longest = round(max(stage.height, stage.width) * self._config.style_scale)
        content = images.resize(self._content.rgb, stage.height, stage.width)
        styles = [images.resize(s.rgb, *images.fitted(s.height, s.width, longest)) for s in self._styles]
        self._hooks = self._stylizer.hook_callback([content, *styles])
        if stage.tile is None:
            stylizer.evaluator.bind(content, styles)
            return stylizer.evaluator
        stylizer.tiled.bind(content, styles, stage.tile, stage.keep)
        return stylizer.tiled

    def _start(self, stage: Stage) -> Array:
        init = self._config.init
        if init == "noise":
            # Around mid-grey, with the contrast of a photograph.
            shape = (1, stage.height, stage.width, 3)
            return np.random.default_rng(self._config.seed).normal(127.5, 58.0, shape).clip(0, 255).astype(np.float32)
        named = {"content": self._content, "style": self._styles[0]}
        return images.resize((named.get(os.fspath(init)) or load(init)).rgb, stage.height, stage.width)

    def _enlarged(self, stage: Stage) -> Array:
        """The image so far at a stage's size, with some of the content's detail, which enlarging cannot bring."""
        image = self._searches[-1].image
        height, width = image.shape[1:3]
        content = images.resize(self._content.rgb, stage.height, stage.width)
        blurred = images.resize(images.resize(content, height, width), stage.height, stage.width)
        enlarged = images.resize(image, stage.height, stage.width)
        enlarged += np.float32(_DETAIL) * (content - blurred)
        return enlarged

    def _step(self, step: Step, image: Array, stage: Stage) -> None:
        """Number a stage's step within the whole run, and pass it on."""
        step = dataclasses.replace(
            step,
            step=len(self._history) + 1,
            evaluations=sum(search.evaluations for search in self._searches),
            seconds=time.perf_counter() - self._started,
            done=1 - (self._ahead + (1 - step.done) * stage.seconds) / self._plan.seconds,
        )
        self._exact_steps += self._exactly
        self._history.append(step)
        if self._hooks is not None:
            self._hooks(step, image)
        if self._callback is not None:
            self._callback(step, image)

    def _kept(self, reason: str) -> Result | None:
        return self._result(f"failed ({reason})") if self._history else None

    def _result(self, reason: str) -> Result:
        size = self._plan.stages[-1].height, self._plan.stages[-1].width
        alpha = self._content.alpha
        restarts = sum(search.restarts for search in self._searches)
        best = next((search for search in reversed(self._searches) if search.steps), self._searches[-1]).image
        return Result(
            image=images.resize(best, *size).clip(0, 255),
            alpha=None if alpha is None else images.resize(alpha, *size).clip(0, 1),
            pictures=(self._content.rgb, *(style.rgb for style in self._styles)),
            history=tuple(self._history),
            reason=f"{reason} after {len(self._history)} of {self._plan.steps} steps"
            + (f", {restarts} restarts from the best image" if restarts else "")
            + (
                f", {self._exact_steps} of them in float32, to go on where {self._plan.precision} stalled"
                if self._exact_steps
                else ""
            ),
            evaluations=sum(search.evaluations for search in self._searches),
            trace=self._trace,
            settings={**self._stylizer.settings(), "stages": [str(stage) for stage in self._plan.stages]},
        )
