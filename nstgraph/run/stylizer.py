"""From pictures to a picture: a loss, a network and a session, and the plan by which they are used."""

from __future__ import annotations

import contextlib
import functools
import gc
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nstgraph._tf import computing, tf
from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.config import Config, TextureConfig
from nstgraph.errors import ConfigError, RunError
from nstgraph.graph.evaluator import Evaluator
from nstgraph.graph.masks import Masks
from nstgraph.graph.objective import Objective, from_term
from nstgraph.graph.own_pictures import KeptPicture, Named
from nstgraph.graph.style_values import StyleValues
from nstgraph.hooks.stepper import Stepper, monitored
from nstgraph.losses.loss_text import as_loss
from nstgraph.memory import available_memory
from nstgraph.messages import one_line
from nstgraph.pictures.load import Source
from nstgraph.pictures.picture import PictureSet
from nstgraph.planning.measured_cost import measure
from nstgraph.planning.plan import Plan
from nstgraph.planning.planner import Planner
from nstgraph.run.deterministic import THREADS, check_deterministic, deterministic_begun, one_thread
from nstgraph.run.evaluators import Evaluators
from nstgraph.run.inputs import check_sees_no_content, graph_of, read_pictures
from nstgraph.run.record import settings_of
from nstgraph.run.result import Result
from nstgraph.run.run import Run
from nstgraph.search.step import StepCallback
from nstgraph.workers.workers import Workers

__all__ = ["Stylizer"]

#: How much of the memory that it may take a run is planned for; predictions are right within a tenth.
_SHARE = 0.9


