"""Pictures that go on beyond their edges with their other side: evaluated exactly, by the graph of any others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph.arrays import Array
from nstgraph.errors import ConfigError, TilingError
from nstgraph.graph.objective import Objective
from nstgraph.graph.tiling import Tile, check_open_sizes, check_tileable, margin, tiles
from nstgraph.tensor_ancestry import run_for

__all__ = ["Periodic"]


class Periodic:
    """How an objective is evaluated for a picture that wraps.

    Such a picture is one tile, whose margin is the picture once more: as wide as the receptive field, so that what the
    network shows beyond the margin is never seen. Sums count the picture itself, and the gradient of a pixel in the
    margin is one of the pixel that it repeats. So it is exact for every term that can be computed in tiles.

    Args:
        objective: of a graph that wraps.

    Attributes:
        margin: how far the statistics see, and the stride of the deepest of them.

    Raises:
        TilingError: a term cannot be computed in tiles; names it, and the operation at fault.
    """

    def __init__(self, objective: Objective) -> None:
        graph = objective.graph
        try:
            check_open_sizes(objective)
            check_tileable(objective)
        except TilingError as error:
            raise TilingError(f"{error}; a picture that wraps is a tile, so use another padding for that") from error
        self._graph = graph
        self._used, _ = run_for([objective.total])
        self._interior = graph.generated.interior
        self.margin = margin(
            [
                statistic
                for statistic in graph.statistics
                if statistic.tensor.op.name in self._used
                and any(view.interior is self._interior for view in statistic.views)
            ],
            graph.locality,
        )

    def check(self, shape: Sequence[int]) -> None:
        """Raise ConfigError unless pictures of that shape, [1, height, width, 3], wrap after whole strides."""
        stride = self.margin.stride
        for side, wraps, what in zip(shape[1:3], self._graph.wraps, ("height", "width"), strict=True):
            if wraps and side % stride:
                raise ConfigError(f"the {what} of a picture that wraps is a multiple of {stride} here, not {side}")

    def tile(self, shape: Sequence[int]) -> Tile:
        """The whole picture with its margin; raises ConfigError as `check` does."""
        self.check(shape)
        height, width = shape[1:3]
        return tiles(height, width, max(height, width), self.margin, self._graph.wraps)[0]

    def extended(self, feeds: Mapping[Any, Any]) -> dict[Any, Any]:
        """``feeds``, of which pictures of the generated image's size have their margin, and with it their interior."""
        pictures = [view.image for view in self._graph.views if view.interior is self._interior and view.image in feeds]
        if not pictures:
            return dict(feeds)
        shape = np.shape(feeds[pictures[0]])
        tile = self.tile(shape)
        parts = {picture: tile.cut(np.asarray(feeds[picture])) for picture in pictures}
        return {**feeds, **parts, self._interior: tile.interior(*shape[1:3])}

    def check_bound(self, feeds: Mapping[Any, Any]) -> None:
        """Raise ConfigError if the loss depends on a content image that is not among ``feeds``."""
        content = self._graph.content.image
        if content.op.name in self._used and content not in feeds:
            raise ConfigError("the content image of a picture that wraps has to be given to bind, not be a tensor")

    def folded(self, gradient: Array, shape: Sequence[int]) -> Array:
        """The gradient with respect to a picture of that shape, from that with respect to it with its margin."""
        whole = np.zeros(shape, np.float32)
        self.tile(shape).add(gradient, whole)
        return whole
