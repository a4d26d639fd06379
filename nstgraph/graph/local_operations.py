"""Operations that give the same in a tile as in the whole picture, and how far each of them sees.

A rule takes an operation and the states of its inputs, of which at least one is a picture's `Maps`; it gives the state
of the outputs, or raises a TilingError that names the operation. What has no rule is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nstgraph._tf import tf
from nstgraph.errors import TilingError
from nstgraph.graph import local_windows
from nstgraph.graph.receptive_field import (
    CONSTANT,
    FLAT,
    IMAGE,
    RANK,
    ROWS,
    Maps,
    Sizes,
    State,
    States,
    image_maps,
    refused,
    size_fault,
    together,
)
from nstgraph.graph.static_shapes import shape_value
from nstgraph.operation_types import CONVOLUTIONS, PADS, POINTWISE, POOLS, REDUCTIONS, SIZES

__all__ = ["local_state"]

#: Axes of the positions, counted from the last one, by layout.
_SPATIAL = {IMAGE: (2, 3), ROWS: (1, 2), FLAT: (2,)}


def local_state(op: Any, states: States) -> State:
    """State of an operation's outputs, given those of its inputs, of which one at least is of type `Maps` or `Sizes`.

    Raises:
        TilingError: the operation is not known to be local, or mixes positions.
    """
    if op.type != "Fill" and not any(isinstance(state, Maps) for state in states):
        static = all(tf.get_static_value(output) is not None for output in op.outputs)
        return CONSTANT if static else next(state for state in states if isinstance(state, Sizes))
    if op.type not in _RULES:
        raise refused(op, "is not known to give the same in tiles")
    if any(name == "_gradient_op_type" for name in op.node_def.attr):
        raise refused(op, "has a gradient of its own, which is not known to give the same in tiles")
    state = _RULES[op.type](op, states)
    if isinstance(state, Maps):
        _check_outputs(op, state)
    return state


def _check_outputs(op: Any, maps: Maps) -> None:
    """Refuse outputs that are not what their layout says, or that have a size of their own."""
    for output in op.outputs:
        if output.shape.rank != RANK[maps.layout]:
            raise refused(op, f"gives a tensor of shape {output.shape}, in which positions are not told")
        if any(output.shape[-axis] is not None for axis in _SPATIAL[maps.layout]):
            raise refused(op, f"has the fixed size {output.shape}, and a tile has another")


def _pointwise(op: Any, states: States) -> State:
    maps = together(op, [state for state in states if isinstance(state, Maps)])
    for tensor, state in zip(op.inputs, states, strict=True):
        if isinstance(state, Sizes):
            raise size_fault(state)
        if state is CONSTANT and not _is_uniform(tensor, maps.layout):
            raise refused(op, f"takes another value at each position from {tensor.name!r}, which is not cut into tiles")
    return maps


def _is_uniform(tensor: Any, layout: str) -> bool:
    """Whether a constant is the same at all positions of the maps that it is combined with."""
    shape = tensor.shape
    if shape.rank is None:
        return False
    axes = [*_SPATIAL[layout], *range(RANK[layout], shape.rank + 1)]
    return all(axis > shape.rank or shape[-axis] == 1 for axis in axes)


def _reduction(op: Any, states: States) -> State:
    axes = tf.get_static_value(op.inputs[1]) if len(op.inputs) > 1 else None
    maps = states[0]
    if (
        axes is None
        or not isinstance(maps, Maps)
        or maps.layout != IMAGE
        or {int(a) % 4 for a in np.ravel(axes)} != {3}
    ):
        raise TilingError(
            f"it reduces over positions by itself ({op.type}, operation {op.name!r}); use g.sum, g.mean or g.gram"
        )
    keeps = op.type not in ("ArgMax", "ArgMin") and op.get_attr("keep_dims")
    return Maps(maps.field, IMAGE if keeps else ROWS)


class _Along(NamedTuple):
    """An operation along the axis of channels: where it has its axis, which inputs are maps, and their layouts."""

    axis: Callable[[Any], Any]
    maps: slice
    before: str
    after: str


def _input(number: int) -> Callable[[Any], Any]:
    return lambda op: tf.get_static_value(op.inputs[number])


def _attribute(name: str) -> Callable[[Any], Any]:
    return lambda op: op.get_attr(name)


_ALONG = {
    "ConcatV2": _Along(_input(-1), slice(0, -1), IMAGE, IMAGE),
    "ExpandDims": _Along(_input(1), slice(1), ROWS, IMAGE),
    "GatherV2": _Along(_input(2), slice(1), IMAGE, IMAGE),
    "Pack": _Along(_attribute("axis"), slice(None), ROWS, IMAGE),
    "ReverseV2": _Along(_input(1), slice(1), IMAGE, IMAGE),
    "Split": _Along(_input(0), slice(1, 2), IMAGE, IMAGE),
    "SplitV": _Along(_input(2), slice(1), IMAGE, IMAGE),
    "Squeeze": _Along(_attribute("squeeze_dims"), slice(1), IMAGE, ROWS),
    "Unpack": _Along(_attribute("axis"), slice(1), IMAGE, ROWS),
}


def _along_channels(op: Any, states: States) -> State:
    along = _ALONG[op.type]
    axes, maps = along.axis(op), range(len(states))[along.maps]
    constant = all(state is CONSTANT for i, state in enumerate(states) if i not in maps)
    if axes is None or {int(axis) for axis in np.ravel(axes)} - {3, -1} or not constant:
        raise refused(op, "puts positions together, or takes them apart")
    if op.type == "GatherV2" and (op.inputs[1].shape.rank != 1 or op.get_attr("batch_dims")):
        raise refused(op, "puts positions together, or takes them apart")
    return Maps(together(op, states[along.maps], along.before).field, along.after)


def _bias(op: Any, states: States) -> State:
    if op.get_attr("data_format") != b"NHWC":
        raise refused(op, "is not the same in both directions")
    return image_maps(op, states)


def _product(op: Any, states: States) -> State:
    """A product of each position's channels with a matrix that is the same everywhere."""
    layout = FLAT if op.type == "MatMul" else IMAGE
    transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    shape = op.inputs[1].shape
    if transposed or states[1] is not CONSTANT or shape.rank is None or any(side != 1 for side in shape[:-2]):
        raise refused(op, "mixes positions; use g.gram")
    return together(op, states[:1], layout)


