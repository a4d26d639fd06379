"""One objective's evaluators, whole and tiled, behind what a stage of a plan asks for."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from nstgraph.arrays import Array
from nstgraph.graph.evaluator import Evaluates, Evaluator
from nstgraph.planning.plan import Stage
from nstgraph.tiles.tiled_evaluator import TiledEvaluator

__all__ = ["Evaluators"]


class Evaluators:
    """Evaluates an objective as a stage wants it.

    Args:
        whole: evaluates pictures whole; it stays the caller's to close.
    """

    def __init__(self, whole: Evaluator) -> None:
        self.whole = whole

    @functools.cached_property
    def tiled(self) -> TiledEvaluator:
        """The same loss, tile by tile; made when it is first needed."""
        return TiledEvaluator(self.whole)

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
