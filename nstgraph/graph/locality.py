"""Whether tensors are computed in a tile as in the whole picture, read off the graph."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from nstgraph.errors import TilingError
from nstgraph.graph.local_operations import local_state
from nstgraph.graph.receptive_field import CONSTANT, Maps, ReceptiveField, Sizes, State, size_fault
from nstgraph.operation_types import POINTWISE, READS

__all__ = ["Locality"]

#: Where loops of TensorFlow 1 close: the only operations that are computed from themselves.
_LOOPS = {"Merge", "RefMerge"}

#: These hand a reference to a variable on.
_REFERENCES = {"RefEnter", "RefExit", "RefIdentity", "RefMerge", "RefNextIteration", "RefSwitch"}


class Locality:
    """Tells for the tensors of a graph whether they can be computed tile by tile.

    Only operations that are known to be local count as such. It is a list of what is allowed, since an operation
    that moves positions, or mixes them, would give something else in tiles without anybody's notice.

    Args:
        images: names of the tensors that are pictures; may grow.
        sums: names of tensors that are spatial sums, known as a whole when anything is computed from them; may grow.
    """

    def __init__(self, images: Collection[str], sums: Collection[str]) -> None:
        self._images = images
        self._sums = sums
        self._states: dict[str, State] = {}

    def field(self, tensor: Any) -> ReceptiveField:
        """How far a tensor sees on the pictures, other than through spatial sums.

        Args:
            tensor: maps [1, height, width, channels]; or a scalar, which may see them through sums alone.

        Raises:
            TilingError: something between them is not known to be local.
        """
        state = self._state(tensor)
        if isinstance(state, TilingError):
            raise TilingError(str(state))
        if isinstance(state, Sizes):
            raise size_fault(state)
        return state.field if isinstance(state, Maps) else ReceptiveField()

    def _state(self, tensor: Any) -> State:
        pending = [tensor.op]
        while pending:
            op = pending[-1]
            waiting = [] if op.name in self._states else [t.op for t in self._inputs(op) if self._known(t) is None]
            if waiting:
                pending.extend(waiting)
                continue
            pending.pop()
            if op.name not in self._states:
                self._states[op.name] = self._evaluated(op)
        state = self._known(tensor)
        assert state is not None
        return state

    def _known(self, tensor: Any) -> State | None:
        if tensor.name in self._images:
            return Maps()
        return CONSTANT if tensor.name in self._sums else self._states.get(tensor.op.name)

    @staticmethod
    def _inputs(op: Any) -> list[Any]:
        return [] if op.type in _LOOPS else list(op.inputs)

    def _evaluated(self, op: Any) -> State:
        states = [] if op.type in _LOOPS else [self._known(tensor) or CONSTANT for tensor in op.inputs]
        for state in states:
            if isinstance(state, TilingError):
                return state
        try:
            self._check_hidden(op)
            return _constant(op) if all(state is CONSTANT for state in states) else local_state(op, states)
        except TilingError as error:
            return error

    def _check_hidden(self, op: Any) -> None:
        """Refuse an operation that depends on pictures otherwise than by its inputs: by a loop, or by waiting."""
        pending = [*op.control_inputs, *(tensor.op for tensor in op.inputs if op.type in _LOOPS)]
        seen: set[str] = set()
        while pending:
            other = pending.pop()
            if other.name in seen or any(tensor.name in self._sums for tensor in other.outputs):
                continue
            seen.add(other.name)
            _check_constant(other)
            for tensor in other.inputs:
                if tensor.name in self._images:
                    how = "is part of a loop" if op.type in _LOOPS else f"waits for {other.name!r}"
                    raise TilingError(f"operation {op.name!r} {how}, which depends on the picture; leave it out")
                pending.append(tensor.op)
            pending += other.control_inputs


def _constant(op: Any) -> State:
    _check_constant(op)
    if op.type in READS and op.control_inputs:
        raise TilingError(f"operation {op.name!r} reads a variable after something else has been done; leave that out")
    return CONSTANT


def _check_constant(op: Any) -> None:
    """Refuse what may give something else each time: random numbers, functions of Python, assignments."""
    assigns = any(output.dtype._is_ref_dtype for output in op.outputs) and op.type not in READS | _REFERENCES
    if assigns or (op.op_def.is_stateful and op.type not in READS | POINTWISE):
        raise TilingError(f"{op.type} (operation {op.name!r}) may give something else in every tile; leave it out")
