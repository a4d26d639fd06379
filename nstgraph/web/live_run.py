"""A search that others watch and steer: its callback on one side, what a page asks of it on the other."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Callable, Mapping

import numpy as np
from PIL import Image

from nstgraph.arrays import Array
from nstgraph.errors import LossError
from nstgraph.losses.parameter_types import as_number
from nstgraph.messages import did_you_mean
from nstgraph.run.step_text import StepText
from nstgraph.search.step import Step

__all__ = ["LiveRun", "jpeg_of"]

#: Most pixels on a side of a preview.
_SIDE = 768

#: Least seconds between two previews, and how many times as long as making one they are apart.
_APART, _REST = 1.0, 50.0


def jpeg_of(image: Array, side: int = _SIDE) -> bytes:
    """A JPEG of a picture [1, height, width, 3], 0..255, with at most ``side`` pixels on each side."""
    picture = Image.fromarray(np.clip(np.rint(image[0]), 0, 255).astype(np.uint8))
    picture.thumbnail((side, side), reducing_gap=2.0)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


class LiveRun:
    """The callback of a run; all of its methods may be called from any thread.

    Args:
        steps: how many there will be.
        weights: of the terms, by label.
        shown: gives the search's image the colours of the result.
        before: steps of earlier sittings.

    Attributes:
        history: the steps so far.
        weights: as they are now.
        seconds_left: None if that is not known.
        preview: number of the newest preview, and its JPEG; 0 and nothing before the first.
        cost: seconds that previews have taken, on the search's own time.
    """

    def __init__(
        self,
        steps: int,
        weights: Mapping[str, float],
        shown: Callable[[Array], Array] = lambda image: image,
        before: tuple[Step, ...] = (),
    ) -> None:
        self.of, self.weights, self.history = steps, dict(weights), before
        self.seconds_left: float | None = None
        self.preview: tuple[int, bytes] = 0, b""
        self.cost = 0.0
        self._shown, self._text = shown, StepText(steps)
        self._lock = threading.Lock()
        self._wanted: dict[str, float] = {}
        self._ending: type[BaseException] | None = None
        self._due = 0.0

    def __call__(self, step: Step, image: Array) -> Mapping[str, float] | None:
        """Take note of a step, and tell the search what is wanted of it (see `StepCallback`)."""
        self.history = (*self.history, step)
        self.seconds_left = self._text.seconds_left(step)
        if time.monotonic() >= self._due:
            self._make_preview(image)
        with self._lock:
            if self._ending is not None:
                raise self._ending
            wanted, self._wanted = self._wanted, {}
            self.weights.update(wanted)
        return wanted or None

    def stop(self) -> None:
        """End the search after its next step, with the best picture so far."""
        self._ending = self._ending or StopIteration

    def interrupt(self) -> None:
        """End the search after its next step, to be gone on with later."""
        self._ending = KeyboardInterrupt

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Give terms other weights after the next step.

        Raises:
            LossError: there is no such term, or a weight is no number.
        """
        wanted = {}
        for label, weight in weights.items():
            if label not in self.weights:
                raise LossError(f"no loss term {label!r}{did_you_mean(label, self.weights)}")
            wanted[label] = as_number(weight, f"the weight of {label}")
        with self._lock:
            self._wanted.update(wanted)

    def _make_preview(self, image: Array) -> None:
        began = time.monotonic()
        number, _ = self.preview
        with contextlib.suppress(Exception):  # of whatever kind: the picture is what counts
            self.preview = number + 1, jpeg_of(self._shown(image))
        took = time.monotonic() - began
        self.cost += took
        self._due = began + took + max(_APART, _REST * took)
