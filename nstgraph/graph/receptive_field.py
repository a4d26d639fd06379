"""Which pixels a tensor sees, read off the graph: its stride and its receptive field."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.errors import TilingError

__all__ = ["REDUCTIONS", "Reach", "fault", "over_positions", "reach"]

REDUCTIONS = {"Sum", "Mean", "Max", "Min", "Prod", "All", "Any", "ArgMax", "ArgMin", "EuclideanNorm"}
_CONVOLUTIONS = {"Conv2D", "DepthwiseConv2dNative"}
_POOLS = {"AvgPool", "MaxPool"}
_PADS = {"MirrorPad", "Pad", "PadV2"}
_SLICES = {"StridedSlice", "Slice"}
_SIZES = {"Shape", "ShapeN", "Size", "Rank"}
_MOVES = {
    "Roll", "ReverseV2", "ResizeBilinear", "ResizeBicubic", "ResizeNearestNeighbor", "ResizeArea", "ScaleAndTranslate",
    "CropAndResize", "Cumsum", "Cumprod", "FFT2D", "IFFT2D", "RFFT2D", "IRFFT2D", "FFT", "IFFT", "RFFT", "IRFFT",
    "SpaceToDepth", "DepthToSpace", "SpaceToBatchND", "BatchToSpaceND", "GatherV2", "GatherNd", "ScatterNd",
}  # fmt: skip


@dataclass(frozen=True)
class Reach:
    """The pixels that position i of a tensor sees: i · stride - before to i · stride + after, in each direction."""

    stride: int = 1
    before: int = 0
    after: int = 0

    def __or__(self, other: Reach) -> Reach:
        return Reach(max(self.stride, other.stride), max(self.before, other.before), max(self.after, other.after))


def reach(tensor: Any, image: Any, stop: Iterable[Any] = ()) -> Reach:
    """How far ``tensor``, [1, height, width, channels], sees on ``image``, other than through the tensors ``stop``.

    Raises:
        TilingError: something between them reduces over positions.
    """
    known: dict[str, Reach | None] = {**{end.name: None for end in stop}, image.name: Reach()}

    def of(current: Any) -> Reach | None:
        if current.op.type in _SIZES:
            return None
        if current.name not in known:
            below = [found for found in map(of, current.op.inputs) if found is not None]
            known[current.name] = _through(current.op, functools.reduce(Reach.__or__, below)) if below else None
        return known[current.name]

    return of(tensor) or Reach()


def _through(op: Any, below: Reach) -> Reach:
    """Reach of an operation's output, given that of its inputs."""
    step = below.stride
    if op.type in _CONVOLUTIONS or op.type in _POOLS:
        stride = op.get_attr("strides")[1]
        size = _window(op)
        same = op.get_attr("padding") == b"SAME"
        if same and (size > 2 if op.type in _POOLS else stride > 1):
            raise TilingError(f"{op.type} {op.name!r} starts elsewhere on every size; pool by 2 repeatedly, or VALID")
        left = (size - 1) // 2 if same else 0
        return Reach(stride * step, below.before + left * step, below.after + (size - 1 - left) * step)
    if op.type in _PADS:
        margin = int(_constant(op)[1:3, 0].max())
        return Reach(step, below.before + margin * step, below.after - margin * step)
    if op.type in _SLICES:
        return Reach(step, below.before, below.after + max(0, int(_constant(op).max())) * step)
    if op.type in REDUCTIONS and over_positions(op):
        raise TilingError(fault(op))
    if op.type in _MOVES:
        raise TilingError(f"{op.type} {op.name!r} moves positions by itself; leave it out, or compute without tiles")
    return below


def _window(op: Any) -> int:
    """Positions from the first to the last that a convolution or pool looks at, in one direction."""
    if op.type in _POOLS:
        return int(op.get_attr("ksize")[1])
    return (int(op.inputs[1].shape[0]) - 1) * int(op.get_attr("dilations")[1]) + 1


def _constant(op: Any) -> Any:
    value = tf.get_static_value(op.inputs[1])
    if value is None:
        raise TilingError(f"{op.type} {op.name!r} cuts or pads by an amount that is not a constant")
    return np.asarray(value)


def over_positions(op: Any) -> bool:
    """Whether a reduction runs over rows or columns, or over axes that cannot be told."""
    axes = tf.get_static_value(op.inputs[1]) if len(op.inputs) > 1 else None
    rank = op.inputs[0].shape.rank
    return axes is None or rank is None or any(axis % rank in (1, 2) for axis in np.ravel(axes))


def fault(op: Any) -> str:
    """What is wrong with a reduction over positions, and what to use in its place."""
    return f"it reduces over positions by itself ({op.type}, operation {op.name!r}); use g.sum, g.mean or g.gram"
