"""Which pixels a tensor sees, and how: as a picture's maps, as its size, or not at all."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import TilingError

__all__ = [
    "CONSTANT",
    "FLAT",
    "IMAGE",
    "RANK",
    "ROWS",
    "Maps",
    "ReceptiveField",
    "Sizes",
    "State",
    "States",
    "image_maps",
    "refused",
    "size_fault",
    "together",
]


@dataclass(frozen=True)
class ReceptiveField:
    """The pixels that position i of a tensor sees: i · stride - before to i · stride + after, in each direction.

    The union (``|``) of two is one that covers both, at positions that both have.
    """

    stride: int = 1
    before: int = 0
    after: int = 0

    def __or__(self, other: ReceptiveField) -> ReceptiveField:
        stride = math.lcm(self.stride, other.stride)
        return ReceptiveField(stride, max(self.before, other.before), max(self.after, other.after))


#: How the positions of a picture lie in a tensor.
IMAGE, ROWS, FLAT = "[1, height, width, channels]", "[1, height, width]", "[positions, channels]"

#: Number of axes by layout.
RANK = {IMAGE: 4, ROWS: 3, FLAT: 2}


@dataclass(frozen=True)
class Maps:
    """What is computed at each position from the pixels around it, the same way everywhere.

    Attributes:
        field: these pixels.
        layout: how the positions lie in the tensor.
        source: in layout ``FLAT``, the tensor whose positions they are; empty if they are those of several.
    """

    field: ReceptiveField = ReceptiveField()
    layout: str = IMAGE
    source: str = ""


@dataclass(frozen=True)
class Sizes:
    """What follows from a picture's size, which in a tile is the tile's; the operation that asks, and of which maps."""

    operation: Any
    maps: Maps


#: What is the same in each tile: weights, spatial sums, and what is computed from them.
CONSTANT = "constant"

#: How a tensor follows from the pictures; a TilingError says why it cannot be computed in tiles.
State = Maps | Sizes | TilingError | str
States = Sequence[State]


def size_fault(sizes: Sizes) -> TilingError:
    """The error for what depends on a picture's size."""
    op = sizes.operation
    name = "tf.size" if op.type == "Size" else "tf.shape"
    return TilingError(
        f"it depends on the picture's size by {name} (operation {op.name!r}), and a tile has another; use g.positions"
    )


def refused(op: Any, why: str) -> TilingError:
    """The error for an operation that is not local."""
    return TilingError(f"{op.type} (operation {op.name!r}) {why}; leave it out, or compute without tiles")


def together(op: Any, states: States, layout: str | None = None) -> Maps:
    """Maps that see what all of some maps see, which are to have one layout and stride."""
    maps = [state for state in states if isinstance(state, Maps) and layout in (None, state.layout)]
    if len(maps) < len(states) or len({(state.layout, state.field.stride) for state in maps}) != 1:
        raise refused(op, "puts different positions together")
    sources = {state.source for state in maps}
    field = functools.reduce(ReceptiveField.__or__, (state.field for state in maps))
    return Maps(field, maps[0].layout, sources.pop() if len(sources) == 1 else "")


def image_maps(op: Any, states: States) -> Maps:
    """The first input, if it is an image's maps, and all others are constant."""
    if any(state is not CONSTANT for state in states[1:]):
        raise refused(op, "depends on the pictures in a way that is not known in tiles")
    return together(op, states[:1], IMAGE)
