"""What a graph consists of, scope by scope: operations, shapes, parameters, floating-point operations, memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nstgraph.graph.objective import Objective
from nstgraph.inspect.flops import evaluated_once, flops_of
from nstgraph.operation_types import VARIABLES
from nstgraph.tensor_ancestry import ancestors

__all__ = ["ScopeEntry", "inventory"]

_UNSCOPED = "(no scope)"


@dataclass(frozen=True)
class ScopeEntry:
    """What one name scope holds, with all scopes below it.

    Attributes:
        scope: its name.
        operations: how many the graph has there.
        shape: of the tensor of the scope's own name, in this evaluation; None if there is no such tensor.
        parameters: numbers that its variables, and weights that are constants, hold.
        flops: floating-point operations of an evaluation: two for each product of convolutions and matrix products,
            one for each number that any other operation gives.
        memory: bytes that its operations allocated in an evaluation, not all at the same time.
    """

    scope: str
    operations: int
    shape: tuple[int, ...] | None
    parameters: int
    flops: float
    memory: int


def inventory(objective: Objective, height: int, width: int, depth: int = 3) -> list[ScopeEntry]:
    """Evaluate loss and gradient once, nothing cached, for pictures of ``height`` × ``width`` pixels, and count.

    Returns:
        An entry for each scope of up to ``depth`` names, in the order of the graph, and one for all, named ``""``.
    """
    graph = objective.graph.graph
    shapes, memory = evaluated_once(objective, height, width)
    fetched = (objective.total, objective.gradient)
    needed = {tensor.op.name for end in fetched for tensor in ancestors(end).values()}
    entries: dict[str, ScopeEntry] = {}
    for op in graph.get_operations():
        flops = flops_of(op, shapes) if op.name in needed else 0.0
        for scope in _scopes(op.name, depth):
            entry = entries.get(scope) or ScopeEntry(scope, 0, shapes.get(f"{scope}:0"), 0, 0.0, 0)
            entries[scope] = ScopeEntry(
                scope,
                entry.operations + 1,
                entry.shape,
                entry.parameters + _parameters(op),
                entry.flops + flops,
                entry.memory + memory.get(op.name, 0),
            )
    order = {scope: number for number, scope in enumerate(entries)}
    # A scope before those below it, each in the order in which the graph was built.
    return sorted(entries.values(), key=lambda entry: [order[scope] for scope in _above(entry.scope)])


def _scopes(name: str, depth: int) -> Iterable[str]:
    parts = name.split("/")
    yield ""
    if len(parts) == 1 and not _is_named(name):
        yield _UNSCOPED
        return
    for end in range(1, min(depth, len(parts)) + 1):
        yield "/".join(parts[:end])


def _above(scope: str) -> list[str]:
    """A scope and those that hold it, the outermost first."""
    parts = scope.split("/") if scope else []
    return ["", *("/".join(parts[:end]) for end in range(1, len(parts) + 1))]


def _is_named(name: str) -> bool:
    """Whether an operation outside of any scope has a name of its own, not that of its type such as ``Const_1``."""
    return name[:1].islower()


def _parameters(op: Any) -> int:
    if op.type not in VARIABLES | {"Const"}:
        return 0
    shape = op.get_attr("value").tensor_shape if op.type == "Const" else op.get_attr("shape")
    sizes = [axis.size for axis in shape.dim]
    # Constants that are not weights are shapes, axes and the like.
    known = bool(sizes) and min(sizes) >= 0 and (op.type != "Const" or op.name.startswith("network"))
    return int(np.prod(sizes)) if known else 0
