"""Tiles: which terms can be computed on them, how far they must overlap, and statistics summed over them.

A statistic of a picture is the sum of its values over the picture's tiles. It is exact because a tile carries a margin
as wide as the receptive field, counts only its interior, and starts at a multiple of every stride.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nstgraph.errors import TilingError
from nstgraph.graph import Statistic
from nstgraph.objective import Array, Evaluator, Objective
from nstgraph.reach import REDUCTIONS, Reach, fault, over_positions, reach
from nstgraph.walk import ancestors, dependents

__all__ = ["Tile", "check_tileable", "statistics", "tiles"]


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
        TilingError: a term cannot; names the term and the reduction at fault.
    """
    graph = objective.graph
    sums = [statistic.tensor for statistic in graph.statistics]
    for label, value in objective.terms.items():
        try:
            beside = ancestors(value, stop=sums)
            if graph.generated.image.name in beside:
                raise TilingError(fault(_reduction(beside.values(), graph.generated.image)))
            for statistic in graph.statistics:
                if statistic.tensor.name in beside:
                    _common(statistic, sums)
        except TilingError as error:
            raise TilingError(f"loss term {label!r} cannot be tiled: {error}") from None


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


def tiles(height: int, width: int, side: int, margin: Reach) -> Iterator[Tile]:
    """Tiles of ``side`` pixels, made a multiple of the margin's stride, that cover a picture once."""
    side = max(1, side // margin.stride) * margin.stride
    before = -(-max(0, margin.before) // margin.stride) * margin.stride
    for top in range(0, height, side):
        for left in range(0, width, side):
            bottom, right = min(top + side, height), min(left + side, width)
            first, start = max(0, top - before), max(0, left - before)
            outer = slice(first, bottom + max(0, margin.after)), slice(start, right + max(0, margin.after))
            yield Tile(outer, (top - first, left - start, bottom - first, right - start))


def statistics(evaluator: Evaluator, pictures: Mapping[str, Array], side: int | None = None) -> dict[str, Array]:
    """Every statistic of an objective's graph, summed over tiles.

    Args:
        evaluator: gives the objective and the session.
        pictures: by view name, ``generated``, ``content``, ``style``, ...: [1, height, width, 3].
        side: of a tile's interior, in pixels; None computes each picture whole.

    Returns:
        By tensor name, float64.

    Raises:
        TilingError: see `check_tileable`.
    """
    if side is not None:
        check_tileable(evaluator.objective)
    known: dict[Any, Array] = {}
    waiting = list(evaluator.objective.graph.statistics)
    while waiting:
        # A statistic may be built on others, such as a histogram whose bins follow the mean: those come first.
        ready = [s for s in waiting if not _needs(s, waiting)]
        found: dict[Any, Array] = {}
        for interior in {view.interior for s in ready for view in s.views}:
            together = [s for s in ready if s.views[0].interior is interior]
            found |= _over_tiles(evaluator, together, pictures, known, side)
        known |= found
        waiting = [s for s in waiting if s not in ready]
    return {tensor.name: value for tensor, value in known.items()}


def _needs(statistic: Statistic, others: Sequence[Statistic]) -> bool:
    sources = ancestors(statistic.tensor)
    return any(other is not statistic and other.tensor.name in sources for other in others)


def _over_tiles(
    evaluator: Evaluator,
    together: Sequence[Statistic],
    pictures: Mapping[str, Array],
    known: Mapping[Any, Array],
    side: int | None,
) -> dict[Any, Array]:
    """Statistics of the same pictures, summed over their tiles."""
    tensors = [statistic.tensor for statistic in together]
    views = {view for statistic in together for view in statistic.views}
    height, width = pictures[next(iter(views)).name].shape[1:3]
    sums = [statistic.tensor for statistic in evaluator.objective.graph.statistics]
    whole = [Tile((slice(None), slice(None)), (0, 0, -1, -1))]
    totals: list[Array] = [np.zeros(()) for _ in tensors]
    for tile in tiles(height, width, side, _margin(together, sums)) if side is not None else whole:
        feed = {view.image: tile.cut(pictures[view.name]) for view in views}
        interiors = {view.interior: tile.inner for view in views}
        parts = evaluator.session.run(tensors, {**feed, **interiors, **known})
        totals = [total + np.asarray(part, np.float64) for total, part in zip(totals, parts, strict=True)]
    return dict(zip(tensors, totals, strict=True))


def _margin(together: Sequence[Statistic], sums: Sequence[Any]) -> Reach:
    return functools.reduce(Reach.__or__, (_common(statistic, sums) for statistic in together))
