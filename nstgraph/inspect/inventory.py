"""What a graph consists of, scope by scope: operations, shapes, parameters, floating-point operations, memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.ancestry import ancestors
from nstgraph.graph.objective import Objective

__all__ = ["ScopeEntry", "inventory"]

Shapes = dict[str, tuple[int, ...]]

_CONVOLUTIONS = {"Conv2D", "Conv2DBackpropInput"}
_PRODUCTS = {"MatMul", "BatchMatMul", "BatchMatMulV2"}
#: Operations that move numbers, or pass them on, without computing.
_FREE = {
    "Identity", "IdentityN", "Reshape", "Slice", "StridedSlice", "Pad", "PadV2", "MirrorPad", "ConcatV2", "Split",
    "Transpose", "Tile", "BroadcastTo", "Fill", "Pack", "Unpack", "ReadVariableOp", "StopGradient", "EnsureShape",
    "PlaceholderWithDefault", "ExpandDims", "Squeeze", "GatherV2", "ReverseV2", "ZerosLike", "Shape",
}  # fmt: skip
_FUSING = {"BiasAdd", "Relu"}
_UNSCOPED = "(no scope)"


@dataclass(frozen=True)
class ScopeEntry:
    """What one name scope holds, with all scopes below it.

    Attributes:
        scope: its name.
        operations: how many the graph has there.
        shape: of the tensor of the scope's own name, in this evaluation; None if there is no such tensor.
        parameters: numbers that its variables and frozen weights hold.
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
    """Evaluate loss and gradient once, nothing frozen, for pictures of ``height`` × ``width`` pixels, and count.

    Returns:
        An entry for each scope of up to ``depth`` names, in the order of the graph, and one for all, named ``""``.
    """
    graph = objective.graph.graph
    shapes, memory = _run(objective, height, width)
    fetched = (objective.total, objective.gradient)
    needed = {tensor.op.name for end in fetched for tensor in ancestors(end).values()}
    entries: dict[str, ScopeEntry] = {}
    for op in graph.get_operations():
        flops = _flops(op, shapes) if op.name in needed else 0.0
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


def _run(objective: Objective, height: int, width: int) -> tuple[Shapes, dict[str, int]]:
    """Shapes of all tensors by name, and bytes allocated by operation, as of one evaluation."""
    graph = objective.graph
    options = tf.ConfigProto()
    # So that every operation of the graph is run as it stands there.
    options.graph_options.rewrite_options.disable_meta_optimizer = True
    options.graph_options.optimizer_options.opt_level = -1
    picture = np.full((1, height, width, 3), 127.0, np.float32)
    feed = {view.image: picture for view in graph.views}
    found = tf.RunMetadata()
    with tf.Session(graph=graph.graph, config=options) as session:
        graph.network.load(session)
        session.run(
            [objective.total, objective.gradient],
            feed,
            options=tf.RunOptions(trace_level=tf.RunOptions.SOFTWARE_TRACE),
            run_metadata=found,
        )
    shapes: Shapes = {view.image.name: picture.shape for view in graph.views}
    memory: dict[str, int] = {}
    for node in (node for device in found.step_stats.dev_stats for node in device.node_stats):
        memory[node.node_name] = sum(used.total_bytes for used in node.memory)
        for output in node.output:
            shape = tuple(axis.size for axis in output.tensor_description.shape.dim)
            shapes[f"{node.node_name}:{output.slot}"] = shape
    return shapes, memory


def _parameters(op: Any) -> int:
    if op.type not in ("VarHandleOp", "VariableV2", "Const"):
        return 0
    shape = op.get_attr("value").tensor_shape if op.type == "Const" else op.get_attr("shape")
    sizes = [axis.size for axis in shape.dim]
    # Constants that are no weights are shapes, axes and the like.
    known = bool(sizes) and min(sizes) >= 0 and (op.type != "Const" or op.name.startswith("network"))
    return int(np.prod(sizes)) if known else 0


def _flops(op: Any, shapes: Shapes) -> float:
    def shape(tensor: Any) -> tuple[int, ...]:
        if tensor.name not in shapes:
            # TensorFlow runs some operations as one with what follows, which has the same shape.
            following = [end.outputs[0] for end in tensor.consumers() if end.type in _FUSING]
            return shape(following[0]) if following else tuple(axis or 0 for axis in tensor.shape.as_list())
        return shapes[tensor.name]

    if not op.outputs or not op.outputs[0].dtype.is_floating:
        return 0.0
    if op.type in _CONVOLUTIONS:
        positions = shape(op.outputs[0] if op.type == "Conv2D" else op.inputs[2])
        return 2.0 * float(np.prod(shape(op.inputs[1]))) * float(np.prod(positions[:3]))
    result = float(np.prod(shape(op.outputs[0])))
    if op.type in _PRODUCTS:
        transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        return 2.0 * result * shape(op.inputs[0])[-2 if transposed else -1]
    return result if op.inputs and op.type not in _FREE else 0.0
