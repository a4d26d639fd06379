"""Style by moments: channel means and covariances become those of the painting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nstgraph.graph.part import Part
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.graph.style_matching import Target
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

    def mean(part: Part, layer: str) -> Any:
        return part.mean(part[layer])

    def covariance(part: Part, layer: str) -> Any:
        means = mean(part, layer)
        return part.gram(part[layer]) / part.positions(part[layer]) - means[:, None] * means[None, :]

    def both(layer: str) -> Any:
        def distance(generated: Part, target: Target) -> Any:
            def error(moment: Callable[[Part, str], Any]) -> Any:
                return relative_error(moment(generated, layer), target(lambda part: moment(part, layer)))

            return error(mean) + error(covariance)

        return g.match_styles(distance, blend)

    return mean_over_layers(both, layers, layer_weights)
