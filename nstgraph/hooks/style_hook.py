"""A session hook that is told of steps."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.fed_variables import fed_variables, load
from nstgraph.search.step import Step
from nstgraph.tensor_ancestry import run_for

__all__ = ["StyleHook"]


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

    def after_step(self, step: Step, image: Array) -> None:
        """Take note of a step; does nothing unless overridden.

        Args:
            step: its number is the global step; evaluations, time and progress are not known to a hook.
            image: [1, height, width, 3], RGB, 0..255 with the search's excursions beyond.
        """

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
        self._fed = fed_variables(graph, run_for([self._total])[0])
        self._terms = {mul.op.name.rpartition("loss/")[2]: mul for mul in self._total.op.inputs}

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Find out which step a new or restored session is at, and load the loss's weights if they are not there."""
        load(session, self._fed)
        self._last = int(session.run(self._global_step))

    def before_run(self, run_context: Any) -> Any:
        """Ask for what a step is told by, if the next one is to be told."""
        if (self._last + 1) % self._every:
            return None
        return tf.train.SessionRunArgs({"total": self._total, "terms": self._terms, "image": self._image})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Tell of the step, if the run was one."""
        number = int(run_context.session.run(self._global_step))
        if number == self._last:
            return
        self._last = number
        if run_values.results is not None:
            total, terms, image = (run_values.results[name] for name in ("total", "terms", "image"))
            values = {label: float(value) for label, value in terms.items()}
            self.after_step(Step(number, float(total), values, *image.shape[1:3]), image)
