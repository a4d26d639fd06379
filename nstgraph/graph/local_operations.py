"""Operations that give the same in a tile as in the whole picture, and how far each of them sees.

A rule takes an operation and the states of its inputs, of which at least one is a picture's `Maps`; it gives the state
of the outputs, or raises a TilingError that names the operation. What has no rule is refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nstgraph._tf import tf
from nstgraph.errors import TilingError
from nstgraph.graph.receptive_field import CONSTANT, FLAT, IMAGE, ROWS, Maps, ReceptiveField, Sizes, State, size_fault
from nstgraph.graph.static_shapes import cuts, shape_value
from nstgraph.operation_types import CONVOLUTIONS, PADS, POINTWISE, POOLS, REDUCTIONS, SIZES

__all__ = ["local_state"]

States = Sequence[State]

#: Axes of the positions, counted from the last one, and the number of axes, by layout.
_SPATIAL, _RANK = {IMAGE: (2, 3), ROWS: (1, 2), FLAT: (2,)}, {IMAGE: 4, ROWS: 3, FLAT: 2}


def local_state(op: Any, states: States) -> State:
    """State of an operation's outputs, given those of its inputs, of which one at least is of type `Maps` or `Sizes`.

    Raises:
        TilingError: the operation is not known to be local, or mixes positions.
    """
    if op.type != "Fill" and not any(isinstance(state, Maps) for state in states):
        static = all(tf.get_static_value(output) is not None for output in op.outputs)
        return CONSTANT if static else next(state for state in states if isinstance(state, Sizes))
    if op.type not in _RULES:
        raise _refused(op, "is not known to give the same in tiles")
    return _RULES[op.type](op, states)


def _refused(op: Any, why: str) -> TilingError:
    return TilingError(f"{op.type} (operation {op.name!r}) {why}; leave it out, or compute without tiles")


def _pointwise(op: Any, states: States) -> State:
    maps = _together(op, [state for state in states if isinstance(state, Maps)])
    for tensor, state in zip(op.inputs, states, strict=True):
        if isinstance(state, Sizes):
            raise size_fault(state)
        if state is CONSTANT and not _is_uniform(tensor, maps.layout):
            raise _refused(
                op, f"takes another value at each position from {tensor.name!r}, which is not cut into tiles"
            )
    return maps


def _together(op: Any, states: Iterable[State], layout: str | None = None) -> Maps:
    """Maps that see what all of some maps see, which are to have one layout and stride."""
    maps = [state for state in states if isinstance(state, Maps) and layout in (None, state.layout)]
    if len(maps) < len(list(states)) or len({(state.layout, state.field.stride) for state in maps}) != 1:
        raise _refused(op, "puts different positions together")
    return Maps(functools.reduce(ReceptiveField.__or__, (state.field for state in maps)), maps[0].layout)


def _is_uniform(tensor: Any, layout: str) -> bool:
    """Whether a constant is the same at all positions of the maps that it is combined with."""
    shape = tensor.shape
    if shape.rank is None:
        return False
    axes = [*_SPATIAL[layout], *range(_RANK[layout], shape.rank + 1)]
    return all(axis > shape.rank or shape[-axis] == 1 for axis in axes)


def _image(op: Any, states: States) -> Maps:
    """The first input, if it is an image's maps, and all others are constant."""
    if any(state is not CONSTANT for state in states[1:]):
        raise _refused(op, "depends on the pictures in a way that is not known in tiles")
    return _together(op, states[:1], IMAGE)


def _convolution(op: Any, states: States) -> State:
    sides, dilations = op.inputs[1].shape[:2].as_list() if op.inputs[1].shape.rank else [None], op.get_attr("dilations")
    if None in sides:
        raise _refused(op, "has a kernel of unknown size")
    wide = max((side - 1) * dilation + 1 for side, dilation in zip(sides, dilations[1:3], strict=True))
    return _window(op, _image(op, states), wide, largest=None)


def _pool(op: Any, states: States) -> State:
    sides = list(op.get_attr("ksize"))
    if sides != [1, sides[1], sides[1], 1]:
        raise _refused(op, "is not the same in both directions")
    return _window(op, _image(op, states), sides[1], largest=2)


def _window(op: Any, maps: Maps, size: int, largest: int | None) -> Maps:
    """Maps of which each position sees ``size`` positions of others.

    With padding SAME, pools of up to the ``largest`` size, and convolutions of stride 1 (None), begin at the first
    position whatever the picture's size is.
    """
    strides, padding = list(op.get_attr("strides")), op.get_attr("padding")
    if strides != [1, strides[1], strides[1], 1] or op.get_attr("data_format") != b"NHWC":
        raise _refused(op, "is not the same in both directions")
    same = padding == b"SAME"
    if not same and padding != b"VALID":
        raise _refused(op, "has a padding that is not known in tiles")
    if same and (strides[1] > 1 if largest is None else size > largest):
        raise _refused(op, "starts elsewhere on every size (pool by 2 repeatedly, or use VALID)")
    field, left = maps.field, (size - 1) // 2 if same else 0
    before, after = field.before + left * field.stride, field.after + (size - 1 - left) * field.stride
    return Maps(ReceptiveField(strides[1] * field.stride, before, after))


def _pad(op: Any, states: States) -> State:
    field, margins = _image(op, states).field, tf.get_static_value(op.inputs[1])
    if margins is None or margins[0].any():
        raise _refused(op, "pads by an amount that is not known")
    begins = margins[1:3, 0]
    before = field.before + int(begins.max()) * field.stride
    return Maps(ReceptiveField(field.stride, before, field.after - int(begins.min()) * field.stride))


