"""The style loss: Gram matrices become those of the painting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from nstgraph._tf import tf
from nstgraph.graph.part import Part
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.graph.style_matching import Target
from nstgraph.losses.registry import loss_term
from nstgraph.terms.relative_error import mean_over_layers, relative_error

__all__ = ["style"]

_SEVEN = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3")

#: The error of a Gram matrix against its target, by normalization.
_ERRORS: dict[str, Callable[[Any, Any], Any]] = {
    "relative": relative_error,
    "gatys": lambda gram, target: tf.reduce_mean(tf.square(gram - target)) / 4,
    "johnson": lambda gram, target: tf.reduce_mean(tf.square((gram - target) / int(gram.shape[0]))),
    "mse": lambda gram, target: tf.reduce_mean(tf.square(gram - target)),
    "keras": lambda gram, target: tf.reduce_sum(tf.square(gram - target)) / (4 * 3**2),
}


@loss_term
def style(
    g: StyleGraph,
    layers: tuple[str, ...] = _SEVEN,
    layer_weights: tuple[float, ...] = (),
    normalization: Literal["relative", "gatys", "johnson", "mse", "keras"] = "relative",
    per: Literal["position", "pixel", "none"] = "position",
    blend: tuple[float, ...] = (),
) -> Any:
    """Take the style: the Gram matrices of some layers become those of the style image.

    Gatys, Ecker & Bethge (2016), equations 3 to 5. The value is a mean over the layers.

    layers: any layers of the network; shallow ones give colour and grain, deep ones strokes and shapes; image is the
        picture itself.
    layer_weights: one a layer (default: all alike); only their proportions matter.
    normalization: relative, |G - A|^2 / |A|^2 for target A; gatys, sum (G - A)^2 / 4N^2 (the paper's);
        johnson, mean (G - A)^2 / N^2 (Johnson et al. 2016, equation 4); mse, mean (G - A)^2;
        keras, sum (G - A)^2 / (4 * 3^2) (of Keras's example, per pixel).
    per: what G and A are divided by, each by its own picture's: position, M of the layer; pixel, that of the picture
        itself; none, nothing, by which pictures compare only if they are of one size.
    blend: shares of several style images (default: those of the run's style_weights).
    """

    def gram(part: Part, layer: str) -> Any:
        matrix = part.gram(part[layer])
        return matrix if per == "none" else matrix / part.positions(part[layer] if per == "position" else part.image)

    def error(layer: str) -> Any:
        def distance(generated: Part, target: Target) -> Any:
            wanted = target(lambda part: gram(part, layer))
            return _ERRORS[normalization](gram(generated, layer), wanted)

        return g.match_styles(distance, blend)

    return mean_over_layers(error, layers, layer_weights)
