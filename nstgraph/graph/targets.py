"""What stays the same while the generated image changes, and has to be computed only once: the targets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nstgraph.tensor_ancestry import dependents

__all__ = ["targets_of"]


def targets_of(fetches: Iterable[Any], moving: Iterable[Any], data: Iterable[Any]) -> list[Any]:
    """Tensors at which the graph of ``fetches`` can be cut while ``moving`` changes and ``data`` stays.

    They depend on ``data`` and not on ``moving``, and something that depends on ``moving`` uses them (or they are
    fetched, or an operation is run before those that do). Evaluated once and fed from then on, they leave the value of
    every fetch as it is. What depends on neither, such as weight variables and constants, stays in the graph, and so
    does a cast to a wider type.
    """
    fetches, moving, data = list(fetches), list(moving), list(data)
    moves, follows = dependents(moving), dependents(data)
    data_names = {tensor.name for tensor in data}
    ends = {tensor.name for tensor in moving}
    targets: dict[str, Any] = {}
    seen_tensors: set[str] = set()
    seen_operations: set[str] = set()
    pending = fetches
    while pending:
        tensor = pending.pop()
        if tensor.name in seen_tensors or tensor.name in ends:
            continue
        seen_tensors.add(tensor.name)
        from_data = tensor.op.name in follows or tensor.name in data_names
        if from_data and tensor.op.name not in moves and _can_be_fed(tensor):
            targets[tensor.name] = tensor
            continue
        # The operation is run, and with it whatever it has to wait for, such as a check of shapes.
        waiting = [tensor.op]
        while waiting:
            op = waiting.pop()
            if op.name not in seen_operations:
                seen_operations.add(op.name)
                pending.extend(op.inputs)
                waiting.extend(op.control_inputs)
    return [targets[name] for name in sorted(targets)]


def _can_be_fed(tensor: Any) -> bool:
    kind = tensor.dtype.base_dtype
    numbers = kind.is_floating or kind.is_integer or kind.is_bool or kind.is_complex
    return bool(numbers) and not _widens(tensor.op) and bool(tensor.graph.is_feedable(tensor))


def _widens(op: Any) -> bool:
    """Whether an operation casts to a wider type: its input takes less memory, and less time to feed."""
    return bool(
        op.type == "Cast" and op.inputs[0].dtype.is_floating and op.inputs[0].dtype.size < op.outputs[0].dtype.size
    )
