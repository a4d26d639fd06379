"""Walks over a TensorFlow graph: what a tensor is made from, and what moves when another tensor moves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["ancestors", "dependents", "frozen_tensors"]


def ancestors(tensor: Any, stop: Iterable[Any] = ()) -> dict[str, Any]:
    """Tensors that ``tensor`` is computed from, itself included, by name; the walk does not go past ``stop``."""
    ends = {t.name for t in stop}
    found: dict[str, Any] = {}
    pending = [tensor]
    while pending:
        current = pending.pop()
        if current.name in found:
            continue
        found[current.name] = current
        if current.name not in ends:
            pending.extend(current.op.inputs)
    return found


def dependents(tensors: Iterable[Any]) -> set[str]:
    """Names of the operations whose values can change when ``tensors`` do."""
    found: set[str] = set()
    pending = [op for tensor in tensors for op in tensor.consumers()]
    while pending:
        op = pending.pop()
        if op.name not in found:
            found.add(op.name)
            pending.extend(consumer for output in op.outputs for consumer in output.consumers())
    return found


def frozen_tensors(fetches: Iterable[Any], moving: Iterable[Any], data: Iterable[Any]) -> list[Any]:
    """Tensors at which the graph of ``fetches`` can be cut while ``moving`` moves and ``data`` stays.

    They depend on ``data`` and not on ``moving``, and something that depends on ``moving`` uses them (or they are
    fetched). Evaluated once and fed from then on, they leave the value of every fetch as it is. What depends on
    neither, such as weight variables and constants, stays in the graph, and so does a cast to a wider type.
    """
    fetches, moving, data = list(fetches), list(moving), list(data)
    graph = fetches[0].graph
    moves = dependents(moving)
    follows = dependents(data)
    data_names = {tensor.name for tensor in data}
    moving_names = {tensor.name for tensor in moving}
    frozen: dict[str, Any] = {}
    seen: set[str] = set()
    pending = fetches
    while pending:
        tensor = pending.pop()
        if tensor.name in seen or tensor.name in moving_names:
            continue
        seen.add(tensor.name)
        still = tensor.op.name not in moves
        from_data = tensor.op.name in follows or tensor.name in data_names
        if still and from_data and graph.is_feedable(tensor) and _holds_numbers(tensor) and not _widens(tensor.op):
            frozen[tensor.name] = tensor
        elif not still or from_data:
            pending.extend(tensor.op.inputs)
    return [frozen[name] for name in sorted(frozen)]


def _holds_numbers(tensor: Any) -> bool:
    kind = tensor.dtype.base_dtype
    return bool(kind.is_floating or kind.is_integer or kind.is_bool or kind.is_complex)


def _widens(op: Any) -> bool:
    """Whether an operation casts to a wider type: its input takes less memory, and less time to feed."""
    return bool(
        op.type == "Cast" and op.inputs[0].dtype.is_floating and op.inputs[0].dtype.size < op.outputs[0].dtype.size
    )
