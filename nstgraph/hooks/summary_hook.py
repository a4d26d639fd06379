"""A session hook that writes losses and pictures for TensorBoard."""

from __future__ import annotations

import itertools
import os
import platform
import time
from typing import Any

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.hooks.style_hook import StyleHook
from nstgraph.messages import one_line
from nstgraph.pictures.save import encode
from nstgraph.search.step import Step

__all__ = ["SummaryHook"]

#: What an event file says of itself first.
_FORMAT = "brain.Event:2"

#: Tells event files apart that begin in the same second.
_numbers = itertools.count()


class SummaryHook(StyleHook):
    """Writes losses, and the picture, as an event file for TensorBoard.

    Tags are ``loss/total``, ``loss/<term>`` and ``generated_image``. A folder that cannot be written to is an error
    when the session begins; from then on, a failure ends the writing, but not the run.

    Args:
        folder: where the event file goes; made if need be.
        every, scope: see `StyleHook`.
        images: the picture is written every so many times that losses are; 0 for never.

    Attributes:
        fault: a line that says why the file is incomplete, known at the end of the session; empty if it is complete.
    """

    def __init__(self, folder: str | os.PathLike[str], every: int = 1, scope: str = "", images: int = 10) -> None:
        super().__init__(every, scope)
        self._folder = os.fspath(folder)
        self._images = images
        self._written = 0
        self.fault = ""

    def begin(self) -> None:
        """Open the event file, and write the graph to it."""
        super().begin()
        name = f"events.out.tfevents.{int(time.time()):010d}.{platform.node()}.{os.getpid()}.{next(_numbers)}"
        self._path = os.path.join(self._folder, name)
        tf.io.gfile.makedirs(self._folder)
        # TensorFlow's own writer of events fails in a thread of its own, whose traceback nobody can hold back.
        self._writer = tf.io.TFRecordWriter(self._path)
        self._write(file_version=_FORMAT)
        self._write(graph_def=tf.get_default_graph().as_graph_def(add_shapes=True).SerializeToString())

    def after_step(self, step: Step, image: Array) -> None:
        """Write a step."""
        if self.fault:
            return
        try:
            self._write(step=step.step, summary=self._summary(step, image))
        except Exception as error:  # whatever it is, a log is no reason to lose a picture
            self._stop(f"at step {step.step}: {one_line(error)}")
        self._written += 1

    def end(self, session: object) -> None:
        """Close the event file."""
        try:
            self._writer.close()
            if not tf.io.gfile.exists(self._path):
                self._stop(f"as {self._path} is gone")
        except Exception as error:  # as above
            self._stop(f"at the end: {one_line(error)}")

    def _summary(self, step: Step, image: Array) -> Any:
        losses = {"total": step.total, **step.terms}
        values = [tf.Summary.Value(tag=f"loss/{label}", simple_value=value) for label, value in losses.items()]
        if self._images and self._written % self._images == 0:
            shown = tf.Summary.Image(
                height=step.height, width=step.width, colorspace=3, encoded_image_string=encode(image)
            )
            values.append(tf.Summary.Value(tag="generated_image", image=shown))
        return tf.Summary(value=values)

    def _write(self, **what: Any) -> None:
        self._writer.write(tf.Event(wall_time=time.time(), **what).SerializeToString())
        self._writer.flush()

    def _stop(self, why: str) -> None:
        self.fault = self.fault or f"summaries are incomplete {why}"
