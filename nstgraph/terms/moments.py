"""Style by moments: channel means and covariances become those of the painting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nstgraph.graph.style_graph import StyleGraph
from nstgraph.losses.registry import loss_term
from nstgraph.terms.relative_error import mean_over_layers, relative_error

__all__ = ["moments"]

# From colours and edges to strokes; more layers of a block bring more of its own texture into flat areas.
_LAYERS = ("conv1_2", "conv2_2", "conv3_1", "conv3_3")


@loss_term
def moments(
    g: StyleGraph,
    layers: tuple[str, ...] = _LAYERS,
    layer_weights: tuple[float, ...] = (),
    blend: tuple[float, ...] = (),
) -> Any:
    """Take the style by first and second moments: channel means, and covariances between channels.

    The Gram matrix of features far from zero is mostly the product of their means; apart from each other, both stay
    visible. Li et al., "Demystifying Neural Style Transfer" (2017), section 4.2, match means and deviations; here it is
    the whole covariance C: |m - m*|^2 / |m*|^2 + |C - C*|^2 / |C*|^2, a mean over the layers.

    layers, layer_weights, blend: as in style.
    """

    def mean(view: Any, layer: str) -> Any:
        return g.mean(view[layer], per_channel=True)

    def covariance(view: Any, layer: str) -> Any:
        means = mean(view, layer)
        return g.gram(view[layer]) / g.positions(view[layer]) - means[:, None] * means[None, :]

    def both(layer: str) -> Any:
        def error(moment: Callable[[Any, str], Any]) -> Any:
            return relative_error(moment(g.generated, layer), g.style_mean(lambda view: moment(view, layer), blend))

        return error(mean) + error(covariance)

    return mean_over_layers(both, layers, layer_weights)
