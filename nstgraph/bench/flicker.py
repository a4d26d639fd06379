"""How much a moving picture flickers: what changes between neighbouring results beside what moves."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nstgraph.arrays import Array
from nstgraph.config import VideoConfig
from nstgraph.pictures.load import Source
from nstgraph.video.flow import motion, warped
from nstgraph.video.frame_stylizer import FrameStylizer

if TYPE_CHECKING:
    from nstgraph.video.stylize_video import FinishedFrame

__all__ = ["Flicker", "FlickerComparison"]


class Flicker:
    """Root mean square, in grey levels, of the difference between each result and the one before it, warped.

    Pixels count where the frames' optical flow can be relied on. It is the temporal loss of Ruder, Dosovitskiy & Brox,
    "Artistic style transfer for videos" (2016), equation 7, over all pairs of neighbours, as a distance.
    """

    def __init__(self) -> None:
        self._before: tuple[Array, Array] | None = None
        self._squares = self._pixels = 0.0

    def add(self, frame: Array, result: Array, *, opens: bool = False) -> None:
        """Add the next frame and its result, [height, width, 3], uint8; one that opens a scene has none before it.

        Raises:
            ConfigError: OpenCV is not installed.
        """
        if self._before is not None and not opens:
            moved = motion(self._before[0], frame)
            difference = warped(self._before[1], moved.backward).astype(np.float32) - result
            self._squares += float(np.sum(np.square(difference) * moved.weights[..., np.newaxis])) / 3
            self._pixels += float(np.sum(moved.weights))
        self._before = frame, result

    @property
    def levels(self) -> float:
        """The flicker of what has been added."""
        return float(np.sqrt(self._squares / max(self._pixels, 1.0)))


class FlickerComparison:
    """Callback of `nstgraph.stylize_video` that stylises every frame alone, too, with the same settings.

    Attributes:
        held: flicker of the results, in which frames are held to those before.
        alone: of frames that are made alone.
    """

    def __init__(self, config: VideoConfig, styles: Sequence[Source]) -> None:
        self._config, self._styles = config, styles
        self._closing = contextlib.ExitStack()
        self.held, self.alone = Flicker(), Flicker()

    @functools.cached_property
    def _stylizer(self) -> FrameStylizer:
        return self._closing.enter_context(FrameStylizer(self._config, self._styles))

    def __call__(self, frame: FinishedFrame) -> None:
        self.held.add(frame.frame, frame.image, opens=frame.opens)
        self.alone.add(frame.frame, self._stylizer.open(frame.frame), opens=frame.opens)

    def __enter__(self) -> FlickerComparison:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()
