"""A loss built into a style graph, and the function of the generated image that it becomes when pictures are bound."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nstgraph._tf import tf
from nstgraph.ancestry import ancestors, dependents, frozen_tensors
from nstgraph.errors import LossError, NstgraphError
from nstgraph.graph.backward_order import delay
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.losses.loss import Loss, WeightedTerm

__all__ = ["Objective"]

_FLOAT16_SCALE = 2.0**17


class Objective:
    """A loss as tensors of a `StyleGraph`.

    Args:
        graph: where the terms are built.
        loss: what is to be minimised: a `Loss`; or scalars that a caller has built from ``graph.generated`` and the
            other views, by label, or a single one.

    Attributes:
        terms: by label, the scalar ``loss/<label>:0``, which is the term times its weight.
        weights: by label, the scalar graph input ``weight/<label>:0``; the loss's own weight unless it is fed.
        defaults: the loss's own weights, by label.
        total: ``loss/total:0``, the sum of the terms.
        gradient_scale: what gradients are multiplied by while they pass through the network.
        gradient: ``gradient:0``, of the total with respect to the generated image: [1, height, width, 3].
        inputs: the pictures, content and styles, then other placeholders that the loss depends on.
        frozen: tensors that stay the same while the generated image moves (see `frozen_tensors`).

    Raises:
        LossError: a term fails to build, is not a scalar, or does not depend on the generated image, or does so past
            ``graph.generated``.
    """

    def __init__(self, graph: StyleGraph, loss: Loss | Mapping[str, Any] | Any) -> None:
        self.graph = graph
        self.terms: dict[str, Any] = {}
        self.weights: dict[str, Any] = {}
        self.defaults: dict[str, float] = {}
        with graph.building():
            for label, (value, weight) in self._built(loss).items():
                self._add(label, value, weight)
            self.total = tf.add_n(list(self.terms.values()), "loss/total")
            self.gradient_scale = self._gradient_scale()
            self._check_dependence()
            gradient = tf.gradients(tf.stop_gradient(self.gradient_scale) * self.total, graph.generated.image)[0]
            if gradient is None:
                raise LossError(
                    f"no gradient reaches the generated image through {loss}; use differentiable operations"
                )
            self.gradient = tf.divide(gradient, self.gradient_scale, "gradient")
            delay([self.gradient], [self.total])
            # Run with a fed generated_image, this stores what was fed; unfed, it assigns the variable to itself.
            self.store = tf.assign(graph.variable, graph.generated.image, validate_shape=False).op
        self.inputs = [view.image for view in (graph.content, *graph.styles)]
        self.inputs += [
            tensor
            for tensor in ancestors(self.total, stop=self.inputs).values()
            if tensor.op.type == "Placeholder" and all(tensor is not picture for picture in self.inputs)
        ]
        fetches = [self.total, *self.terms.values(), self.gradient]
        self.frozen = frozen_tensors(fetches, [graph.generated.image, *self.weights.values()], self.inputs)

    def _gradient_scale(self) -> Any:
        if self.graph.network.dtype != tf.float16:
            return tf.constant(1.0)
        # A pixel's share of a mean is below what float16 can hold, and its part in a large sum is above.
        return _FLOAT16_SCALE / tf.maximum(tf.abs(self.total), 1.0)

    def _built(self, loss: Loss | Mapping[str, Any] | Any) -> dict[str, tuple[Any, float]]:
        """Each term's value and weight, by label."""
        if isinstance(loss, Loss):
            return {label: (self._term(label, term), term.weight) for label, term in loss.labelled().items()}
        values = loss if isinstance(loss, Mapping) else {"own": loss}
        if not values:
            raise LossError("the loss has no terms; give at least one")
        for label, value in values.items():
            if label == "total" or not re.fullmatch(r"[A-Za-z0-9.][A-Za-z0-9_.-]*", label):
                raise LossError(f"loss term {label!r} cannot be called so; use letters, digits and _, and not 'total'")
            if getattr(value, "graph", None) is not self.graph.graph:
                raise LossError(f"loss term {label!r} is no tensor of the style graph's tf.Graph; build it there")
        return {label: (value, 1.0) for label, value in values.items()}

    def _term(self, label: str, term: WeightedTerm) -> Any:
        try:
            with tf.name_scope(f"terms/{label}"):
                return tf.convert_to_tensor(term.term.function(self.graph, **term.parameters))
        except NstgraphError:
            raise
        except Exception as error:  # whatever a stranger's function raises is that term's failure
            reason = " ".join(str(error).split()) or type(error).__name__
            raise LossError(f"loss term {label!r} cannot be built ({reason}); mend {term.term.origin}") from error

    def _add(self, label: str, value: Any, weight: float) -> None:
        if value.dtype != tf.float32:
            raise LossError(f"loss term {label!r} is {value.dtype.name}; cast it to float32")
        if value.shape.rank != 0:
            raise LossError(f"loss term {label!r} returns a tensor of shape {value.shape}; reduce it to a scalar")
        self.defaults[label] = weight
        self.weights[label] = tf.placeholder_with_default(tf.constant(weight, value.dtype), [], f"weight/{label}")
        self.terms[label] = tf.multiply(self.weights[label], value, f"loss/{label}")

    def _check_dependence(self) -> None:
        image, variable = self.graph.generated.image, self.graph.variable
        moves = dependents([image])
        past = ancestors(self.total, stop=[image])
        for label, value in self.terms.items():
            if value.op.name not in moves:
                raise LossError(f"loss term {label!r} does not depend on g.generated, so it cannot be minimised")
        if self.graph.graph.as_graph_element(getattr(variable, "handle", variable)).name in past:
            raise LossError(f"the loss reads variable {variable.name} itself; build it from g.generated.image instead")
