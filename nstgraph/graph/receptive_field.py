"""Which pixels a tensor sees, and how: as a picture's maps, as its size, or not at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import TilingError

__all__ = ["CONSTANT", "FLAT", "IMAGE", "ROWS", "Maps", "ReceptiveField", "Sizes", "State", "size_fault"]


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


@dataclass(frozen=True)
class Maps:
    """What is computed at each position from the pixels around it, the same way everywhere."""

    field: ReceptiveField = ReceptiveField()
    layout: str = IMAGE


@dataclass(frozen=True)
class Sizes:
    """What follows from a picture's size, which in a tile is the tile's; the operation that asks, and of which maps."""

    operation: Any
    maps: Maps


#: What is the same in each tile: weights, spatial sums, and what is computed from them.
CONSTANT = "constant"

#: How a tensor follows from the pictures; a TilingError says why it cannot be computed in tiles.
State = Maps | Sizes | TilingError | str


def size_fault(sizes: Sizes) -> TilingError:
    """The error for what depends on a picture's size."""
    op = sizes.operation
    name = "tf.size" if op.type == "Size" else "tf.shape"
    return TilingError(
        f"it depends on the picture's size by {name} (operation {op.name!r}), and a tile has another; use g.positions"
    )
