"""Session hooks: summaries, savers and a user's own hooks see each step of a search.

`Stepper` makes each step of a search a run of a session, which is what session hooks see; `StyleHook` is a hook that
is told of steps, and `SummaryHook` one that writes them for TensorBoard.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.hooks.stepper import Stepper, monitored

__all__ = ["Seen", "Stepper", "StyleHook", "SummaryHook", "monitored"]


@dataclass(frozen=True)
class Seen:
    """What a hook sees of a step.

    Attributes:
        step: the global step.
        total: the loss.
        terms: its weighted terms by label.
        image: the generated image, [1, height, width, 3], RGB, 0..255 with the search's excursions beyond.
    """

    step: int
    total: float
    terms: Mapping[str, float]
    image: Array


class StyleHook(tf.train.SessionRunHook):  # type: ignore[misc]
    """A session hook that is told of steps; override `after_step`.

    Works in every session with hooks: the search's, or a ``MonitoredTrainingSession`` in which an optimiser of
    ``tf.compat.v1.train`` minimises ``loss/total:0`` and counts the global step. (Such an optimiser needs to know the
    size of what it moves: give `nstgraph.StyleGraph` a variable, or a content tensor, of a known shape.)

    Args:
        every: it is told of the global steps that are multiples of this.
        scope: name scope of the style graph, if it has one, such as ``"painting"``.
    """

    def __init__(self, every: int = 1, scope: str = "") -> None:
        self._every = every
        self._prefix = f"{scope}/" if scope else ""
        self._last = 0

    def after_step(self, seen: Seen) -> None:
        """Take note of a step; does nothing unless overridden."""

    def begin(self) -> None:
        """Find the tensors by their names.

        Raises:
            RuntimeError: the graph has no global step, or no loss of a style graph in this scope.
        """
        graph = tf.get_default_graph()
        self._global_step = tf.train.get_global_step()
        if self._global_step is None:
            raise RuntimeError("the graph has no global step; make one with tf.train.get_or_create_global_step()")
        try:
            self._image = graph.get_tensor_by_name(f"{self._prefix}generated_image:0")
            self._total = graph.get_tensor_by_name(f"{self._prefix}loss/total:0")
        except KeyError as error:
            raise RuntimeError(f"the graph has no style loss in scope {self._prefix!r}; build an Objective") from error
        self._terms = {mul.op.name.rpartition("loss/")[2]: mul for mul in self._total.op.inputs}

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Find out which step a new or restored session is at."""
        self._last = int(session.run(self._global_step))

    def before_run(self, run_context: Any) -> Any:
        """Ask for what a step is told by, if the next one is to be told."""
        if (self._last + 1) % self._every:
            return None
        return tf.train.SessionRunArgs({"total": self._total, "terms": self._terms, "image": self._image})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Tell of the step, if the run was one."""
        step = int(run_context.session.run(self._global_step))
        if step == self._last:
            return
        self._last = step
        if run_values.results is not None:
            found = run_values.results
            terms = {label: float(value) for label, value in found["terms"].items()}
            self.after_step(Seen(step, float(found["total"]), terms, found["image"]))


class SummaryHook(StyleHook):
    """Writes losses, and the picture, as an event file for TensorBoard.

    Tags are ``loss/total``, ``loss/<term>`` and ``generated_image``.

    Args:
        folder: where the event file goes; made if need be.
        every, scope: see `StyleHook`.
        images: the picture is written every so many times that losses are; 0 for never.
    """

    def __init__(self, folder: str | os.PathLike[str], every: int = 1, scope: str = "", images: int = 10) -> None:
        super().__init__(every, scope)
        self._folder = os.fspath(folder)
        self._images = images
        self._written = 0

    def begin(self) -> None:
        """Open the event file, and write the graph to it."""
        super().begin()
        self._writer = tf.summary.FileWriter(self._folder, tf.get_default_graph())

    def after_step(self, seen: Seen) -> None:
        """Write a step."""
        losses = {"total": seen.total, **seen.terms}
        values = [tf.Summary.Value(tag=f"loss/{label}", simple_value=value) for label, value in losses.items()]
        if self._images and self._written % self._images == 0:
            values.append(tf.Summary.Value(tag="generated_image", image=_encoded(seen.image)))
        self._writer.add_summary(tf.Summary(value=values), seen.step)
        self._written += 1

    def end(self, session: Any) -> None:
        """Close the event file."""
        self._writer.close()


def _encoded(image: Array) -> Any:
    pixels = np.rint(image[0].clip(0, 255)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    height, width = pixels.shape[:2]
    return tf.Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=buffer.getvalue())