def _strided_slice(op: Any, states: States) -> State:
    maps = _together(op, states[:1])
    parts = cuts(op, _RANK[maps.layout])
    if parts is None:
        raise _refused(op, "cuts by an amount that is not a constant")
    if maps.layout == ROWS and parts == [slice(None)] * 3 + [None]:
        return Maps(maps.field, IMAGE)  # rows[..., tf.newaxis]
    if maps.layout != IMAGE or len(parts) != 4 or parts[0] not in (slice(None), slice(None, 1)):
        raise _refused(op, "takes positions apart")
    *_, down, right, channel = parts
    if not isinstance(down, slice) or not isinstance(right, slice) or down.step != right.step:
        raise _refused(op, "is not the same in both directions")
    starts, step = [down.start or 0, right.start or 0], down.step or 1
    ends = [-1 if part.stop is None else part.stop for part in (down, right)]
    if min(starts) < 0 or max(ends) >= 0 or step < 1:
        raise _refused(op, "takes out a part of the picture, which is elsewhere in every tile")
    field = _without_ends(maps.field, starts, 0 if down.stop is right.stop is None else -min(ends))
    field = ReceptiveField(field.stride * step, field.before, field.after)
    return Maps(field, IMAGE if isinstance(channel, slice) else ROWS)


def _slice(op: Any, states: States) -> State:
    maps, starts = _together(op, states[:1], IMAGE), tf.get_static_value(op.inputs[1])
    lengths, sizes = tf.get_static_value(op.inputs[2]), states[2]
    if starts is None or starts[0] != 0:
        raise _refused(op, "cuts by an amount that is not a constant")
    field = _without_ends(maps.field, [int(start) for start in starts[1:3]], 0)
    if lengths is not None and (lengths[1:3] == -1).all():
        return Maps(field)
    if isinstance(sizes, Sizes) and sizes.operation is op.inputs[2].op and sizes.maps.field.stride == field.stride:
        # As long as other maps are: cut off is what these do not have.
        return Maps(field | sizes.maps.field)
    raise _refused(op, "takes out a part of the picture, which is elsewhere in every tile")


def _without_ends(field: ReceptiveField, starts: Sequence[int], cut: int) -> ReceptiveField:
    """What is left of maps when the first positions in each direction, and some of the last ones, are cut off."""
    before = field.before - min(starts) * field.stride
    return ReceptiveField(field.stride, before, field.after + (max(starts) + cut) * field.stride)


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
        raise _refused(op, "puts positions together, or takes them apart")
    if op.type == "GatherV2" and op.inputs[1].shape.rank != 1:
        raise _refused(op, "puts positions together, or takes them apart")
    return Maps(_together(op, states[along.maps], along.before).field, along.after)


def _softmax(op: Any, states: States) -> State:
    return _image(op, states)


def _bias(op: Any, states: States) -> State:
    if op.get_attr("data_format") != b"NHWC":
        raise _refused(op, "is not the same in both directions")
    return _image(op, states)


def _product(op: Any, states: States) -> State:
    """A product of each position's channels with a matrix that is the same everywhere."""
    layout = FLAT if op.type == "MatMul" else IMAGE
    transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    shape = op.inputs[1].shape
    if transposed or states[1] is not CONSTANT or shape.rank is None or any(side != 1 for side in shape[:-2]):
        raise _refused(op, "mixes positions; use g.gram")
    return _together(op, states[:1], layout)


def _transpose(op: Any, states: States) -> State:
    order = tf.get_static_value(op.inputs[1])
    if order is None or order.tolist() != sorted(order.tolist()):
        raise _refused(op, "moves positions")
    return _together(op, states[:1])


def _reshape(op: Any, states: States) -> State:
    """To one row of positions, or back to where they were: what ``tf.tensordot`` does."""
    maps, channels = _together(op, states[:1]), op.inputs[0].shape[-1]
    dims, sizes = shape_value(op.inputs[1]) or [], states[1]
    if maps.layout == IMAGE and dims[1:] == [channels]:
        return Maps(maps.field, FLAT)
    if maps.layout == FLAT and isinstance(sizes, Sizes) and sizes.maps.field.stride == maps.field.stride:
        source = sizes.operation.inputs[0].name
        for layout, ends in ((IMAGE, [channels]), (ROWS, [])):
            if dims == [1, (source, 1), (source, 2), *ends] and (ends or channels == 1):
                return Maps(maps.field, layout)
    raise _refused(op, "moves positions")


def _size(op: Any, states: States) -> State:
    return Sizes(op, _together(op, states[:1]))


def _fill(op: Any, states: States) -> State:
    """One value at all positions that other maps have, as of ``tf.ones_like``; what has another size depends on it."""
    sizes = states[0]
    if isinstance(sizes, Sizes) and sizes.operation is op.inputs[0].op and states[1] is CONSTANT:
        return sizes.maps
    return next(state for state in states if isinstance(state, Sizes))


_RULES: dict[str, Callable[[Any, States], State]] = {
    **dict.fromkeys(POINTWISE, _pointwise),
    **dict.fromkeys(CONVOLUTIONS, _convolution),
    **dict.fromkeys(POOLS, _pool),
    **dict.fromkeys(PADS, _pad),
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(SIZES, _size),
    **dict.fromkeys(_ALONG, _along_channels),
    **dict.fromkeys(("Softmax", "LogSoftmax", "LRN", "RGBToHSV", "HSVToRGB"), _softmax),
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2"), _product),
    "BiasAdd": _bias,
    "Fill": _fill,
    "Rank": lambda op, states: CONSTANT,
    "Reshape": _reshape,
    "Slice": _slice,
    "StridedSlice": _strided_slice,
    "Transpose": _transpose,
}
