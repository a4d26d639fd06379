"""A loss built into a style graph, and the function of the generated image that it becomes when pictures are bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.errors import LossError, NstgraphError
from nstgraph.graph import StyleGraph
from nstgraph.loss import Loss, WeightedTerm
from nstgraph.schedule import delay
from nstgraph.walk import dependents, frozen_tensors

__all__ = ["Evaluator", "Objective", "Values"]

Array = np.ndarray[Any, Any]

_FLOAT16_SCALE = 2.0**17


class Objective:
    """A loss as tensors of a `StyleGraph`.

    Args:
        graph: where the terms are built.
        loss: what is to be minimised.

    Attributes:
        terms: by label, the scalar ``loss/<label>:0``, which is the term times its weight.
        weights: by label, the scalar graph input ``weight/<label>:0``; the loss's own weight unless it is fed.
        total: ``loss/total:0``, the sum of the terms.
        gradient_scale: what gradients are multiplied by while they pass through the network.
        gradient: ``gradient:0``, of the total with respect to the generated image: [1, height, width, 3].
        frozen: tensors that stay the same while the generated image moves (see `frozen_tensors`).

    Raises:
        LossError: a term fails to build, is not a scalar, or does not depend on the generated image.
    """

    def __init__(self, graph: StyleGraph, loss: Loss) -> None:
        self.graph = graph
        self.loss = loss
        self.terms: dict[str, Any] = {}
        self.weights: dict[str, Any] = {}
        moving = [graph.generated.image, graph.variable.handle]
        with graph.graph.as_default():
            for label, term in loss.labelled().items():
                self._add(label, term)
            self.total = tf.add_n(list(self.terms.values()), "loss/total")
            self.gradient_scale = self._gradient_scale()
            moves = dependents(moving)
            for label, value in self.terms.items():
                if value.op.name not in moves:
                    raise LossError(f"loss term {label!r} does not depend on g.generated, so it cannot be minimised")
            gradient = tf.gradients(tf.stop_gradient(self.gradient_scale) * self.total, graph.generated.image)[0]
            if gradient is None:
                raise LossError(
                    f"no gradient reaches the generated image through {loss}; use differentiable operations"
                )
            self.gradient = tf.divide(gradient, self.gradient_scale, "gradient")
            delay([self.gradient], [self.total])
            # Run with a fed generated_image, this stores what was fed; unfed, it assigns the variable to itself.
            self.store = tf.assign(graph.variable, graph.generated.image, validate_shape=False).op
        data = [view.image for view in (graph.content, *graph.styles)]
        fetches = [self.total, *self.terms.values(), self.gradient]
        self.frozen = frozen_tensors(fetches, [*moving, *self.weights.values()], data)

    def _gradient_scale(self) -> Any:
        if self.graph.network.dtype != tf.float16:
            return tf.constant(1.0)
        # A pixel's share of a mean is below what float16 can hold, and its part in a large sum is above.
        return _FLOAT16_SCALE / tf.maximum(tf.abs(self.total), 1.0)

    def _add(self, label: str, term: WeightedTerm) -> None:
        try:
            with tf.name_scope(f"terms/{label}"):
                value = tf.convert_to_tensor(term.term.function(self.graph, **term.parameters))
        except NstgraphError:
            raise
        except Exception as error:  # whatever a stranger's function raises is that term's failure
            reason = " ".join(str(error).split()) or type(error).__name__
            raise LossError(f"loss term {label!r} cannot be built ({reason}); mend {term.term.origin}") from error
        if value.shape.rank != 0:
            raise LossError(f"loss term {label!r} returns a tensor of shape {value.shape}; reduce it to a scalar")
        self.weights[label] = tf.placeholder_with_default(tf.constant(term.weight, value.dtype), [], f"weight/{label}")
        self.terms[label] = tf.multiply(self.weights[label], value, f"loss/{label}")


@dataclass(frozen=True)
class Values:
    """One evaluation of an objective: the total loss, its terms by label, and the gradient [1, height, width, 3]."""

    total: float
    terms: Mapping[str, float]
    gradient: Array


class Evaluator:
    """An objective in a session: ``evaluator(image)`` gives its `Values` for the pictures bound last.

    Args:
        objective: what to evaluate.
        freeze: evaluate what does not depend on the generated image once at `bind`, and feed it from then on.

    Attributes:
        session: the ``tf.Session``; it is closed with the evaluator, which is a context manager.
        weights: weights of terms by label, to be changed at any time; those not given are the loss's own.
        fetches: what an evaluation runs.
    """

    def __init__(self, objective: Objective, *, freeze: bool = True) -> None:
        self.objective = objective
        self.weights: dict[str, float] = {}
        graph = objective.graph
        self._pictures = [view.image for view in (graph.content, *graph.styles)]
        self._fixed = objective.frozen if freeze else self._pictures
        self._fed: list[Array] = []
        # Operations follow each other, and each spreads over all cores by itself.
        options = tf.ConfigProto(inter_op_parallelism_threads=1, use_per_session_threads=True)
        self.session = tf.Session(graph=graph.graph, config=options)
        graph.network.load(self.session)
        self.session.run(graph.variable.initializer)
        self.fetches = [objective.total, list(objective.terms.values()), objective.gradient, objective.store]

    def bind(self, content: Array, styles: Sequence[Array]) -> None:
        """Choose the pictures: content and styles, each [1, height, width, 3], 0..255, of any size."""
        self.release()  # before as much again is computed
        pictures = dict(zip(self._pictures, (content, *styles), strict=True))
        self._fed = self.session.run(self._fixed, pictures)

    @property
    def bound(self) -> dict[Any, Array]:
        """What is fed for the pictures bound last, by tensor."""
        return dict(zip(self._fixed, self._fed, strict=True))

    def release(self) -> None:
        """Forget the pictures, and give back the memory of what was computed from them."""
        self._fed = []

    def __call__(self, image: Array) -> Values:
        """Evaluate at ``image``, [1, height, width, 3], 0..255; afterwards the variable ``generated`` holds it."""
        total, terms, gradient, _ = self.session.run(self.fetches, self.feed(image))
        return Values(float(total), dict(zip(self.objective.terms, map(float, terms), strict=True)), gradient)

    def feed(self, image: Array) -> dict[Any, Any]:
        """What an evaluation at ``image`` is fed, by tensor."""
        return {self.objective.graph.generated.image: image, **self.fed_weights(), **self.bound}

    def fed_weights(self) -> dict[Any, float]:
        """Weights of terms as they are in force, by the tensor that they are fed to."""
        loss = self.objective.loss.labelled()
        tensors = self.objective.weights
        return {tensors[label]: self.weights.get(label, term.weight) for label, term in loss.items()}

    def close(self) -> None:
        """Give the session's memory and threads back."""
        self.session.close()

    def __enter__(self) -> Evaluator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
