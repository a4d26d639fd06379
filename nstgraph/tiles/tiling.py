"""Tiles: which terms can be computed on them, and how far they must overlap.

A statistic of a picture is the sum of its values over the picture's tiles. It is exact because a tile carries a margin
as wide as the receptive field, counts only its interior, and starts at a multiple of every stride.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from nstgraph.ancestry import ancestors, dependents
from nstgraph.arrays import Array
from nstgraph.errors import TilingError
from nstgraph.graph.objective import Objective
from nstgraph.graph.receptive_field import REDUCTIONS, Reach, fault, over_positions, reach
from nstgraph.graph.style_graph import Statistic

__all__ = ["Tile", "check_tileable", "margin", "tiles", "waves"]


@dataclass(frozen=True)
class Tile:
    """A part of a picture, in pixels: ``outer`` is computed, and of it ``inner`` (top, left, bottom, right) counts."""

    outer: tuple[slice, slice]
    inner: tuple[int, int, int, int]

    def cut(self, picture: Array) -> Array:
        """The tile's pixels of a picture [1, height, width, 3], margin included."""
        return picture[:, self.outer[0], self.outer[1]]


def check_tileable(objective: Objective) -> None:
    """Make sure that every term of an objective can be computed tile by tile.

    Raises:
        TilingError: some cannot; names each, and the operation at fault.
    """
    faults = []
    for label, value in objective.terms.items():
        try:
            _check_term(objective, value)
        except TilingError as error:
            faults.append(f"loss term {label!r} cannot be tiled: {error}")
    if faults:
        raise TilingError("; ".join(faults))


def _check_term(objective: Objective, value: Any) -> None:
    graph = objective.graph
    sums = [statistic.tensor for statistic in graph.statistics]
    beside, sources = ancestors(value, stop=sums), ancestors(value)
    if graph.generated.image.name in beside:
        raise TilingError(fault(_reduction(beside.values(), graph.generated.image)))
    for statistic in graph.statistics:
        if statistic.tensor.name in sources:
            _common(statistic, sums)


def _reduction(tensors: Iterable[Any], image: Any) -> Any:
    """The operation at which positions of ``image`` get lost, among the ones that made ``tensors``."""
    moves = dependents([image])
    moving = [tensor.op for tensor in tensors if tensor.op.name in moves]
    return next((op for op in moving if op.type in REDUCTIONS and over_positions(op)), moving[-1])


def _common(statistic: Statistic, sums: Sequence[Any]) -> Reach:
    """Reach of a statistic's summand over its pictures; raises TilingError if these do not share positions."""
    if len({view.interior.name for view in statistic.views}) > 1:
        names = " and ".join(view.name for view in statistic.views)
        raise TilingError(f"operation {statistic.summand.name!r} mixes positions of {names}")
    reaches = (reach(statistic.summand, view.image, sums) for view in statistic.views)
    return functools.reduce(Reach.__or__, reaches)


def margin(together: Sequence[Statistic], sums: Sequence[Any]) -> Reach:
    """How far tiles must overlap for some statistics; ``sums`` are the tensors of all statistics of the graph."""
    return functools.reduce(Reach.__or__, (_common(statistic, sums) for statistic in together))


def waves(statistics: Sequence[Statistic]) -> list[list[Statistic]]:
    """Statistics in an order in which they can be computed, each group over the same pictures.

    A statistic may be built on others, such as a histogram whose bins follow the mean: those are in an earlier group.
    """
    waiting, found = list(statistics), []
    while waiting:
        ready = [statistic for statistic in waiting if not _needs(statistic, waiting)]
        for interior in sorted({statistic.views[0].interior.name for statistic in ready}):
            found.append([statistic for statistic in ready if statistic.views[0].interior.name == interior])
        waiting = [statistic for statistic in waiting if statistic not in ready]
    return found


def _needs(statistic: Statistic, others: Sequence[Statistic]) -> bool:
    sources = ancestors(statistic.tensor)
    return any(other is not statistic and other.tensor.name in sources for other in others)


def tiles(height: int, width: int, side: int, margin: Reach) -> list[Tile]:
    """Tiles of about ``side`` pixels at most, as alike as the margin's stride allows, that cover a picture."""
    before = _up(max(0, margin.before), margin.stride)
    found = []
    for top, bottom in _parts(height, side, margin.stride):
        for left, right in _parts(width, side, margin.stride):
            first, start = max(0, top - before), max(0, left - before)
            outer = slice(first, bottom + max(0, margin.after)), slice(start, right + max(0, margin.after))
            found.append(Tile(outer, (top - first, left - start, bottom - first, right - start)))
    return found


def _parts(length: int, side: int, stride: int) -> list[tuple[int, int]]:
    part = _up(math.ceil(length / math.ceil(length / max(side, stride))), stride)
    return [(begin, min(begin + part, length)) for begin in range(0, length, part)]


def _up(value: int, step: int) -> int:
    return -(-value // step) * step
