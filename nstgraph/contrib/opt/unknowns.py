"""Variables of a graph as one vector of unknowns, and how a graph is evaluated as if they had other values.

A search tries values without touching the variables: it feeds the tensors that read them. Only a variable that the loss
reads in another way, such as ``tf.gather`` of a resource variable or inside a function, is assigned for each trial, and
put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.walk import ancestors

__all__ = ["Trial", "Unknowns"]

Array = np.ndarray[Any, Any]

#: Operations on a resource's handle that neither read its value nor matter to who does.
_HARMLESS = {"VarIsInitializedOp", "AssignVariableOp", "VariableShape", "DestroyResourceOp"}


class Unknowns:
    """Variables, or slices of variables, flattened and put one after the other.

    Args:
        variables: each a ``tf.Variable``, or a slice of one such as ``variable[2:4]``.

    Attributes:
        placeholders: one for each variable, for values that are to be assigned to it, or a direction to move it in.
        slices: where each one lies in the vector; empty until `locate` if a shape is not known beforehand.

    Raises:
        ValueError: there are none.
        TypeError: one of them is neither a variable nor a slice of one.
    """

    def __init__(self, variables: Sequence[Any]) -> None:
        if not variables:
            raise ValueError("there is no variable to search; give var_list, or make some variable trainable")
        self.variables = list(variables)
        self.shapes: list[tuple[int, ...]] = []
        self.slices: list[slice] = []
        self.placeholders = [tf.placeholder(v.dtype.base_dtype, v.shape) for v in variables]
        self._updates = [_assign(v, p) for v, p in zip(variables, self.placeholders, strict=True)]
        if all(v.shape.is_fully_defined() for v in variables):
            self.locate([tuple(v.shape.as_list()) for v in variables])

    @property
    def names(self) -> list[str]:
        """The variables' names, for messages."""
        return [variable.name for variable in self.variables]

    def locate(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Say which shapes the variables have."""
        self.shapes = list(shapes)
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes]).tolist()
        self.slices = [slice(begin, end) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]

    def read(self, session: Any) -> Array:
        """The variables' values now, [n]; their shapes are known from then on."""
        values = session.run(self.variables)
        self.locate([value.shape for value in values])
        return pack(values)

    def write(self, session: Any, vector: Array, only: Iterable[int] | None = None, **run_kwargs: Any) -> None:
        """Assign the values in ``vector`` [n] to the variables, or to some of them."""
        chosen = range(len(self.variables)) if only is None else list(only)
        values = self.unpack(vector)
        feeds = {self.placeholders[i]: values[i] for i in chosen}
        session.run([self._updates[i] for i in chosen], feeds, **run_kwargs)

    def unpack(self, vector: Array) -> list[Array]:
        """A value for each variable, in its shape and type."""
        return [
            np.asarray(vector[where], variable.dtype.base_dtype.as_numpy_dtype).reshape(shape)
            for variable, where, shape in zip(self.variables, self.slices, self.shapes, strict=True)
        ]

    def bounds(self, given: Mapping[Any, Any]) -> list[tuple[float, float]]:
        """A pair (low, high) for each unknown, infinite where there is no bound.

        Args:
            given: by variable, a pair (low, high); each a number, nested list or array that can be broadcast to the
                variable's shape, or None.

        Raises:
            ValueError: a bound is not a pair, has another shape, or is lower above than below.
        """
        pairs: list[tuple[float, float]] = []
        for variable, shape in zip(self.variables, self.shapes, strict=True):
            # By identity, as a variable is not equal to itself but elementwise, and may not be hashable.
            found = [pair for key, pair in given.items() if key is variable or _referred(key) is variable]
            try:
                low, high = found[0] if found else (None, None)
                lows, highs = _limit(low, -np.inf, shape), _limit(high, np.inf, shape)
            except (TypeError, ValueError) as error:
                raise ValueError(f"bounds of {variable.name} are not a pair (low, high): {error}") from error
            if (lows > highs).any():
                raise ValueError(f"bounds of {variable.name}: low is above high")
            pairs += zip(lows.tolist(), highs.tolist(), strict=True)
        return pairs


class Trial:
    """A session in which the unknowns seem to have other values.

    Args:
        unknowns: the variables.
        session: a ``tf.Session`` or one with the same ``run``.
        feed_dict: the caller's feed, which wins over the unknowns.
        watched: everything that will be evaluated; decides how the variables' values are replaced.

    Attributes:
        session: as given.
        initial: the variables' values before the search, [n].
        pinned: numbers of the variables that the caller feeds.
    """

    def __init__(self, unknowns: Unknowns, session: Any, feed_dict: Mapping[Any, Any], watched: Iterable[Any]) -> None:
        self._unknowns = unknowns
        self.session = session
        self._feed = dict(feed_dict)
        self.pinned: dict[int, Any] = {}
        self._reads: list[list[Any]] = []
        self._assigned: list[int] = []
        needed = _needed(watched)
        by_name = {_name(key): value for key, value in feed_dict.items()}
        for number, variable in enumerate(unknowns.variables):
            reads, others = _reads(variable)
            self._reads.append(reads)
            if needed & others:
                self._assigned.append(number)
            fed = [by_name[tensor.name] for tensor in (*reads, _element(variable)) if tensor.name in by_name]
            if fed:
                self.pinned[number] = fed[0]
        self.initial = unknowns.read(session)

    def run(self, fetches: Sequence[Any], vector: Array, direction: Array | None = None) -> list[Any]:
        """Evaluate ``fetches`` as if the unknowns were ``vector`` [n]; a ``direction`` [n] goes to the placeholders."""
        values = self._unknowns.unpack(vector)
        for number, value in self.pinned.items():
            values[number] = np.broadcast_to(np.asarray(value, values[number].dtype), values[number].shape)
        if self._assigned:
            self._unknowns.write(self.session, pack(values), self._assigned)
        feed = {read: value for reads, value in zip(self._reads, values, strict=True) for read in reads}
        if direction is not None:
            feed.update(zip(self._unknowns.placeholders, self._unknowns.unpack(direction), strict=True))
        result: list[Any] = self.session.run(list(fetches), {**feed, **self._feed})
        return result

    def values_of(self, tensor: Any) -> Callable[[Array], Array]:
        """A tensor, flattened, as a function of the unknowns."""
        return lambda vector: np.asarray(self.run([tensor], vector)[0], np.float64).ravel()

    def rows_of(self, gradients: Sequence[Sequence[Any]]) -> Callable[[Array], Array]:
        """The Jacobian [m, n] as a function of the unknowns, from each of m components' gradients by variable."""
        flat = [gradient for row in gradients for gradient in row]
        return lambda vector: self.freed(pack(self.run(flat, vector)).reshape(len(gradients), -1))

    def freed(self, gradient: Array) -> Array:
        """A gradient [n], or several [m, n], with zeros for what the caller feeds, which does not move."""
        for number in self.pinned:
            gradient[..., self._unknowns.slices[number]] = 0.0
        return gradient

    def outside(self, callback: Callable[..., Any]) -> Callable[..., Any]:
        """A caller's function, which shall see the variables as they are outside of the trial."""

        def called(*values: Any) -> Any:
            self.restore()
            return callback(*values)

        return called

    def restore(self) -> None:
        """Put variables back that had to be assigned."""
        if self._assigned:
            self._unknowns.write(self.session, self.initial, self._assigned)


def pack(values: Iterable[Any]) -> Array:
    """Arrays, flattened and put one after the other, in float64."""
    return np.concatenate([np.asarray(value, np.float64).ravel() for value in values])


def _assign(variable: Any, value: Any) -> Any:
    try:
        return tf.convert_to_tensor(variable.assign(value)).op
    except (AttributeError, TypeError, ValueError) as error:
        raise TypeError(f"{variable!r} in var_list is neither a variable nor a slice of one") from error


def _reads(variable: Any) -> tuple[list[Any], set[str]]:
    """The tensors that read a variable, and the names of operations that use it without going through one of them."""
    handle = getattr(variable, "handle", None)
    if handle is None:  # a ref variable is the tensor that reads it, and so is a slice
        return [_element(variable)], set()
    ops = [op for op in handle.consumers() if op.type not in _HARMLESS]
    return [op.outputs[0] for op in ops if op.type == "ReadVariableOp"], {
        op.name for op in ops if op.type != "ReadVariableOp"
    }


def _element(variable: Any) -> Any:
    """What ``Session.run`` takes a variable or tensor for."""
    graph = variable.graph
    return graph.as_graph_element(variable)


def _name(key: Any) -> str:
    """Name of the tensor that a key of a feed stands for; empty if it is none."""
    if isinstance(key, str):
        return key
    convert = getattr(key, "_as_graph_element", None)
    return str(getattr(convert() if convert is not None else key, "name", ""))


def _needed(watched: Iterable[Any]) -> set[str]:
    """Names of the operations that take part in evaluating something."""
    tensors: dict[str, Any] = {}
    for item in watched:
        op = getattr(item, "op", item)
        for tensor in (*getattr(op, "inputs", ()), *getattr(op, "outputs", ())):
            tensors.update(ancestors(tensor))
    return {tensor.op.name for tensor in tensors.values()}


def _referred(key: Any) -> Any:
    """The variable behind ``variable.ref()``."""
    deref = getattr(key, "deref", None)
    return deref() if deref is not None else None


def _limit(value: Any, default: float, shape: tuple[int, ...]) -> Array:
    numbers = np.array(np.nan if value is None else value, np.float64)  # in which None becomes NaN
    return np.broadcast_to(np.where(np.isnan(numbers), default, numbers), shape).ravel()
