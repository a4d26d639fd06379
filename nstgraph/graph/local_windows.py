"""Operations that see the positions around each one, or some of them only: convolutions, pools, pads and cuts.

Rules as in `nstgraph.graph.local_operations`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nstgraph._tf import tf
from nstgraph.graph.receptive_field import (
    IMAGE,
    RANK,
    ROWS,
    Maps,
    ReceptiveField,
    Sizes,
    State,
    States,
    image_maps,
    refused,
    together,
)
from nstgraph.graph.static_shapes import cuts

__all__ = ["convolution", "cut", "pad", "pool", "strided_slice"]


def convolution(op: Any, states: States) -> State:
    """A convolution of any odd or even size, dilated or not."""
    sides, dilations = op.inputs[1].shape[:2].as_list() if op.inputs[1].shape.rank else [None], op.get_attr("dilations")
    if None in sides:
        raise refused(op, "has a kernel of unknown size")
    wide = max((side - 1) * dilation + 1 for side, dilation in zip(sides, dilations[1:3], strict=True))
    return _window(op, image_maps(op, states), wide, largest=None)


def pool(op: Any, states: States) -> State:
    """A pool, the same in both directions."""
    sides = list(op.get_attr("ksize"))
    if sides != [1, sides[1], sides[1], 1]:
        raise refused(op, "is not the same in both directions")
    return _window(op, image_maps(op, states), sides[1], largest=2)


def _window(op: Any, maps: Maps, size: int, largest: int | None) -> Maps:
    """Maps of which each position sees ``size`` positions of others.

    With padding SAME, pools of up to the ``largest`` size, and convolutions of stride 1 (None), begin at the first
    position whatever the picture's size is.
    """
    strides, padding = list(op.get_attr("strides")), op.get_attr("padding")
    if strides != [1, strides[1], strides[1], 1] or op.get_attr("data_format") != b"NHWC":
        raise refused(op, "is not the same in both directions")
    same = padding == b"SAME"
    if not same and padding != b"VALID":
        raise refused(op, "has a padding that is not known in tiles")
    if same and (strides[1] > 1 if largest is None else size > largest):
        raise refused(op, "starts elsewhere on every size (pool by 2 repeatedly, or use VALID)")
    field, left = maps.field, (size - 1) // 2 if same else 0
    before, after = field.before + left * field.stride, field.after + (size - 1 - left) * field.stride
    return Maps(ReceptiveField(strides[1] * field.stride, before, after))


def pad(op: Any, states: States) -> State:
    """Zeros, a constant or a mirror around the picture."""
    field, margins = image_maps(op, states).field, tf.get_static_value(op.inputs[1])
    if margins is None or margins[0].any():
        raise refused(op, "pads by an amount that is not known")
    begins = margins[1:3, 0]
    # A mirror shows at the picture's end what is as far before it.
    furthest = margins[1:3].max() if op.type == "MirrorPad" else begins.max()
    before = field.before + int(furthest) * field.stride
    return Maps(ReceptiveField(field.stride, before, field.after - int(begins.min()) * field.stride))


def strided_slice(op: Any, states: States) -> State:
    """``x[...]`` with constants: every n-th position, without ends, or some channels."""
    maps = together(op, states[:1])
    parts = cuts(op, RANK[maps.layout])
    if parts is None:
        raise refused(op, "cuts by an amount that is not a constant")
    if maps.layout == ROWS and parts == [slice(None)] * 3 + [None]:
        return Maps(maps.field, IMAGE)  # rows[..., tf.newaxis]
    if maps.layout != IMAGE or len(parts) != 4 or parts[0] not in (slice(None), slice(None, 1)):
        raise refused(op, "takes positions apart")
    *_, down, right, channel = parts
    if not isinstance(down, slice) or not isinstance(right, slice) or down.step != right.step:
        raise refused(op, "is not the same in both directions")
    starts, step = [down.start or 0, right.start or 0], down.step or 1
    ends = [-1 if part.stop is None else part.stop for part in (down, right)]
    if min(starts) < 0 or max(ends) >= 0 or step < 1:
        raise refused(op, "takes out a part of the picture, which is elsewhere in every tile")
    field = _without_ends(maps.field, starts, 0 if down.stop is right.stop is None else -min(ends))
    field = ReceptiveField(field.stride * step, field.before, field.after)
    return Maps(field, IMAGE if isinstance(channel, slice) else ROWS)


def cut(op: Any, states: States) -> State:
    """``tf.slice``: without ends, or as long as other maps are."""
    maps, starts = together(op, states[:1], IMAGE), tf.get_static_value(op.inputs[1])
    lengths, sizes = tf.get_static_value(op.inputs[2]), states[2]
    if starts is None or starts[0] != 0:
        raise refused(op, "cuts by an amount that is not a constant")
    field = _without_ends(maps.field, [int(start) for start in starts[1:3]], 0)
    if lengths is not None and (lengths[1:3] == -1).all():
        return Maps(field)
    if isinstance(sizes, Sizes) and sizes.operation is op.inputs[2].op and sizes.maps.field.stride == field.stride:
        # As long as other maps are: cut off is what these do not have.
        return Maps(field | sizes.maps.field)
    raise refused(op, "takes out a part of the picture, which is elsewhere in every tile")


def _without_ends(field: ReceptiveField, starts: Sequence[int], cut: int) -> ReceptiveField:
    """What is left of maps when the first positions in each direction, and some of the last ones, are cut off."""
    # Positions that were cut off are not there for what comes next, so nothing is gained before the first.
    before = max(0, field.before - min(starts) * field.stride)
    return ReceptiveField(field.stride, before, field.after + (max(starts) + cut) * field.stride)
