"""The rule of an optimiser of ``tf.compat.v1.train``, applied to gradients that were computed elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.search.optimizer import Optimizer
from nstgraph.search.optimizer_kinds import OURS

__all__ = ["TrainOptimizer"]


class TrainOptimizer:
    """Moves a point by the gradients there, in a graph and a session of its own, on the processor.

    TensorFlow holds how far the point has moved from ``start``, rather than the point. So small steps are not rounded
    as the large numbers of pictures are; and what some rules do to the variable itself (a regularisation, or writing it
    anew as a sum of all gradients) keeps the point near its start, where it would otherwise pull it to 0, to black.

    A context manager, which ends with the session closed.

    Args:
        optimizer: one that `descends`.
        start: [n] float32, the point at first; left alone.
        rate: factor of its learning rate.
        bounds: the least and the greatest that an unknown may be; it is moved there after each step that leads beyond.
    """

    def __init__(
        self, optimizer: Optimizer, start: Array, *, rate: float = 1.0, bounds: tuple[float, float] | None = None
    ) -> None:
        self._start = start
        self._bounds = bounds
        with tf.Graph().as_default() as graph:
            self._gradient = tf.placeholder(tf.float32, start.shape)
            moved = tf.Variable(tf.zeros(start.shape), use_resource=True)
            step = tf.Variable(0, dtype=tf.int64, use_resource=True)
            rule = _rule(optimizer, rate, step)
            with tf.control_dependencies([rule.apply_gradients([(self._gradient, moved)], global_step=step)]):
                read = moved.read_value()
            corrected = moved.assign(self._gradient).op
            initialize = tf.global_variables_initializer()
        # As an evaluator's: operations follow each other, and each spreads over all cores by itself.
        options = tf.ConfigProto(inter_op_parallelism_threads=1, use_per_session_threads=True, device_count={"GPU": 0})
        self._session = tf.Session(graph=graph, config=options)
        self._session.run(initialize)
        self._update: Any = self._session.make_callable(read, [self._gradient])
        self._correct: Any = self._session.make_callable(corrected, [self._gradient])

    def step(self, gradient: Array) -> Array:
        """Take one step by the gradient, [n] float32, at the point; returns the new point, an array of its own."""
        moved: Array = self._update(gradient)
        point: Array = self._start + moved
        if self._bounds is not None:
            np.clip(point, *self._bounds, out=point)
            self._correct(point - self._start)
        return point

    def __enter__(self) -> TrainOptimizer:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()


def _rule(optimizer: Optimizer, rate: float, step: Any) -> Any:
    values = {name: value for name, value in optimizer.values.items() if name not in OURS}
    values["learning_rate"] *= rate
    if optimizer.name == "adagradda":
        values["global_step"] = step
    return getattr(tf.train, f"{optimizer.kind.train}Optimizer")(**values)
