"""Spatial sums over the tiles of a picture, and the way back from them to its pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.graph.backward_order import delay
from nstgraph.graph.evaluator import Evaluator
from nstgraph.graph.spatial_sums import Statistic
from nstgraph.graph.style_values import is_fixed
from nstgraph.graph.targets import targets_of
from nstgraph.graph.tiling import Tile, margin, tiles
from nstgraph.pictures.wrapping import NOWHERE
from nstgraph.tensor_ancestry import ancestors
from nstgraph.tiles.place import Home, Place, SessionCall, TileWork

__all__ = ["MovingSums", "Sums"]


class Sums:
    """Statistics over the positions of the same pictures, which do not depend on the generated image.

    Args:
        evaluator: gives graph and session.
        wave: the statistics.
    """

    def __init__(self, evaluator: Evaluator, wave: Sequence[Statistic]) -> None:
        objective = evaluator.objective
        graph = objective.graph
        self._tensors = [statistic.tensor for statistic in wave]
        self._views = [view for view in graph.views if any(view in statistic.views for statistic in wave)]
        self._interior = self._views[0].interior
        pictures = [view.image for view in graph.views]
        #: What is the same for all tiles: other sums, and a caller's placeholders.
        self._others = [s.tensor for s in graph.statistics if s not in wave]
        self._others += [t for t in objective.inputs if all(t is not picture for picture in pictures)]
        self._margin = margin(wave, graph.locality)
        self._wraps = graph.wraps if self._interior is graph.generated.interior else NOWHERE
        candidates = self._candidates(evaluator)
        self._sum = SessionCall(evaluator.session, self._tensors, candidates)
        of_styles = any(self._interior is style.interior for style in graph.styles)
        kept = evaluator.style_values if of_styles and is_fixed(objective, self._tensors, candidates) else None
        self._kept = kept

    def _candidates(self, evaluator: Evaluator) -> list[Any]:
        return [*(view.image for view in evaluator.objective.graph.views), self._interior, *self._others]

    def add_up(self, values: Mapping[str, Any], side: int) -> dict[str, Array]:
        """The statistics, by tensor name.

        Args:
            values: of pictures and of what is the same for all tiles, by tensor name.
            side: of a tile without its margin, in pixels.
        """

        def totals() -> list[Array]:
            parts = (self._sum(self._cut(tile, values)) for tile in self._tiles(values, side))
            return list(_total(self._tensors, parts).values())

        names = tuple(tensor.name for tensor in self._tensors)
        if self._kept is None:
            return dict(zip(names, totals(), strict=True))
        inputs = {name: values[name] for name in self._sum.names if name != self._interior.name}
        return dict(zip(names, self._kept.get((side, names), inputs, totals), strict=True))

    def _tiles(self, values: Mapping[str, Any], side: int) -> list[Tile]:
        height, width = values[self._views[0].image.name].shape[1:3]
        return tiles(height, width, side, self._margin, self._wraps)

    def _cut(self, tile: Tile, values: Mapping[str, Any]) -> dict[str, Any]:
        """``values``, of which pictures are those of the tile."""
        names = [view.image.name for view in self._views]
        parts = {name: tile.cut(values[name]) for name in names}
        height, width = values[names[0]].shape[1:3]
        return {**values, **parts, self._interior.name: tile.interior(height, width)}


class MovingSums(Sums):
    """Statistics that depend on the generated image, and the way back from them to its pixels.

    Args:
        evaluator: gives graph and session.
        wave: the statistics.
        earlier: tensors of statistics that these may be built on, known when these are computed.
        place: gives where the tiles are computed; here by default.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        wave: Sequence[Statistic],
        earlier: Sequence[Any],
        place: Callable[[TileWork, Home], Place] = lambda work, home: home,
    ) -> None:
        super().__init__(evaluator, wave)
        graph = evaluator.objective.graph
        image = graph.generated.image
        tensors = self._tensors
        self._earlier = [t for t in earlier if any(t.name in ancestors(own) for own in tensors)]
        self._adjoints = [tf.placeholder(t.dtype, t.shape, "adjoint") for t in tensors]
        pixels = [image] * any(graph.generated in statistic.views for statistic in wave)
        back = tf.gradients(
            tensors,
            [*self._earlier, *pixels],
            self._adjoints,
            stop_gradients=self._earlier,
            unconnected_gradients="zero",
        )
        delay(back, [*tensors, *self._adjoints])
        # Tiles are of the image that is fed, never of what the variable holds.
        targets = targets_of([*tensors, *back], [image, *earlier, *self._adjoints], [v.image for v in graph.views[1:]])
        inputs = [image, self._interior, *self._others, *self._adjoints]
        work = TileWork(tensors, back, targets, inputs, self._candidates(evaluator))
        self._place = place(work, Home(evaluator.session, work))
        self._tiles_bound: list[Tile] = []

    def bind(self, values: Mapping[str, Any], side: int, keep: str) -> None:
        """Choose pictures and tiles; arguments as for `add_up` and `TargetCache`."""
        self.release()
        self._tiles_bound = self._tiles(values, side)
        self._place.bind(lambda number: self._cut(self._tiles_bound[number], values), len(self._tiles_bound), keep)

    def release(self) -> None:
        """Give back the memory of the targets."""
        self._place.release()

    def add_up(self, values: Mapping[str, Any], side: int | None = None) -> dict[str, Array]:
        """The statistics over the tiles that were bound."""
        parts = self._place.each("sums", lambda number: self._cut(self._tiles_bound[number], values))
        return _total(self._tensors, parts)

    def go_back(self, values: Mapping[str, Any], adjoints: dict[str, Array], gradient: Array) -> None:
        """Add the derivative with respect to pixels to ``gradient``, and those to earlier statistics to ``adjoints``.

        Args:
            values: as in `add_up`.
            adjoints: derivatives of the loss with respect to statistics, by tensor name.
            gradient: of the loss with respect to the generated image, [1, height, width, 3].
        """
        own = {placeholder.name: adjoints[t.name] for placeholder, t in zip(self._adjoints, self._tensors, strict=True)}
        values = {**values, **own}
        parts = self._place.each("back", lambda number: self._cut(self._tiles_bound[number], values))
        for tile, part in zip(self._tiles_bound, parts, strict=True):
            for tensor, derivative in zip(self._earlier, part, strict=False):  # the last one may be that of the pixels
                adjoints[tensor.name] = adjoints[tensor.name] + derivative
            if len(part) > len(self._earlier):
                tile.add(part[-1], gradient)


def _total(tensors: Sequence[Any], parts: Iterable[Sequence[Any]]) -> dict[str, Array]:
    """Values of the tensors, added up in float64, by name."""
    totals: list[Any] = [0.0] * len(tensors)
    for part in parts:
        totals = [total + np.asarray(value, np.float64) for total, value in zip(totals, part, strict=True)]
    return {t.name: np.asarray(total, t.dtype.as_numpy_dtype) for t, total in zip(tensors, totals, strict=True)}
