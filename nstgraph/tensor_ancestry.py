"""What a tensor is computed from, and what changes when another tensor changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["ancestors", "dependents", "run_for"]


def ancestors(tensor: Any, stop: Iterable[Any] = ()) -> dict[str, Any]:
    """Tensors that ``tensor`` is computed from, itself included, by name; the walk does not go past ``stop``."""
    ends = {t.name for t in stop}
    seen: dict[str, Any] = {}
    pending = [tensor]
    while pending:
        current = pending.pop()
        if current.name in seen:
            continue
        seen[current.name] = current
        if current.name not in ends:
            pending.extend(current.op.inputs)
    return seen


def dependents(tensors: Iterable[Any]) -> set[str]:
    """Names of the operations whose values can change when ``tensors`` do."""
    seen: set[str] = set()
    pending = [op for tensor in tensors for op in tensor.consumers()]
    while pending:
        op = pending.pop()
        if op.name not in seen:
            seen.add(op.name)
            pending.extend(consumer for output in op.outputs for consumer in output.consumers())
    return seen


def run_for(fetches: Iterable[Any], fed: Iterable[Any] = ()) -> tuple[dict[str, Any], set[str]]:
    """Operations that a session runs to get tensors or operations, by name; and the names of ``fed`` tensors it needs.

    Unlike for `ancestors`, operations that others only wait for, such as checks of shapes, are among them.
    """
    names = {tensor.name for tensor in fed}
    ops: dict[str, Any] = {}
    used: set[str] = set()
    pending = list(fetches)
    while pending:
        item = pending.pop()
        op = getattr(item, "op", item)
        if item is not op and item.name in names:
            used.add(item.name)
        elif op.name not in ops:
            ops[op.name] = op
            pending += [*op.inputs, *op.control_inputs]
    return ops, used
