"""From pictures to a picture: coarse-to-fine search over one graph."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, cast

import numpy as np

from nstgraph import __version__, images
from nstgraph.config import INITS, Config
from nstgraph.errors import ConfigError, Interrupted
from nstgraph.graph import StyleGraph
from nstgraph.image_load import Source, load
from nstgraph.images import Picture
from nstgraph.objective import Array, Evaluator, Objective
from nstgraph.optimize import Search, Step, StepCallback
from nstgraph.pyramid import Level, pyramid
from nstgraph.registry import as_loss
from nstgraph.result import Result
from nstgraph.weights import find

__all__ = ["Stylizer", "check_pictures", "stylize"]


class Stylizer:
    """A loss, a network and a session that serve any number of pictures of any size.

        with Stylizer(Config(size=256)) as stylizer:
            for photo in photos:
                stylizer(photo, ["painting.jpg"]).save(...)

    Args:
        config: all settings.
        styles: how many style images each picture is made from.

    Raises:
        LossError, PluginError: the loss cannot be read or built.
        WeightsError: the weights file cannot be found, or lacks a layer.
    """

    def __init__(self, config: Config, styles: int = 1) -> None:
        self.config = config
        self.loss = as_loss(config.loss)
        self.weights = find(config.weights)
        self.graph = StyleGraph(self.weights, styles=styles, pooling=config.pooling, padding=config.padding)
        self.objective = Objective(self.graph, self.loss)
        self.evaluator = Evaluator(self.objective, freeze=config.freeze)

    def __call__(self, content: Source, styles: Sequence[Source], *, callback: StepCallback | None = None) -> Result:
        """Stylise one picture.

        Args:
            content: a path, a PIL image or an array (see `nstgraph.image_load.load`).
            styles: as many as the stylizer was made for.
            callback: called after each step with its `Step` and the current image [1, height, width, 3].

        Raises:
            PictureError: a picture cannot be read or is too small or too narrow.
            SearchError: the loss is not a number at the starting image.
            Interrupted: Ctrl-C; carries the result so far.
        """
        if len(styles) != len(self.graph.styles):
            raise ConfigError(f"{len(styles)} style images given to a stylizer for {len(self.graph.styles)}")
        return _Run(self, load(content), [load(style) for style in styles], callback).result()

    def settings(self) -> dict[str, Any]:
        """Everything that the result depends on, but the pictures: settings, the loss, versions, the weights' hash."""
        return {
            **{
                name: value
                for name, value in dataclasses.asdict(self.config).items()
                if name not in ("loss", "weights")
            },
            "loss": str(self.loss),
            "weights": self.weights.path.name,
            "weights_sha256": self.weights.sha256,
            "nstgraph": __version__,
            "tensorflow": importlib.metadata.version("tensorflow"),
            "scipy": importlib.metadata.version("scipy"),
        }

    def close(self) -> None:
        """Give the session's memory and threads back."""
        self.evaluator.close()

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


class _Run:
    """One picture on its way through the pyramid."""

    def __init__(
        self, stylizer: Stylizer, content: Picture, styles: list[Picture], callback: StepCallback | None
    ) -> None:
        self.config = config = stylizer.config
        self.stylizer = stylizer
        self.content = content
        self.styles = styles
        self.callback = callback
        self.size = check_pictures(config, content, *styles)
        sizes = [images.fitted(style.height, style.width, self._style_longest(config.size)) for style in styles]
        shortest = min(min(size) for size in (self.size, *sizes))
        self.levels = pyramid(config.size, config.steps, config.scales, shortest=shortest)
        self.searches: list[Search] = []
        self.history: list[Step] = []
        self.started = time.perf_counter()

    def result(self) -> Result:
        """Search at every level in turn, each starting from the enlarged result of the one before."""
        try:
            for level in self.levels:
                self._search(level)
                if self.searches[-1].stopped:
                    break
        except KeyboardInterrupt:
            if not self.history:
                raise
            raise Interrupted(self._result("interrupted")) from None
        return self._result(self.searches[-1].reason)

    def _search(self, level: Level) -> None:
        height, width = images.fitted(self.content.height, self.content.width, level.size)
        evaluator = self.stylizer.evaluator
        evaluator.bind(
            images.resize(self.content.rgb, height, width), [self._style(style, level) for style in self.styles]
        )
        search = Search(
            evaluator,
            images.resize(self.searches[-1].image, height, width) if self.searches else self._start(height, width),
            level.steps,
            history=self.config.history,
            bounds=self.config.bounds,
            callback=self._step,
        )
        self.searches.append(search)
        search.run()

    def _start(self, height: int, width: int) -> Array:
        init = self.config.init
        if init == "noise":
            # Around mid-grey, with the contrast of a photograph.
            noise = np.random.default_rng(self.config.seed).normal(127.5, 58.0, (1, height, width, 3))
            return noise.clip(0, 255).astype(np.float32)
        source = {"content": self.content, "style": self.styles[0]}.get(os.fspath(init)) or load(init)
        return images.resize(source.rgb, height, width)

    def _style(self, style: Picture, level: Level) -> Array:
        return images.resize(style.rgb, *images.fitted(style.height, style.width, self._style_longest(level.size)))

    def _style_longest(self, size: int) -> int:
        return round(size * self.config.style_scale)

    def _step(self, step: Step, image: Array) -> None:
        """Number a level's step within the whole run, and pass it on."""
        works = [level.work for level in self.levels]
        level = len(self.searches) - 1
        step = dataclasses.replace(
            step,
            step=len(self.history) + 1,
            evaluations=sum(search.evaluations for search in self.searches),
            seconds=time.perf_counter() - self.started,
            done=(sum(works[:level]) + step.done * works[level]) / sum(works),
        )
        self.history.append(step)
        if self.callback is not None:
            self.callback(step, image)

    def _result(self, reason: str) -> Result:
        alpha = self.content.alpha
        restarts = sum(search.restarts for search in self.searches)
        return Result(
            image=images.resize(self.searches[-1].image, *self.size).clip(0, 255),
            alpha=None if alpha is None else images.resize(alpha, *self.size).clip(0, 1),
            pictures=(self.content.rgb, *(style.rgb for style in self.styles)),
            history=tuple(self.history),
            reason=f"{reason} after {len(self.history)} of {self.config.steps} steps"
            + (f", {restarts} restarts from the best image" if restarts else ""),
            evaluations=sum(search.evaluations for search in self.searches),
            settings=self.stylizer.settings(),
        )