class Stylizer:
    """A loss, a network and a session that serve any number of pictures of any size, one after the other.

        with Stylizer(Config(size=256)) as stylizer:
            for photo in photos:
                stylizer(photo, "painting.jpg").save(...)

    It is one thread's: a second one that calls it meanwhile is refused, by a RunError. Let each thread make its own.
    What depends on a style alone is kept by the style's content and size, so that a second picture with the same style
    takes no more than its own evaluations.

    Args:
        config: all settings; a `TextureConfig` for textures.
        styles: how many style images each picture is made from.
        hooks: session hooks that see each step (see `nstgraph.hooks`), until the stylizer is closed.
        kept: pictures of terms of a run that goes on, see `nstgraph.checkpoints`; they are not read again.
        masks: of such a run; those that ``config`` names are not read then.
        workers: servers that compute tiles, which a plan then chooses where that is faster.

    Attributes:
        loss: what is minimised.
        graph: the style graph; ``graph.network`` gives its feature maps.
        objective: the loss in the graph.
        evaluator: evaluates the loss for whole pictures; its ``weights`` may be changed between pictures.
        evaluators: evaluate the loss whole or in tiles, as a stage of a plan wants it.
        precision: of the network, as chosen.
        cost: of an evaluation, measured.
        settings: everything that results depend on, but the pictures: settings, versions, the weights' hash.

    Raises:
        LossError, PluginError: the loss cannot be read or built, or one of a texture looks at the photo.
        TilingError: pictures are to wrap, and a term cannot be computed so.
        WeightsError: the weights file cannot be found, or lacks a layer.
        ConfigError: the network from a file has no clear input.
        RunError: the loss cannot be evaluated, or the hooks cannot begin.
    """

    def __init__(
        self,
        config: Config,
        styles: int = 1,
        *,
        hooks: Sequence[Any] = (),
        kept: Sequence[KeptPicture] = (),
        masks: Masks | None = None,
        workers: Workers | None = None,
    ) -> None:
        if config.deterministic:
            check_deterministic()
        self._at_work = threading.Lock()
        self.config, self._kept, self._workers = config, kept, workers or Workers()
        self.loss = as_loss(config.loss, keep_colors=config.colors_are_searched)
        self.graph = graph_of(config, styles, kept, masks)
        self.precision = self.graph.network.dtype.name
        self.objective = Objective(self.graph, self.loss)
        if isinstance(config, TextureConfig):
            check_sees_no_content(self.objective)
        # Before any search, so that nothing missing can cost its result.
        self.settings = settings_of(config, self.loss, self.graph)
        self._closing = contextlib.ExitStack()
        self._stepper = Stepper(self.objective) if hooks else None
        self.evaluator = self._closing.enter_context(self._new_evaluator())
        if config.deterministic:
            deterministic_begun()
        self.evaluators = self._closing.enter_context(contextlib.closing(self._new_evaluators()))
        what = "the loss cannot be evaluated"
        try:
            self.cost = measure(self.evaluator)
            what = "the session hooks cannot begin"
            if self._stepper is not None:
                self.evaluator.session.run(self._stepper.global_step.initializer)
                self._monitored = self._closing.enter_context(monitored(self.evaluator.session, hooks))
        except BaseException as error:
            self.close()
            if isinstance(error, tf.errors.OpError):
                raise RunError(f"{what}: {one_line(error)}{from_term(error)}", None) from error
            raise

    def _new_evaluator(self) -> Evaluator:
        threads = THREADS * self.config.deterministic
        return Evaluator(self.objective, threads=threads, style_values=StyleValues())

    def _new_evaluators(self) -> Evaluators:
        foreign = [label for label, one in self.loss.labelled().items() if one.term.is_foreign]
        return Evaluators(self.evaluator, foreign, self._workers)

    @functools.cached_property
    def exact(self) -> Stylizer:
        """The same in float32, for what low precision cannot finish."""
        config = self.config.replace(precision="float32")
        return self._closing.enter_context(
            Stylizer(config, len(self.graph.styles), kept=self._kept, masks=self.graph.masks, workers=self._workers)
        )

    def plan(
        self,
        content: Source | PictureSet | None,
        styles: Source | Sequence[Source] = (),
        *,
        reserved: float = 0.0,
        config: Config | None = None,
    ) -> Plan:
        """What a picture will take in memory and time, and how it will be computed.

        Args:
            content, styles: as for a call; or a `PictureSet`, and nothing.
            reserved: bytes of what is free that others will take; not counted if the settings have a limit.
            config: the stylizer's own with other settings of size and search, to be planned in their place.

        Raises:
            ConfigError: it does not fit into memory; the message says which option would make it fit.
            PictureError: a picture cannot be read or is too small or too narrow, or too little is left of a mask.
            TilingError: it takes tiles, in which a term would be another one.
        """
        config = config or self.config
        pictures = content if isinstance(content, PictureSet) else self._read(content, styles)
        limit = _SHARE * (config.memory * 1e9 or self.cost.process + available_memory() - reserved)
        plan = Planner(self.precision, self.cost, limit, len(self._workers)).plan(config, pictures)
        self.graph.check_masks(plan.stages[0].size, plan.stages[0].styles)
        self.evaluators.check(plan)
        return plan

    def __call__(
        self,
        content: Source | PictureSet | None,
        styles: Source | Sequence[Source] = (),
        *,
        plan: Plan | None = None,
        callback: StepCallback | None = None,
        trace: bool = False,
        checkpoint: Checkpoint | None = None,
        own: Mapping[Named, Source] | None = None,
        note: Callable[[str], None] | None = None,
    ) -> Result:
        """Stylise one picture.

        Args:
            content: a path, a PIL image or an array (see `nstgraph.pictures.load.load`); None for a texture.
            styles: one such, or as many as the stylizer was made for. What `read_pictures` gave may stand for both.
            plan: what `plan` gave for these pictures; made if it is not given.
            callback: called after each step with its `Step` and the current image [1, height, width, 3], read-only.
            trace: also record what an evaluation does, at the largest size that is computed whole.
            checkpoint: where the run is kept on its way; it goes on from there if it had been begun before.
            own: pictures that take the places of terms' own, for this picture alone, by what the loss names: a path, or
                a `Picture` (see `nstgraph.pictures.load.load`).
            note: is told, in a line, what is found on the way, such as how terms were balanced, or that a worker is
                lost, which is logged otherwise.

        Raises:
            PictureError: a picture cannot be read or is too small or too narrow.
            ConfigError: the run does not fit into memory, no size can be traced, or ``own`` names what no term does.
            CheckpointError: the checkpoint is that of another run.
            SearchError: the loss is not a number at the starting image.
            RunError: something failed on the way; carries the result so far. Or the stylizer is still at work, for
                another thread or for the callback that calls it; carries nothing.
            Interrupted: Ctrl-C; carries the result so far.
        """
        computing()
        pictures = content if isinstance(content, PictureSet) else self._read(content, styles)
        plan = plan or self.plan(pictures)
        if not self._at_work.acquire(blocking=False):
            raise RunError("this Stylizer is at work on another picture; make one for each thread", None)
        if self.evaluators.team is not None and note is not None:
            self.evaluators.team.note = note
        try:
            self.graph.pictures.replace(own or {})
            run = Run(
                self.config,
                plan,
                pictures,
                self.evaluators,
                exact=functools.partial(self._finish_with, pictures, own or {}),
                weights=self.loss.weights_at,
                callback=callback,
                observing=self._observing,
                settings={**self.settings, "pictures": self.graph.pictures.records} if own else self.settings,
                traced=trace,
                checkpoint=checkpoint,
                note=note or (lambda line: None),
            )
            with one_thread() if self.config.deterministic else contextlib.nullcontext():
                return run.result()
        finally:
            self.graph.pictures.replace({})
            self._at_work.release()

    def _read(self, content: Source | None, styles: Source | Sequence[Source]) -> PictureSet:
        pictures = read_pictures(self.config, content, styles)
        if len(pictures.styles) != len(self.graph.styles):
            given, expected = len(pictures.styles), len(self.graph.styles)
            raise ConfigError(f"{given} style images given, and the stylizer was made for {expected}")
        return pictures

    def _finish_with(self, pictures: PictureSet, own: Mapping[Named, Source]) -> tuple[Evaluators, Plan]:
        """What finishes in float32 a run that stalls in low precision."""
        exact = self.exact
        exact.graph.pictures.replace(own)
        exact.evaluator.weights = self.evaluator.weights
        return exact.evaluators, exact.plan(pictures)

    def _observing(self, pictures: Sequence[Any]) -> StepCallback | None:
        """What lets the session hooks see a step made with these pictures; None if there are no hooks."""
        return (
            None
            if self._stepper is None
            else self._stepper.callback(self._monitored, pictures, self.evaluator.fed_weights)
        )

    def close(self) -> None:
        """Give the session's memory and threads back, and the graph's."""
        self._closing.close()
        # Operations and graph know each other; Python would let some thirty graphs pile up before it collects them.
        gc.collect()

    def __enter__(self) -> Stylizer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
