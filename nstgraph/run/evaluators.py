"""One objective's evaluators, whole and tiled, behind what a stage of a plan asks for."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence

from nstgraph.arrays import Array
from nstgraph.graph.evaluator import Evaluates, Evaluator
from nstgraph.planning.plan import Plan, Stage
from nstgraph.tiles.tile_check import check_tiles
from nstgraph.tiles.tiled_evaluator import TiledEvaluator
from nstgraph.workers.team import Team
from nstgraph.workers.workers import Workers

__all__ = ["Evaluators"]


class Evaluators:
    """Evaluates an objective as a stage wants it.

    Args:
        whole: evaluates pictures whole; it stays the caller's to close.
        foreign: labels of terms that did not come with nstgraph.
        workers: compute the tiles, if there are any.

    Attributes:
        whole: see above.
        team: the workers; None if there are none.
    """

    def __init__(self, whole: Evaluator, foreign: Collection[str] = (), workers: Workers | None = None) -> None:
        self.whole = whole
        self._foreign = foreign
        self.team = Team(workers) if workers else None

    @functools.cached_property
    def tiled(self) -> TiledEvaluator:
        """The same loss, tile by tile; made when it is first needed, and foreign terms compared with the whole then.

        Raises:
            TilingError: a term cannot be computed in tiles, or is another one there.
        """
        tiled = TiledEvaluator(self.whole, self.team.place) if self.team else TiledEvaluator(self.whole)
        check_tiles(self.whole, tiled, self._foreign)
        return tiled

    def check(self, plan: Plan) -> None:
        """Raise TilingError if a plan needs tiles, or pictures that wrap, and a foreign term is not the same there."""
        if self._foreign and (self.whole.periodic is not None or any(stage.tile for stage in plan.stages)):
            self.tiled  # noqa: B018 - which compares them

    def bind(self, stage: Stage, content: Array, styles: Sequence[Array]) -> Evaluates:
        """The evaluator for a stage, with its pictures, which have the stage's sizes."""
        if stage.tile is None:
            return self.whole.bind(content, styles)
        return self.tiled.bind(content, styles, side=stage.tile, keep=stage.keep)

    def release(self) -> None:
        """Give back the memory that depends on the pictures."""
        self.whole.release()
        if "tiled" in self.__dict__:
            self.tiled.release()

    def close(self) -> None:
        """Give back the memory on workers."""
        if self.team is not None:
            self.team.close()
