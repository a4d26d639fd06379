"""Floating-point operations, counted from a graph and the shapes that its tensors have in an evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.errors import RunError
from nstgraph.graph.objective import Objective
from nstgraph.messages import one_line
from nstgraph.operation_types import CONVOLUTIONS, FREE, PRODUCTS
from nstgraph.tensor_ancestry import ancestors, dependents

__all__ = ["Shapes", "evaluated_once", "evaluation_flops", "flops_of"]

#: Shapes of tensors by name.
Shapes = dict[str, tuple[int, ...]]

#: TensorFlow may run these as one with the operation before them; the shape stays the same.
_FUSING = {"BiasAdd", "Relu"}

#: Side of the pictures that are counted on, in pixels: a multiple of all strides, so that counts grow with the area.
_SIDE = 128


def evaluation_flops(objective: Objective, height: int, width: int) -> tuple[float, float]:
    """Floating-point operations of one evaluation of loss and gradient, all pictures being ``height`` × ``width``.

    Returns:
        Those that depend on the generated image, and those that do not.
    """
    shapes, _ = evaluated_once(objective, _SIDE, _SIDE)
    moves = dependents([objective.graph.generated.image])
    counts = {True: 0.0, False: 0.0}
    ops = {t.op.name: t.op for end in (objective.total, objective.gradient) for t in ancestors(end).values()}
    for name, op in ops.items():
        counts[name in moves] += flops_of(op, shapes)
    scale = height * width / _SIDE**2
    return counts[True] * scale, counts[False] * scale


def flops_of(op: Any, shapes: Shapes) -> float:
    """Two for each product of convolutions and matrix products, one for each number that any other operation gives."""

    def shape(tensor: Any) -> tuple[int, ...]:
        if tensor.name not in shapes:
            following = [end.outputs[0] for end in tensor.consumers() if end.type in _FUSING]
            return shape(following[0]) if following else tuple(axis or 0 for axis in tensor.shape.as_list())
        return shapes[tensor.name]

    if not op.outputs or not op.outputs[0].dtype.is_floating:
        return 0.0
    if op.type in CONVOLUTIONS or op.type == "Conv2DBackpropInput":
        positions = shape(op.inputs[2] if op.type == "Conv2DBackpropInput" else op.outputs[0])
        return 2.0 * float(np.prod(shape(op.inputs[1]))) * float(np.prod(positions[:3]))
    result = float(np.prod(shape(op.outputs[0])))
    if op.type in PRODUCTS:
        transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
        return 2.0 * result * shape(op.inputs[0])[-2 if transposed else -1]
    return result if op.inputs and op.type not in FREE else 0.0


def evaluated_once(objective: Objective, height: int, width: int) -> tuple[Shapes, dict[str, int]]:
    """Evaluate loss and gradient once, without cached targets, for grey pictures.

    Returns:
        Shapes of all tensors by name, and bytes allocated by operation.

    Raises:
        RunError: the loss cannot be evaluated.
    """
    graph = objective.graph
    options = tf.ConfigProto()
    # So that every operation of the graph is run as it stands there.
    options.graph_options.rewrite_options.disable_meta_optimizer = True
    options.graph_options.optimizer_options.opt_level = -1
    picture = np.full((1, height, width, 3), 127.0, np.float32)
    record = tf.RunMetadata()
    with tf.Session(graph=graph.graph, config=options) as session:
        objective.load(session)
        session.run(objective.initialize)
        try:
            session.run(
                [objective.total, objective.gradient],
                {view.image: picture for view in graph.views},
                options=tf.RunOptions(trace_level=tf.RunOptions.SOFTWARE_TRACE),
                run_metadata=record,
            )
        except tf.errors.OpError as error:
            raise RunError(f"the loss cannot be evaluated: {one_line(error)}", None) from error
    shapes: Shapes = {view.image.name: picture.shape for view in graph.views}
    memory: dict[str, int] = {}
    for node in (node for device in record.step_stats.dev_stats for node in device.node_stats):
        memory[node.node_name] = sum(used.total_bytes for used in node.memory)
        for output in node.output:
            shape = tuple(axis.size for axis in output.tensor_description.shape.dim)
            shapes[f"{node.node_name}:{output.slot}"] = shape
    return shapes, memory
