"""A session hook that writes losses and pictures for TensorBoard."""

from __future__ import annotations

import os

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.hooks.style_hook import StyleHook
from nstgraph.pictures.save import encode
from nstgraph.search.step import Step

__all__ = ["SummaryHook"]


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

    def after_step(self, step: Step, image: Array) -> None:
        """Write a step."""
        losses = {"total": step.total, **step.terms}
        values = [tf.Summary.Value(tag=f"loss/{label}", simple_value=value) for label, value in losses.items()]
        if self._images and self._written % self._images == 0:
            shown = tf.Summary.Image(
                height=step.height, width=step.width, colorspace=3, encoded_image_string=encode(image)
            )
            values.append(tf.Summary.Value(tag="generated_image", image=shown))
        self._writer.add_summary(tf.Summary(value=values), step.step)
        self._written += 1

    def end(self, session: object) -> None:
        """Close the event file."""
        self._writer.close()
