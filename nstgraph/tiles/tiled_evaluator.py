"""An objective evaluated tile by tile, exactly: pictures of any size in the memory of one tile.

A loss is a function of spatial sums, and a spatial sum over a picture is the sum over its tiles. So an evaluation takes
two passes: the first adds up the statistics over the tiles of the generated image; then the loss, and its derivative
with respect to every statistic, follow from the sums alone; the second pass carries these derivatives back through each
tile to its pixels. What depends on the content image alone is computed once a tile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array, Values
from nstgraph.errors import ConfigError
from nstgraph.fed_variables import unless_not_loaded
from nstgraph.graph.evaluator import Evaluator
from nstgraph.graph.feeds import checked_feeds
from nstgraph.graph.tiling import check_open_sizes, check_tileable, waves
from nstgraph.tensor_ancestry import dependents, run_for
from nstgraph.tiles.place import Home, Place, SessionCall, TileWork
from nstgraph.tiles.sums_over_tiles import MovingSums, Sums

__all__ = ["TiledEvaluator"]


class TiledEvaluator:
    """The same function as `Evaluator`, computed in tiles.

    Args:
        evaluator: gives objective, session and weights of terms; it must stay open while this one is in use.
        place: gives for some work, and the place in this process, where its tiles are computed; by default there.

    Attributes:
        objective: the evaluator's.

    Raises:
        TilingError: a term cannot be computed tile by tile; names it, and the operation at fault.
    """

    def __init__(
        self, evaluator: Evaluator, place: Callable[[TileWork, Home], Place] = lambda work, home: home
    ) -> None:
        self.objective = objective = evaluator.objective
        check_open_sizes(objective)
        check_tileable(objective)
        self._evaluator = evaluator
        graph = objective.graph
        moves = dependents([graph.generated.image])
        used, _ = run_for([objective.total])
        statistics = [s for s in graph.statistics if s.tensor.op.name in used]
        still, moving = (
            waves([s for s in statistics if (s.tensor.op.name in moves) is moved]) for moved in (False, True)
        )
        self._still = [Sums(evaluator, wave) for wave in still]
        self._moving: list[MovingSums] = []
        sums: list[Any] = []
        with graph.graph.as_default(), tf.name_scope("tiles/"):
            for wave in moving:
                self._moving.append(MovingSums(evaluator, wave, list(sums), place))
                sums += [statistic.tensor for statistic in wave]
            scaled = objective.total * tf.stop_gradient(objective.gradient_scale)
            adjoints = tf.gradients(scaled, sums, stop_gradients=sums, unconnected_gradients="zero")
        self._sums = sums
        self._loss = SessionCall(
            evaluator.session,
            [objective.total, list(objective.terms.values()), adjoints, objective.gradient_scale],
            [*(s.tensor for s in statistics), *objective.weights.values(), *objective.inputs],
        )
        self._store = evaluator.session.make_callable(objective.store, feed_list=[graph.generated.image])
        self._known: dict[str, Any] = {}

    def bind(
        self,
        content: Array | None = None,
        styles: Sequence[Array] = (),
        feed_dict: Mapping[Any, Any] | None = None,
        *,
        side: int = 512,
        keep: str = "memory",
    ) -> TiledEvaluator:
        """Choose the pictures, and the tiles.

        Args:
            content, styles: each [1, height, width, 3], 0..255, of any size.
            feed_dict: for other placeholders of the graph; the same value is fed for each tile.
            side: of a tile without its margin, in pixels.
            keep: where what is computed once a tile is kept, see `TargetCache`.

        Returns:
            The evaluator itself.

        Raises:
            ConfigError: a picture or a value does not fit, or one is missing.
        """
        self.release()
        self.objective.load(self._evaluator.session)
        graph, inputs = self.objective.graph, self.objective.inputs
        feeds = checked_feeds(graph, self.objective.needed, content, styles, feed_dict)
        for tensor in feeds:
            if all(tensor is not known for known in inputs):
                raise ConfigError(f"{tensor.name} cannot be fed in tiles; make it a placeholder")
        self._known = {tensor.name: value for tensor, value in feeds.items()}
        # The generated image has the content's size, which is all that is asked of it here.
        size = self._known.get(graph.content.image.name)
        if size is None:
            raise ConfigError("the content image is missing; in tiles it is needed for the size of the picture")
        if self._evaluator.periodic is not None:
            self._evaluator.periodic.check(np.shape(size))
        self._known[graph.generated.image.name] = size
        for group in self._still:
            self._known |= group.add_up(self._known, side)
        for moving in self._moving:
            moving.bind(self._known, side, keep)
        return self

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Change the weights of some terms, by label; see `Evaluator.weigh`."""
        self._evaluator.weigh(weights)

    def release(self) -> None:
        """Forget the pictures, and give back the memory of what was computed from them."""
        self._known = {}
        for moving in self._moving:
            moving.release()

    def __call__(self, image: Array) -> Values:
        """Evaluate at ``image``, [1, height, width, 3], 0..255; afterwards the variable ``generated`` holds it.

        Raises:
            ConfigError: no pictures are bound, or weights have lost their values since.
        """
        if not self._known:
            raise ConfigError("no pictures are bound; call bind first")
        content = self._known[self.objective.graph.content.image.name]
        if np.shape(image) != np.shape(content):
            sizes = f"the image has shape {list(np.shape(image))}, and the content image {list(np.shape(content))}"
            raise ConfigError(f"{sizes}; in tiles they must be alike")
        weights = {tensor.name: weight for tensor, weight in self._evaluator.fed_weights().items()}
        values = {**self._known, **weights, self.objective.graph.generated.image.name: image}
        with unless_not_loaded("bind the pictures again after its initializer was run"):
            total, terms, gradient = self._evaluated(values)
        self._store(image)
        return Values(float(total), dict(zip(self.objective.terms, map(float, terms), strict=True)), gradient)

    def _evaluated(self, values: dict[str, Any]) -> tuple[Any, list[Any], Array]:
        """Total, terms and gradient, given values by tensor name."""
        for group in self._moving:
            values |= group.add_up(values)
        total, terms, derivatives, scale = self._loss(values)
        adjoints = {tensor.name: adjoint for tensor, adjoint in zip(self._sums, derivatives, strict=True)}
        gradient = np.zeros(np.shape(values[self.objective.graph.generated.image.name]), np.float32)
        for group in reversed(self._moving):
            group.go_back(values, adjoints, gradient)
        gradient /= scale
        return total, terms, gradient
