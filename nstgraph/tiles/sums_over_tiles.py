"""Spatial sums over the tiles of a picture, and the way back from them to its pixels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from nstgraph.tensor_ancestry import ancestors, run_for
from nstgraph.tiles.target_cache import TargetCache

__all__ = ["MovingSums", "SessionCall", "Sums"]


class SessionCall:
    """A session's run of some fetches.

    Args:
        session: a ``tf.Session``.
        fetches: tensors, in lists.
        candidates: tensors to be fed, if a fetch is computed from them.
    """

    def __init__(self, session: Any, fetches: Sequence[Any], candidates: Iterable[Any]) -> None:
        candidates = list(candidates)
        _, used = run_for(tf.nest.flatten(fetches), fed=candidates)
        self._feeds = [tensor for tensor in candidates if tensor.name in used]
        self._run = session.make_callable(fetches, feed_list=self._feeds)

    @property
    def names(self) -> list[str]:
        """Of the tensors that are fed."""
        return [tensor.name for tensor in self._feeds]

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Values of the fetches, given those of the candidates by tensor name."""
        return self._run(*(values[tensor.name] for tensor in self._feeds))


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
    """

    def __init__(self, evaluator: Evaluator, wave: Sequence[Statistic], earlier: Sequence[Any]) -> None:
        graph = evaluator.objective.graph
        tensors = [statistic.tensor for statistic in wave]
        self._image = graph.generated.image
        self._cache: TargetCache | None = None
        self._earlier = [t for t in earlier if any(t.name in ancestors(own) for own in tensors)]
        self._adjoints = [tf.placeholder(t.dtype, t.shape, "adjoint") for t in tensors]
        pixels = [self._image] * any(graph.generated in statistic.views for statistic in wave)
        back = tf.gradients(
            tensors,
            [*self._earlier, *pixels],
            self._adjoints,
            stop_gradients=self._earlier,
            unconnected_gradients="zero",
        )
        delay(back, [*tensors, *self._adjoints])
        # Tiles are of the image that is fed, never of what the variable holds.
        moving = [self._image, *earlier, *self._adjoints]
        data = [view.image for view in graph.views[1:]]
        self._targets = targets_of([*tensors, *back], moving, data)
        super().__init__(evaluator, wave)
        self._make = SessionCall(evaluator.session, self._targets, super()._candidates(evaluator))
        self._back = SessionCall(evaluator.session, back, [*self._candidates(evaluator), *self._adjoints])

    def _candidates(self, evaluator: Evaluator) -> list[Any]:
        return [self._image, self._interior, *self._targets, *self._others]

    def bind(self, values: Mapping[str, Any], side: int, keep: str) -> None:
        """Compute what stays the same for each tile; arguments as for `add_up` and `TargetCache`."""
        self.release()
        self._tiles_bound = self._tiles(values, side)
        self._cache = TargetCache(
            keep, lambda number: self._make(self._cut(self._tiles_bound[number], values)), len(self._tiles_bound)
        )

    def release(self) -> None:
        """Give back the memory of the targets."""
        self._cache = None

    def _each(self, values: Mapping[str, Any]) -> Iterator[tuple[Tile, dict[str, Any]]]:
        names = [tensor.name for tensor in self._targets]
        cache = self._cache
        assert cache is not None, "no pictures are bound"
        for number, tile in enumerate(self._tiles_bound):
            yield tile, {**self._cut(tile, values), **dict(zip(names, cache[number], strict=True))}

    def add_up(self, values: Mapping[str, Any], side: int | None = None) -> dict[str, Array]:
        """The statistics over the tiles that were bound."""
        return _total(self._tensors, (self._sum(tile_values) for _, tile_values in self._each(values)))

    def go_back(self, values: Mapping[str, Any], adjoints: dict[str, Array], gradient: Array) -> None:
        """Add the derivative with respect to pixels to ``gradient``, and those to earlier statistics to ``adjoints``.

        Args:
            values: as in `add_up`.
            adjoints: derivatives of the loss with respect to statistics, by tensor name.
            gradient: of the loss with respect to the generated image, [1, height, width, 3].
        """
        own = {placeholder.name: adjoints[t.name] for placeholder, t in zip(self._adjoints, self._tensors, strict=True)}
        for tile, tile_values in self._each(values):
            *earlier, pixels = [*self._back({**tile_values, **own}), None][: len(self._earlier) + 1]
            for tensor, part in zip(self._earlier, earlier, strict=True):
                adjoints[tensor.name] = adjoints[tensor.name] + part
            if pixels is not None:
                tile.add(pixels, gradient)


def _total(tensors: Sequence[Any], parts: Iterable[Sequence[Any]]) -> dict[str, Array]:
    """Values of the tensors, added up in float64, by name."""
    totals: list[Any] = [0.0] * len(tensors)
    for part in parts:
        totals = [total + np.asarray(value, np.float64) for total, value in zip(totals, part, strict=True)]
    return {t.name: np.asarray(total, t.dtype.as_numpy_dtype) for t, total in zip(tensors, totals, strict=True)}
