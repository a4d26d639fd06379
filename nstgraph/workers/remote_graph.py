"""What workers compute, as a graph of its own: a function of what they are sent, and of what they were given to keep.

A worker has no file, variable or Python function of the style graph's. What a tile's numbers are computed from and does
not change, such as weights, is computed at home, sent once and kept there. So are the targets of a tile, which the
worker makes itself. Both are in maps of TensorFlow's, which belong to the session.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import TilingError
from nstgraph.operation_types import DERIVATIVES, NETWORK
from nstgraph.tensor_ancestry import dependents, run_for
from nstgraph.tiles.place import Pass, TileWork

__all__ = ["RemoteCall", "RemoteGraph", "RemoteWork"]

#: What may be sent: what computes from numbers alone, and checks.
_SENT = NETWORK | DERIVATIVES | {"Assert"}


@dataclass(frozen=True)
class RemoteCall:
    """What is run, and what it is fed, by the name of the style graph's tensor."""

    fetches: list[Any]
    feeds: dict[str, Any]


@dataclass
class RemoteWork:
    """The calls for some statistics.

    Attributes:
        keep: makes the targets of a tile and keeps them; None if there are none.
        forget: forgets those of a tile.
        clear: forgets those of all tiles.
        passes: of an evaluation, see `Pass`.
    """

    keep: RemoteCall | None = None
    forget: RemoteCall | None = None
    clear: RemoteCall | None = None
    passes: dict[Pass, RemoteCall] = field(default_factory=dict)