def _transpose(op: Any, states: States) -> State:
    order = tf.get_static_value(op.inputs[1])
    if order is None or order.tolist() != sorted(order.tolist()):
        raise refused(op, "moves positions")
    return together(op, states[:1])


def _reshape(op: Any, states: States) -> State:
    """To one row of positions, or back to where they were: what ``tf.tensordot`` does."""
    maps, channels = together(op, states[:1]), op.inputs[0].shape[-1]
    dims, sizes = shape_value(op.inputs[1]) or [], states[1]
    if maps.layout == IMAGE and dims[1:] == [channels] and (dims[0] == -1 or not isinstance(dims[0], int)):
        return Maps(maps.field, FLAT, _unmoved(op.inputs[0]))
    if maps.layout == FLAT and isinstance(sizes, Sizes) and _unmoved(sizes.operation.inputs[0]) == maps.source:
        source = sizes.operation.inputs[0].name
        for layout, ends in ((IMAGE, [channels]), (ROWS, [])):
            if dims == [1, (source, 1), (source, 2), *ends] and (ends or channels == 1):
                return Maps(maps.field, layout)
    raise refused(op, "moves positions")


def _unmoved(tensor: Any) -> str:
    """Name of what a tensor is a copy of."""
    while tensor.op.type in ("Identity", "Transpose"):
        tensor = tensor.op.inputs[0]
    return str(tensor.name)


def _size(op: Any, states: States) -> State:
    return Sizes(op, together(op, states[:1]))


def _fill(op: Any, states: States) -> State:
    """One value at all positions that other maps have, as of ``tf.ones_like``; what has another size depends on it."""
    sizes = states[0]
    if isinstance(sizes, Sizes) and sizes.operation is op.inputs[0].op and states[1] is CONSTANT:
        return sizes.maps
    return next(state for state in states if isinstance(state, Sizes))


_RULES: dict[str, Callable[[Any, States], State]] = {
    **dict.fromkeys(POINTWISE, _pointwise),
    **dict.fromkeys(CONVOLUTIONS, local_windows.convolution),
    **dict.fromkeys(POOLS, local_windows.pool),
    **dict.fromkeys(PADS, local_windows.pad),
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(SIZES, _size),
    **dict.fromkeys(_ALONG, _along_channels),
    **dict.fromkeys(("Softmax", "LogSoftmax", "LRN", "RGBToHSV", "HSVToRGB"), image_maps),
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2"), _product),
    "BiasAdd": _bias,
    "Fill": _fill,
    "Rank": lambda op, states: CONSTANT,
    "Reshape": _reshape,
    "Slice": local_windows.cut,
    "StridedSlice": local_windows.strided_slice,
    "Transpose": _transpose,
}
