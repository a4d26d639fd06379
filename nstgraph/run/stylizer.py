"""From pictures to a picture: a loss, a network and a session, and the plan by which they are used."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import importlib.metadata
from collections.abc import Sequence
from types import TracebackType
from typing import Any, cast

from nstgraph import __version__
from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.config import INITS, Config
from nstgraph.errors import ConfigError, RunError, told
from nstgraph.graph.evaluator import Evaluator
from nstgraph.graph.objective import Objective
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.hooks.stepper import Stepper, monitored
from nstgraph.losses.registry import as_loss
from nstgraph.networks.graph_file import FrozenNetwork
from nstgraph.networks.weights_file import find
from nstgraph.pictures import picture as images
from nstgraph.pictures.load import Source, load
from nstgraph.pictures.picture import Picture
from nstgraph.planning.cost import measure
from nstgraph.planning.machine import available_memory, native_precision
from nstgraph.planning.plan import Plan, make_plan
from nstgraph.run.result import Result
from nstgraph.run.run import Run
from nstgraph.search.search import StepCallback
from nstgraph.tiles.tiled_evaluator import TiledEvaluator

__all__ = ["Stylizer", "check_pictures", "graph_of", "stylize"]

#: How much of the memory that it may take a run is planned for; predictions are right within a tenth.
_SHARE = 0.9


class Stylizer:
    """A loss, a network and a session that serve any number of pictures of any size.

        with Stylizer(Config(size=256)) as stylizer:
            for photo in photos:
                stylizer(photo, ["painting.jpg"]).save(...)

    Args:
        config: all settings.
        styles: how many style images each picture is made from.
        hooks: session hooks that see each step (see `nstgraph.hooks`), until the stylizer is closed.

    Attributes:
        precision: of the network, as chosen.
        cost: of an evaluation, measured.

    Raises:
        LossError, PluginError: the loss cannot be read or built.
        WeightsError: the weights file cannot be found, or lacks a layer.
    """

    def __init__(self, config: Config, styles: int = 1, *, hooks: Sequence[Any] = ()) -> None:
        self.config = config
        self.loss = as_loss(config.loss)
        self.graph = graph_of(config, styles)
        self.weights = self.graph.network.weights
        self.precision = self.graph.network.dtype.name
        self.objective = Objective(self.graph, self.loss)
        self._closing = contextlib.ExitStack()
        self._stepper = Stepper(self.objective) if hooks else None
        self.evaluator = self._closing.enter_context(Evaluator(self.objective, freeze=config.freeze))
        try:
            self.cost = measure(self.evaluator)
            if self._stepper is not None:
                self.evaluator.session.run(self._stepper.global_step.initializer)
                self._monitored = self._closing.enter_context(monitored(self.evaluator.session, hooks))
        except BaseException as error:
            self.close()
            if isinstance(error, tf.errors.OpError):
                raise RunError(f"the loss cannot be evaluated: {told(error)}", None) from error
            raise

    @functools.cached_property
    def tiled(self) -> TiledEvaluator:
        """The same loss, tile by tile."""
        return TiledEvaluator(self.evaluator)

    @functools.cached_property
    def exact(self) -> Stylizer:
        """The same in float32, for what low precision cannot finish."""
        return self._closing.enter_context(Stylizer(self.config.replace(precision="float32"), len(self.graph.styles)))

    def plan(self, content: Picture, styles: Sequence[Picture]) -> Plan:
        """What a picture will take in memory and time, and how it will be computed.

        Raises:
            ConfigError: it does not fit into memory; the message says which option would make it fit.
            PictureError: see `check_pictures`.
        """
        config = self.config
        check_pictures(config, content, *styles)
        limit = _SHARE * (config.memory * 1e9 or self.cost.process + available_memory())
        sizes = [(style.height, style.width) for style in styles]
        return make_plan(config, self.precision, self.cost, (content.height, content.width), sizes, limit)

    def __call__(
        self,
        content: Source,
        styles: Sequence[Source],
        *,
        plan: Plan | None = None,
        callback: StepCallback | None = None,
        trace: bool = False,
    ) -> Result:
        """Stylise one picture.

        Args:
            content: a path, a PIL image or an array (see `nstgraph.image_load.load`).
            styles: as many as the stylizer was made for.
            plan: what `plan` gave for these pictures; made if it is not given.
            callback: called after each step with its `Step` and the current image [1, height, width, 3].
            trace: also record what an evaluation does, at the largest size that is computed whole.

        Raises:
            PictureError: a picture cannot be read or is too small or too narrow.
            ConfigError: the run does not fit into memory, or no size can be traced.
            SearchError: the loss is not a number at the starting image.
            RunError: TensorFlow failed on the way, for want of memory mostly; carries the result so far.
            Interrupted: Ctrl-C; carries the result so far.
        """
        if len(styles) != len(self.graph.styles):
            raise ConfigError(f"{len(styles)} style images given to a stylizer for {len(self.graph.styles)}")
        pictures = [load(picture) for picture in (content, *styles)]
        plan = plan or self.plan(pictures[0], pictures[1:])
        return Run(self, plan, pictures[0], pictures[1:], callback, trace=trace).result()

    def hook_callback(self, pictures: Sequence[Array]) -> StepCallback | None:
        """What lets the session hooks see a step made with these pictures; None if there are no hooks."""
        return None if self._stepper is None else self._stepper.callback(self._monitored, pictures)

    def settings(self) -> dict[str, Any]:
        """Everything that results depend on, but the pictures: settings, the loss, versions, the weights' hash."""
        return {
            **{
                name: value
                for name, value in dataclasses.asdict(self.config).items()
                if name not in ("loss", "weights", "network")
            },
            "precision": self.precision,
            "loss": str(self.loss),
            "weights": None if self.config.network else self.weights.path.name,
            "network": self.weights.path.name if self.config.network else None,
            "weights_sha256": self.weights.sha256,
            "nstgraph": __version__,
            "tensorflow": importlib.metadata.version("tensorflow"),
            "scipy": importlib.metadata.version("scipy"),
        }

    def release(self) -> None:
        """Give back the memory that depends on the pictures."""
        self.evaluator.release()
        if "tiled" in self.__dict__:
            self.tiled.release()

    def close(self) -> None:
        """Give the session's memory and threads back, and the graph's."""
        self._closing.close()
        # Operations and graph know each other; Python would let some thirty graphs pile up before it collects them.
        gc.collect()

    def __enter__(self) -> Stylizer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def stylize(
    content: Source,
    style: Source | Sequence[Source],
    config: Config | None = None,
    *,
    callback: StepCallback | None = None,
    **settings: Any,
) -> Result:
    """Paint ``content`` in the manner of ``style``.

        nstgraph.stylize("photo.jpg", "painting.jpg", size=512, loss="content 2*style").save("out.png")

    Args:
        content: a path, a PIL image, or an array (see `nstgraph.image_load.load`).
        style: one such, or a list of them.
        config: settings; the defaults if not given.
        callback: called after each step with its `Step` and the current image [1, height, width, 3], 0..255.
        settings: single settings of `Config` by name, which win over ``config``.

    Raises:
        NstgraphError: bad input, with one line that says what to do.
        Interrupted: Ctrl-C; its ``result`` is the best so far.
    """
    styles: list[Source] = list(style) if isinstance(style, list | tuple) else [cast(Source, style)]
    if not styles:
        raise ConfigError("no style image; give at least one")
    chosen = (config or Config()).replace(**settings)
    pictures = [load(picture) for picture in (content, *styles)]
    with Stylizer(chosen, len(styles)) as stylizer:
        return stylizer(pictures[0], pictures[1:], callback=callback)


def graph_of(config: Config, styles: int = 1) -> StyleGraph:
    """A style graph of its own, with the network that the settings ask for.

    Raises:
        WeightsError: the weights or the network's file cannot be found or used.
        ConfigError: the network's input is not clear.
    """
    if config.network is not None:
        return StyleGraph(FrozenNetwork(config.network, config.input, config.input_values), styles=styles)
    weights = find(config.weights)
    precision = native_precision() if config.precision == "auto" else config.precision
    return StyleGraph(weights, styles=styles, pooling=config.pooling, padding=config.padding, precision=precision)


def check_pictures(config: Config, content: Picture, *styles: Picture) -> tuple[int, int]:
    """The result's height and width in pixels.

    Raises:
        PictureError: a picture is too small or too narrow, or the starting image cannot be read.
    """
    for style in styles:
        images.check_size(style, round(config.size * config.style_scale))
    if config.init not in INITS:
        load(config.init)
    return images.check_size(content, config.size)
