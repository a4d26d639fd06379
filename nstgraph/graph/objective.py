"""A loss built into a style graph, and the function of the generated image that it becomes when pictures are bound."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError, NstgraphError
from nstgraph.fed_variables import fed_variables, load
from nstgraph.graph.backward_order import delay
from nstgraph.graph.spatial_sums import inside
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.graph.targets import targets_of
from nstgraph.graph.view import View
from nstgraph.losses.loss import Loss, WeightedTerm
from nstgraph.messages import one_line
from nstgraph.tensor_ancestry import ancestors, dependents, run_for

__all__ = ["Objective", "from_term"]

_FLOAT16_SCALE = 2.0**17

#: Types of operations that depend on their operands, in steps or out of TensorFlow's sight, and have no gradient.
_FLAT = {
    "Ceil", "Floor", "FloorDiv", "OnesLike", "PyFunc", "PyFuncStateless", "Rint", "Round", "StopGradient", "ZerosLike",
}  # fmt: skip


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
        store: operation that lets the variable ``generated`` hold what ``generated_image:0`` is fed.
        initialize: operation that initialises the variables that the terms have made for themselves.
        inputs: the pictures, content and styles, then other placeholders that the loss depends on.
        needed: those of the inputs that have to be fed.
        targets: tensors that stay the same while the generated image changes (see `targets_of`).

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
            graph.check_masks_used()
            self.total = tf.add_n(list(self.terms.values()), "loss/total")
            self.gradient_scale = self._gradient_scale()
            self._check_dependence()
            scaled = tf.stop_gradient(self.gradient_scale) * self.total
            self.gradient = tf.divide(self._gradient_of(scaled), self.gradient_scale, "gradient")
            delay([self.gradient], [self.total])
            # Run with a fed generated_image, this stores what was fed; unfed, it assigns the variable to itself.
            # Without the copy, the variable now and then takes over the memory of the array that was fed.
            image = tf.raw_ops.DeepCopy(x=self._without_margin())
            self.store = tf.assign(graph.variable, image, validate_shape=False).op
            needed, _ = run_for([self.total])
            ours = {id(variable) for variable in graph.network.variables}
            of_loss = fed_variables(graph.graph, needed)
            self._others = [group for group in of_loss if not ours & set(map(id, group.variables))]
            self.initialize = tf.group(*(variable.initializer for variable in self._own_variables(needed)))
        pictures = [view.image for view in (graph.content, *graph.styles)]
        ops, used = run_for([self.total], fed=pictures)
        placeholders = [op.outputs[0] for op in ops.values() if op.type == "Placeholder"]
        self.inputs = pictures + placeholders
        self.needed = [t for t in pictures if t.name in used and t.op.type == "Placeholder"] + placeholders
        fetches = [self.total, *self.terms.values(), self.gradient]
        self.targets = targets_of(fetches, [graph.generated.image, *self.weights.values()], self.inputs)

    def load(self, session: Any) -> None:
        """Give weights their values in a session, of the graph's network and of others that the loss depends on.

        See `Network.load`.
        """
        self.graph.network.load(session)
        load(session, self._others)

    def seeing(self, view: View) -> list[str]:
        """Labels of the terms that depend on a picture."""
        return [label for label, value in self.terms.items() if view.image.name in ancestors(value)]

    def _without_margin(self) -> Any:
        """The generated image, of which only the interior is the picture if it wraps."""
        graph = self.graph
        image = graph.generated.image
        return inside(image, [graph.generated], graph.locality) if any(graph.wraps) else image

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
        for label in values:
            if label == "total" or not re.fullmatch(r"[A-Za-z0-9.][A-Za-z0-9_.-]*", label):
                raise LossError(f"{label!r} cannot name a loss term; use letters, digits and _, and not 'total'")
        if len({label.lower() for label in values}) < len(values):
            raise LossError(f"labels of {', '.join(values)} differ only in case; choose names that differ otherwise")
        return {label: (value, 1.0) for label, value in values.items()}

    def _term(self, label: str, term: WeightedTerm) -> Any:
        """The tensor that a term's function gives."""
        origin = term.term.origin
        try:
            with tf.name_scope(f"terms/{label}"):
                value = term.term.function(self.graph, **term.parameters)
                if value is None:
                    raise LossError(f"it returns nothing; let the function in {origin} return a scalar tensor")
                return tf.convert_to_tensor(value)
        except LossError as error:
            raise type(error)(f"loss term {label!r}: {error}") from error
        except NstgraphError:
            raise
        except OSError as error:
            raise LossError(f"loss term {label!r} cannot use a file ({one_line(error)}); check its name") from error
        except (Exception, SystemExit) as error:  # whatever a stranger's function raises is that term's failure
            reason = f"{type(error).__name__}: {one_line(error)}"
            raise LossError(f"loss term {label!r} cannot be built ({reason}); fix {origin}") from error

    def _add(self, label: str, value: Any, weight: float) -> None:
        if getattr(value, "graph", None) is not self.graph.graph:
            raise LossError(f"loss term {label!r} is not a tensor of the style graph's tf.Graph; build it there")
        if value.dtype != tf.float32:
            raise LossError(f"loss term {label!r} is {value.dtype.name}; cast it to float32")
        if value.shape.rank != 0:
            shape = "unknown shape" if value.shape.rank is None else f"shape {value.shape}"
            remedy = "; call set_shape([]) on it" if value.shape.rank is None else "; reduce it to a scalar"
            raise LossError(f"loss term {label!r} returns a tensor of {shape}{remedy}")
        self.defaults[label] = weight
        self.weights[label] = tf.placeholder_with_default(tf.constant(weight, value.dtype), [], f"weight/{label}")
        self.terms[label] = tf.multiply(self.weights[label], value, f"loss/{label}")

    def _check_dependence(self) -> None:
        image, variable = self.graph.generated.image, self.graph.variable
        moves = dependents([image])
        slopes = _slopes_of(image)
        past = ancestors(self.total, stop=[image])
        for label, value in self.terms.items():
            if value.op.name not in moves:
                raise LossError(f"loss term {label!r} does not depend on g.generated, so it cannot be minimised")
            if value.op.name not in slopes:
                raise LossError(
                    f"no gradient of loss term {label!r} reaches g.generated; use differentiable operations"
                )
        if self.graph.graph.as_graph_element(getattr(variable, "handle", variable)).name in past:
            raise LossError(f"the loss reads variable {variable.name} itself; build it from g.generated.image instead")

    def _gradient_of(self, value: Any) -> Any:
        try:
            gradient = tf.gradients(value, self.graph.generated.image)[0]
        except LookupError as error:
            used = (label for label, term in self.terms.items() if _names_one_of(str(error), ancestors(term)))
            what = f"loss term {next(used, '')!r} has no gradient: {one_line(error).partition('. ')[0]}"
            raise LossError(f"{what}; use differentiable operations") from error
        except (TypeError, ValueError) as error:  # shapes that only the gradient of an operation finds not to fit
            raise LossError(f"the loss has no gradient ({one_line(error)}); use other layers or terms") from error
        if gradient is None:
            labels = ", ".join(self.terms)
            raise LossError(f"no gradient of {labels} reaches the generated image; use differentiable operations")
        return gradient

    def _own_variables(self, needed: Collection[str]) -> list[Any]:
        """Variables among the operations that the loss needs, but the generated image and those that are loaded."""
        given = [self.graph.variable, *self.graph.network.variables]
        given += [variable for group in self._others for variable in group.variables]
        return [
            variable
            for variable in self.graph.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
            if getattr(variable, "handle", variable).op.name in needed and all(variable is not other for other in given)
        ]


def from_term(error: BaseException) -> str:
    """End of an error message: the loss term that an operation which failed belongs to; empty if that is unknown."""
    term = re.search(r"\bterms/([\w.-]+)/", str(error))
    return f"; it comes from loss term {term[1]!r}" if term else ""


def _slopes_of(image: Any) -> set[str]:
    """Names of the operations whose values have a gradient with respect to ``image``, though it may be zero."""
    seen: set[str] = set()
    pending = [image]
    while pending:
        tensor = pending.pop()
        if tensor.dtype.is_integer or tensor.dtype.is_bool:
            continue
        for op in tensor.consumers():
            if op.name not in seen and op.type not in _FLAT:
                seen.add(op.name)
                pending.extend(op.outputs)
    return seen


def _names_one_of(message: str, tensors: Mapping[str, Any]) -> bool:
    return any(f"'{tensor.op.name}'" in message for tensor in tensors.values())
