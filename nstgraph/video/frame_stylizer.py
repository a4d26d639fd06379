"""One frame after the other: first ones as any picture, those that follow held to what was before."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from nstgraph.arrays import Array
from nstgraph.config import Config, VideoConfig
from nstgraph.losses.loss_text import as_loss
from nstgraph.losses.registry import registry
from nstgraph.pictures.load import Source, load
from nstgraph.pictures.picture import Picture, PictureSet
from nstgraph.pictures.resize import resize
from nstgraph.run.colors import Colors
from nstgraph.run.inputs import read_pictures
from nstgraph.run.stylizer import Stylizer
from nstgraph.search.step import StepCallback
from nstgraph.video.scene import Held

__all__ = ["FrameStylizer"]

#: Stands in the settings for what a frame that follows another begins with.
_START = "warped"

#: Steps of such a frame, unless their number is given.
_STEPS = 40


class FrameStylizer:
    """Stylises the frames of a moving picture; it holds two graphs, of which the second has the temporal term.

    Ruder, Dosovitskiy & Brox (2016), equations 8 and 9.

    Args:
        config: all settings.
        styles: the paintings.

    Attributes:
        opening: stylises the frames that begin a scene.
    """

    def __init__(self, config: VideoConfig, styles: Sequence[Source]) -> None:
        self._config = config
        self.styles: list[Picture] = [load(style) for style in styles]
        self._closing = contextlib.ExitStack()
        self.opening = self._closing.enter_context(Stylizer(config, len(self.styles)))
        #: Stand for what each frame is held to, until that is known.
        self._warped, self._weights = (load(np.full((8, 8, 3), 128.0, np.float32)) for _ in range(2))

    @functools.cached_property
    def following(self) -> Stylizer:
        """Stylises the frames that follow another."""
        config, term = self._config, registry["temporal"]
        loss = as_loss(config.loss, keep_colors=config.colors_are_searched)
        if config.temporal:
            loss = loss + config.temporal * term(warped=self._warped, weights=self._weights)
        steps = config.frame_steps or _STEPS
        followed = config.replace(loss=loss, init=_START, scales=1, steps=steps)
        return self._closing.enter_context(Stylizer(followed, len(self.styles)))

    def shown(self, frame: Array) -> Array:
        """A frame, [height, width, 3], uint8, cut as the settings say, in the size of its result."""
        pictures = self._pictures(self._config, frame)
        size = self.opening.plan(pictures).stages[-1].size
        return _bytes(resize(pictures.content.rgb, *size))

    def open(self, frame: Array, callback: StepCallback | None = None) -> Array:
        """The result of a frame that begins a scene, [height, width, 3], uint8."""
        return _bytes(self.opening(self._pictures(self._config, frame), callback=callback).image)

    def follow(self, frame: Array, held: Held, callback: StepCallback | None = None) -> Array:
        """The result of a frame that is held to what was before; the search begins there."""
        config = self.following.config
        pictures = self._pictures(config, frame, _picture(held.picture))
        own: dict[Any, Source] = {}
        if self._config.temporal:
            searched = Colors(config, pictures).searched.starts[0]
            grey = np.repeat(held.weights[..., np.newaxis] * np.float32(255), 3, axis=2)
            own = {self._warped: searched, self._weights: Picture(grey[np.newaxis], None, "weights")}
        return _bytes(self.following(pictures, callback=callback, own=own).image)

    def _pictures(self, config: Config, frame: Array, *starts: Picture) -> PictureSet:
        return read_pictures(config, _picture(frame), self.styles, starts=starts or None)

    def close(self) -> None:
        """Give the sessions' memory back."""
        self._closing.close()

    def __enter__(self) -> FrameStylizer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _picture(frame: Array) -> Picture:
    return Picture(frame[np.newaxis].astype(np.float32), None, "frame")


def _bytes(image: Array) -> Array:
    rounded: Array = np.rint(image[0]).clip(0, 255).astype(np.uint8)
    return rounded
