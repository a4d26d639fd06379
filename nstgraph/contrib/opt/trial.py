"""How a graph is evaluated as if its variables had other values.

A search tries values without touching the variables: it feeds the tensors that read them. Only a variable that the loss
reads in another way, such as by ``tf.gather`` of a resource variable or inside a function, is assigned for each trial,
and put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.contrib.opt.unknowns import Unknowns, pack
from nstgraph.operation_types import HANDLE_USERS
from nstgraph.tensor_ancestry import run_for

__all__ = ["Trial"]


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
        element = unknowns.variables[0].graph.as_graph_element
        needed = run_for(map(element, tf.nest.flatten(list(watched), expand_composites=True)))[0].keys()
        by_name = {_name(key): value for key, value in feed_dict.items()}
        for number, variable in enumerate(unknowns.variables):
            reads, others = _reads(variable)
            self._reads.append([read for read in reads if read.op.name in needed])
            if others & needed:
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
