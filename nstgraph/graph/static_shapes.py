"""What can be told of cuts and shapes before anything is run."""

from __future__ import annotations

import math
from typing import Any

from nstgraph._tf import tf

__all__ = ["Dim", "cuts", "shape_value"]

#: A number, or the tensor and axis whose length it is, if that is known.
Dim = int | tuple[str, int]
_UNKNOWN = ("", 0)

#: What a cut does along an axis: keep a slice, take out one position, or (None) add an axis.
Cut = slice | int | None


def cuts(op: Any, rank: int) -> list[Cut] | None:
    """What an operation of type StridedSlice does along each axis of a tensor; None if that is not constant."""
    values = [tf.get_static_value(tensor) for tensor in op.inputs[1:4]]
    if any(value is None for value in values):
        return None
    masks = {name: op.get_attr(f"{name}_mask") for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    count = len(values[0])

    def marked(name: str, i: int) -> bool:
        return bool(masks[name] >> i & 1)

    taken = sum(not marked("ellipsis", i) and not marked("new_axis", i) for i in range(count))
    parts: list[Cut] = []
    for i, (begin, end, step) in enumerate(zip(*(value.tolist() for value in values), strict=True)):
        if marked("ellipsis", i):
            parts += [slice(None)] * (rank - taken)
        elif marked("new_axis", i):
            parts.append(None)
        elif marked("shrink_axis", i):
            parts.append(begin)
        else:
            parts.append(
                slice(
                    None if marked("begin", i) or begin == 0 else begin,
                    None if marked("end", i) else end,
                    None if step == 1 else step,
                )
            )
    return parts + [slice(None)] * (rank - sum(part is not None for part in parts))


def shape_value(tensor: Any) -> list[Dim] | None:
    """What a tensor of whole numbers, [n] or a single one, holds as far as it is known; None if nothing is."""
    value, op = tf.get_static_value(tensor), tensor.op
    if value is not None:
        return [int(number) for number in value.ravel()]
    if op.type == "Shape" and op.inputs[0].shape.rank is not None:
        source = op.inputs[0]
        return [(source.name, axis) if size is None else size for axis, size in enumerate(source.shape.as_list())]
    if op.type in ("ConcatV2", "Pack"):
        parts = [shape_value(part) for part in (op.inputs[:-1] if op.type == "ConcatV2" else op.inputs)]
        return None if None in parts else [dim for part in parts for dim in part or []]
    inner = shape_value(op.inputs[0]) if op.type in ("Cast", "GatherV2", "Identity", "Prod", "StridedSlice") else None
    if inner is None or op.type in ("Cast", "Identity"):
        return inner
    if op.type == "Prod":
        known = [dim for dim in inner if isinstance(dim, int)]
        return [math.prod(known) if len(known) == len(inner) else _UNKNOWN]
    if op.type == "GatherV2":
        places = tf.get_static_value(op.inputs[1])
        return None if places is None else [inner[place] for place in places.ravel()]
    part = (cuts(op, 1) or [None])[0]
    return inner[part] if isinstance(part, slice) else None if part is None else [inner[part]]
