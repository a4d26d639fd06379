"""How a graph is evaluated as if its variables had other values.

A trial does not touch the variables: it feeds the tensors that read them. Only a variable that is read in another way,
such as by ``tf.gather`` of a resource variable or inside a function, is assigned for each evaluation, and put back.
Weights of a style graph that it needs, and that are not loaded in the session, are loaded first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.contrib.opt.unknowns import Unknowns
from nstgraph.fed_variables import fed_variables, load
from nstgraph.operation_types import HANDLE_USERS
from nstgraph.tensor_ancestry import run_for

__all__ = ["Evaluation", "Trial"]

#: The values of some tensors as a function of the unknowns [n].
Evaluation: TypeAlias = Callable[[Array], list[Any]]


class Trial:
    """The values of tensors as a function of the unknowns.

    Args:
        unknowns: the variables.
        session: a ``tf.Session`` or one with the same ``run``.
        feed_dict: the caller's feed, which wins over the unknowns.
        tensors: what to evaluate.
        gradients: names of those among them that are gradients [n], or several [m, n].
        fetches: what else to evaluate, for ``callback``.
        callback: called with the values of ``fetches`` after each evaluation.

    Attributes:
        session, feed_dict: as given.
        pinned: by number of each variable that the caller feeds, its value.
    """

    def __init__(
        self,
        unknowns: Unknowns,
        session: Any,
        feed_dict: Mapping[Any, Any],
        tensors: Sequence[Any],
        gradients: Collection[str] = (),
        fetches: Sequence[Any] = (),
        callback: Callable[..., Any] | None = None,
    ) -> None:
        self._unknowns = unknowns
        self.session = session
        self.feed_dict = dict(feed_dict)
        self._are_gradients = [getattr(tensor, "name", None) in gradients for tensor in tensors]
        self._fetches = [*tensors, *fetches]
        self._callback = callback
        self.pinned: dict[int, Any] = {}
        self._reads: list[list[Any]] = []
        self._assigned: list[int] = []
        element = unknowns.variables[0].graph.as_graph_element
        needed = run_for(map(element, tf.nest.flatten(self._fetches, expand_composites=True)))[0].keys()
        load(session, fed_variables(unknowns.variables[0].graph, needed))
        by_name = {_name(key): value for key, value in feed_dict.items()}
        for number, variable in enumerate(unknowns.variables):
            reads, others = _reads(variable)
            self._reads.append([read for read in reads if read.op.name in needed])
            if others & needed:
                self._assigned.append(number)
            fed = [by_name[tensor.name] for tensor in (*reads, _element(variable)) if tensor.name in by_name]
            if fed:
                self.pinned[number] = fed[0]

    def __call__(self, vector: Array, also: Mapping[Any, Any] | None = None) -> list[Any]:
        """The tensors' values at ``vector`` [n], with ``also`` fed; zeros in gradients for what the caller feeds."""
        values = self._unknowns.unpack(vector)
        for number, value in self.pinned.items():
            values[number] = np.broadcast_to(np.asarray(value, values[number].dtype), values[number].shape)
        feed = {read: value for reads, value in zip(self._reads, values, strict=True) for read in reads}
        with self._holding(values):
            results = self.session.run(self._fetches, {**feed, **(also or {}), **self.feed_dict})
        ours = len(self._are_gradients)
        if self._callback is not None:
            self._callback(*results[ours:])
        gradients = zip(results[:ours], self._are_gradients, strict=True)
        return [self._freed(value) if is_gradient else value for value, is_gradient in gradients]

    @contextlib.contextmanager
    def _holding(self, values: Sequence[Array]) -> Iterator[None]:
        """Assign what cannot be fed, and put back what was there, which a callback may have assigned."""
        if not self._assigned:
            yield
            return
        before = self.session.run([self._unknowns.variables[i] for i in self._assigned])
        try:
            self._assign([values[i] for i in self._assigned])
            yield
        finally:
            self._assign(before)

    def _assign(self, values: Sequence[Array]) -> None:
        placeholders = [self._unknowns.placeholders[i] for i in self._assigned]
        updates = [self._unknowns.updates[i].op for i in self._assigned]
        self.session.run(updates, dict(zip(placeholders, values, strict=True)))

    def _freed(self, gradient: Array) -> Array:
        if not self.pinned:
            return gradient
        gradient = np.array(gradient)
        for number in self.pinned:
            gradient[..., self._unknowns.slices[number]] = 0.0
        return gradient


def _reads(variable: Any) -> tuple[list[Any], set[str]]:
    """The tensors that read a variable, and the names of operations that use it without going through one of them."""
    handle = getattr(variable, "handle", None)
    if handle is None:  # a ref variable is the tensor that reads it, and so is a slice
        return [_element(variable)], set()
    ops = [op for op in handle.consumers() if op.type not in HANDLE_USERS]
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