class RemoteGraph:
    """A graph for the sessions of workers.

    Args:
        works: what they compute.
        session: of the style graph, which gives the values of what does not change.

    Attributes:
        graph: the ``tf.Graph``.
        works: the calls, in the same order; what they are fed beside ``number`` goes by the names of the style graph.
        number: placeholder of a tile's number.
        start: what a new session runs first, and what it is fed then.

    Raises:
        TilingError: a worker cannot compute an operation; names it.
    """

    def __init__(self, works: Sequence[TileWork], session: Any) -> None:
        self.graph = tf.Graph()
        self._nodes = {node.name: node for node in works[0].sums[0].graph.as_graph_def().node}
        parts = [
            (_Part([*work.sums, *work.back], [*work.inputs, *work.targets]), _Part(work.targets, work.data))
            for work in works
        ]
        fixed = list({t.name: t for both in parts for part in both for t in part.fixed}.values())
        with self.graph.as_default():
            self.number = tf.placeholder(tf.int64, [], "number")
            self.start, known = self._fixed(fixed, session)
            self.works = [
                self._work(work, f"work_{i}", *both, known)
                for i, (work, both) in enumerate(zip(works, parts, strict=True))
            ]
        self._nodes = {}

    def _fixed(self, tensors: Sequence[Any], session: Any) -> tuple[tuple[list[Any], dict[Any, Any]], dict[str, Any]]:
        """What keeps the values of tensors in a session, and the tensors that give them there."""
        kept = _Kept("fixed", tensors)
        given = [tf.placeholder(tensor.dtype, tensor.shape) for tensor in tensors]
        zero = tf.constant(0, tf.int64)
        feeds = dict(zip(given, session.run(list(tensors)), strict=True))
        return ([kept.put(zero, given)] if given else [], feeds), kept.get(zero)

    def _work(self, work: TileWork, name: str, moving: _Part, making: _Part, known: Mapping[str, Any]) -> RemoteWork:
        kept = _Kept(name, work.targets)
        calls = RemoteWork()
        tensors, fed = self._import(moving, f"{name}/passes", {**known, **kept.get(self.number)})
        passes: dict[Pass, Sequence[Any]] = {"sums": work.sums, "back": work.back}
        for which, fetches in passes.items():
            _, used = run_for(fetches, fed=moving.ends)
            own = {name: placeholder for name, placeholder in fed.items() if name in used}
            calls.passes[which] = RemoteCall([tensors[tensor.name] for tensor in fetches], own)
        if work.targets:
            made, fed = self._import(making, f"{name}/targets", known)
            calls.keep = RemoteCall([kept.put(self.number, [made[tensor.name] for tensor in work.targets])], fed)
            calls.forget, calls.clear = RemoteCall([kept.drop(self.number)], {}), RemoteCall([kept.clear()], {})
        return calls

    def _import(self, part: _Part, name: str, known: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """A part of the style graph, in this one: its fetches and what is fed, by the style graph's names."""
        fed = {t.name: tf.placeholder(t.dtype, t.shape) for t in part.ends if t.name not in known}
        given = {**fed, **{t.name: known[t.name] for t in [*part.ends, *part.fixed] if t.name in known}}
        definition = tf.GraphDef()
        for operation in part.operations:
            node = definition.node.add()
            node.CopyFrom(self._nodes[operation])
            for attribute in ("_class", "_gradient_op_type"):
                node.attr.pop(attribute, None)
            inputs = [i for i in node.input if not i.startswith("^") or i[1:] in part.operations]
            del node.input[:]
            node.input.extend(inputs)
        names = [tensor.name for tensor in part.fetches if tensor.name not in given]
        made = tf.import_graph_def(definition, dict(given), names, name=name)
        return {**given, **dict(zip(names, made, strict=True))}, fed


class _Part:
    """The part of a style graph between what is fetched and what is fed.

    Attributes:
        fetches: tensors that are computed.
        ends: those of the fed tensors that they are computed from.
        fixed: tensors that depend on nothing that is fed; they are computed at home.
        operations: names of those in between, and of constants.
    """

    def __init__(self, fetches: Sequence[Any], fed: Sequence[Any]) -> None:
        self.fetches = list(fetches)
        moves, by_name = dependents(fed), {tensor.name: tensor for tensor in fed}
        ends, fixed = {}, {}
        self.operations: set[str] = set()
        pending = list(fetches)
        while pending:
            tensor = pending.pop()
            operation = tensor.op
            if tensor.name in by_name:
                ends[tensor.name] = tensor
            elif operation.name in moves or operation.type == "Const":
                if operation.name not in self.operations:
                    self.operations.add(_sendable(operation).name)
                    pending += operation.inputs
                    pending += [op.outputs[0] for op in operation.control_inputs if op.name in moves and op.outputs]
            else:
                fixed[tensor.name] = _as_number(tensor)
        self.ends, self.fixed = list(ends.values()), list(fixed.values())


def _sendable(operation: Any) -> Any:
    """An operation that a worker may compute."""
    if operation.type not in _SENT:
        raise TilingError(f"operation {operation.name!r} ({operation.type}) is not known to be the same on a worker")
    return operation


def _as_number(tensor: Any) -> Any:
    if tensor.dtype in (tf.resource, tf.variant):
        raise TilingError(f"{tensor.name} is read at places that depend on a tile, which a worker cannot do")
    return tensor


class _Kept:
    """Values of tensors by number, kept in a session."""

    def __init__(self, name: str, tensors: Sequence[Any]) -> None:
        self._tensors = tensors
        self._of = {"dtypes": [tensor.dtype for tensor in tensors], "shared_name": name}
        self._indices = tf.constant(list(range(len(tensors))), tf.int32)

    def put(self, number: Any, values: Sequence[Any]) -> Any:
        """The operation that keeps values."""
        return tf.raw_ops.MapStage(key=number, indices=self._indices, values=values, **self._of)

    def get(self, number: Any) -> dict[str, Any]:
        """Tensors that give them."""
        if not self._tensors:
            return {}
        values = tf.raw_ops.MapPeek(key=number, indices=self._indices, **self._of)
        shaped = [tf.ensure_shape(v, t.shape) for v, t in zip(values, self._tensors, strict=True)]
        return {tensor.name: value for tensor, value in zip(self._tensors, shaped, strict=True)}

    def drop(self, number: Any) -> Any:
        """The operation that forgets those of a number."""
        return tf.raw_ops.MapUnstage(key=number, indices=self._indices, **self._of)[0].op

    def clear(self) -> Any:
        """The operation that forgets all."""
        return tf.raw_ops.MapClear(**self._of)
