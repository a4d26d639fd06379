"""Tiles: where they lie, how far they overlap, and in which order sums over them can be computed.

A statistic of a picture is the sum of its values over the picture's tiles. It is exact because a tile carries a margin
as wide as the receptive field, counts only its interior, and starts at a multiple of every stride. Where a picture
wraps, the margin at its edge is its other side.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nstgraph.arrays import Array
from nstgraph.errors import TilingError
from nstgraph.graph.locality import Locality
from nstgraph.graph.objective import Objective
from nstgraph.graph.receptive_field import ReceptiveField
from nstgraph.graph.spatial_sums import Statistic
from nstgraph.pictures.wrapping import NOWHERE, Wraps
from nstgraph.tensor_ancestry import ancestors, run_for

__all__ = ["Span", "Tile", "check_open_sizes", "check_tileable", "margin", "spans", "tiles", "waves"]


@dataclass(frozen=True)
class Span:
    """A tile along one direction, in pixels: ``outer`` is computed, and of that, from ``begin`` to ``end`` counts.

    Where the picture ``wraps``, ``outer`` goes beyond its edges, even several times around.
    """

    outer: slice
    begin: int
    end: int
    wraps: bool = False

    def of(self, picture: Array, axis: int) -> Array:
        """The span's part of a picture along an axis."""
        if self.wraps:
            return picture.take(np.arange(self.outer.start, self.outer.stop), axis, mode="wrap")
        return picture[(slice(None),) * axis + (self.outer,)]

    def runs(self, length: int) -> Iterator[tuple[slice, slice]]:
        """The parts that lie within a picture of that length, as what they are of ``outer`` and of the picture."""
        start, stop = self.outer.start, self.outer.stop
        while start < stop:
            first = start % length
            last = min(length, first + stop - start)
            yield slice(start - self.outer.start, start - self.outer.start + last - first), slice(first, last)
            start += last - first

    def last(self, length: int) -> int:
        """``end``; or -1 where the tile ends with the picture, so that maps padded beyond count as a whole."""
        return -1 if not self.wraps and self.outer.start + self.end == length else self.end


@dataclass(frozen=True)
class Tile:
    """A part of a picture."""

    rows: Span
    columns: Span

    def cut(self, picture: Array) -> Array:
        """The tile's pixels of a picture [1, height, width, channels], margin included."""
        return self.columns.of(self.rows.of(picture, 1), 2)

    def add(self, part: Array, whole: Array) -> None:
        """Add numbers for the tile's pixels to those for the picture's, each to the pixel that it is for.

        Args:
            part: as `cut` gives it.
            whole: for the picture, [1, height, width, channels].
        """
        for here, there in self.rows.runs(whole.shape[1]):
            for left, right in self.columns.runs(whole.shape[2]):
                whole[:, there, right] += part[:, here, left]

    def interior(self, height: int, width: int) -> npt.NDArray[np.int32]:
        """What counts of the tile, of a picture of that size, as a `View` is fed it."""
        rows, columns = self.rows, self.columns
        return np.array([rows.begin, columns.begin, rows.last(height), columns.last(width)], np.int32)


def tiles(height: int, width: int, side: int, margin: ReceptiveField, wraps: Wraps = NOWHERE) -> list[Tile]:
    """Tiles of about ``side`` pixels at most, as alike as the margin's stride allows, that cover a picture.

    Where it ``wraps``, it has a whole number of strides.
    """
    below, beside = wraps
    columns = spans(width, side, margin, beside)
    return [Tile(row, column) for row in spans(height, side, margin, below) for column in columns]


def spans(length: int, side: int, margin: ReceptiveField, wraps: bool = False) -> list[Span]:
    """The tiles along one direction."""
    stride = margin.stride
    before, after = (_rounded_up(max(0, pixels), stride) for pixels in (margin.before, margin.after))
    part = _rounded_up(math.ceil(length / math.ceil(length / max(side, stride))), stride)
    # At the picture's edges, too, a tile has room for whole windows, and for what a mirror shows of its inside.
    least = before + after + stride
    parts: list[Span] = []
    for begin in range(0, length, part):
        end = min(begin + part, length)
        start, stop = begin - before, end + after
        if not wraps:
            start = max(0, min(start, (length - least) // stride * stride))
            stop = min(length, max(stop, start + least))
        parts.append(Span(slice(start, stop), begin - start, end - start, wraps))
    return parts


def _rounded_up(value: int, step: int) -> int:
    return -(-value // step) * step


def check_tileable(objective: Objective) -> None:
    """Make sure that every term of an objective can be computed tile by tile.

    Raises:
        TilingError: some cannot; names each, and the operation at fault.
    """
    faults = []
    graph = objective.graph
    image, sums = graph.generated.image, [statistic.tensor for statistic in graph.statistics]
    for label, value in objective.terms.items():
        try:
            sources, _ = run_for([value])
            for statistic in graph.statistics:
                if statistic.tensor.op.name in sources:
                    _field(statistic, graph.locality)
            # Beside sums, a loss may depend on pictures that do not change, as these are known as a whole.
            if image.name in ancestors(value, stop=sums):
                graph.locality.field(value)
            elif image.op.name in run_for([value], fed=sums)[0]:
                raise TilingError("it waits for what is computed from the generated image; leave that out")
        except TilingError as error:
            faults.append(f"loss term {label!r} cannot be tiled: {error}")
    if faults:
        raise TilingError("; ".join(faults))


def check_open_sizes(objective: Objective) -> None:
    """Raise TilingError if the loss depends on a picture of a fixed size, which could not be that of a tile."""
    used = ancestors(objective.total)
    for view in objective.graph.views:
        shape = view.image.shape
        if view.image.name in used and shape.rank == 4 and shape.as_list()[1:3] != [None, None]:
            raise TilingError(
                f"{view.image.name} is of a fixed size, {shape}, and a tile is of another; leave the size open with "
                "tf.placeholder_with_default(tensor, [1, None, None, 3]), or a variable of shape [1, None, None, 3]"
            )


def margin(together: Sequence[Statistic], locality: Locality) -> ReceptiveField:
    """How far tiles must overlap for some statistics."""
    return functools.reduce(ReceptiveField.__or__, (_field(statistic, locality) for statistic in together))


def _field(statistic: Statistic, locality: Locality) -> ReceptiveField:
    """What a statistic's summand sees of its pictures; raises TilingError if these do not share positions."""
    if len({view.interior.name for view in statistic.views}) > 1:
        names = " and ".join(view.name for view in statistic.views)
        raise TilingError(f"operation {statistic.summand.op.name!r} mixes positions of {names}")
    return locality.field(statistic.summand)


def waves(statistics: Sequence[Statistic]) -> list[list[Statistic]]:
    """Statistics in an order in which they can be computed, each group over the same pictures.

    A statistic may be built on others, such as a histogram whose bins follow the mean: those are in an earlier group.
    """
    waiting, groups = list(statistics), []
    while waiting:
        ready = [statistic for statistic in waiting if not _needs(statistic, waiting)]
        for interior in sorted({statistic.views[0].interior.name for statistic in ready}):
            groups.append([statistic for statistic in ready if statistic.views[0].interior.name == interior])
        waiting = [statistic for statistic in waiting if statistic not in ready]
    return groups


def _needs(statistic: Statistic, others: Sequence[Any]) -> bool:
    sources, _ = run_for([statistic.tensor])
    return any(other is not statistic and other.tensor.op.name in sources for other in others)
