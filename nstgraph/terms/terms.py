"""The built-in loss terms: content, style, moments, total variation, pixel range.

They are registered by the same decorator, and announced by the same entry points, as anybody's plugin. Feature maps F
and P have N channels and M positions; G is the Gram matrix FᵀF / M, so that pictures of any size compare.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError, did_you_mean
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.losses.registry import loss_term

__all__ = ["content", "moments", "pixel_range", "style", "tv"]

_SEVEN = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3")

# The picture's own moments bring the palette; those of conv1 would bring the grain of canvas and camera, as dots.
_WITHOUT_GRAIN = ("image", "conv2_1", "conv2_2", "conv3_1", "conv3_3")

#: Standard deviation of natural images' pixels, in grey levels: makes pixel losses comparable with relative ones.
_CONTRAST = 58.0

_CONTENT_SCALES: dict[str, Callable[..., Any]] = {
    "relative": lambda g, error, target: g.mean(error) / _positive(g.mean(tf.square(target))),
    "mse": lambda g, error, target: g.mean(error),
    "gatys": lambda g, error, target: 0.5 * g.sum(error),
}

_STYLE_SCALES: dict[str, Callable[[Any, Any], Any]] = {
    "relative": lambda gram, target: _relative(gram, target),
    "gatys": lambda gram, target: tf.reduce_mean(tf.square(gram - target)) / 4,
    "johnson": lambda gram, target: tf.reduce_mean(tf.square((gram - target) / int(gram.shape[0]))),
    "mse": lambda gram, target: tf.reduce_mean(tf.square(gram - target)),
}


@loss_term
def content(g: StyleGraph, layer: str = "conv3_3", normalization: str = "relative") -> Any:
    """Keep the content: the feature maps of one layer stay those of the content image.

    Gatys, Ecker & Bethge (2016), equation 1.

    layer: any layer of the network; deeper keeps less of the picture's detail.
    normalization: relative, mean (F - P)^2 / mean P^2; mse, mean (F - P)^2; gatys, sum (F - P)^2 / 2.
    """
    scale = _choose(_CONTENT_SCALES, normalization, "content:normalization")
    target = g.content[layer]
    return scale(g, tf.square(g.generated[layer] - target), target)


@loss_term
def style(
    g: StyleGraph,
    layers: tuple[str, ...] = _SEVEN,
    layer_weights: tuple[float, ...] = (),
    normalization: str = "relative",
    blend: tuple[float, ...] = (),
) -> Any:
    """Take the style: the Gram matrices of some layers become those of the style image.

    Gatys, Ecker & Bethge (2016), equations 3 to 5. The value is a mean over the layers.

    layers: any layers of the network; shallow ones give colour and grain, deep ones strokes and shapes; image is the
        picture itself.
    layer_weights: one a layer (default: all alike); only their proportions matter.
    normalization: relative, |G - A|^2 / |A|^2 for target A; gatys, sum (G - A)^2 / 4N^2 (the paper's);
        johnson, mean (G - A)^2 / N^2 (Johnson et al. 2016, equation 4); mse, mean (G - A)^2.
    blend: shares of several style images (default: all alike).
    """
    scale = _choose(_STYLE_SCALES, normalization, "style:normalization")

    def gram(view: Any, layer: str) -> Any:
        return g.gram(view[layer]) / g.positions(view[layer])

    def one(layer: str) -> Any:
        return scale(gram(g.generated, layer), g.style_mean(lambda view: gram(view, layer), blend))

    return _over_layers(one, layers, layer_weights)


@loss_term
def moments(
    g: StyleGraph,
    layers: tuple[str, ...] = _WITHOUT_GRAIN,
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

    def one(layer: str) -> Any:
        def error(moment: Callable[[Any, str], Any]) -> Any:
            return _relative(moment(g.generated, layer), g.style_mean(lambda view: moment(view, layer), blend))

        return error(mean) + error(covariance)

    return _over_layers(one, layers, layer_weights)


@loss_term
def tv(g: StyleGraph, power: float = 1.0, form: str = "absolute", unit: float = _CONTRAST) -> Any:
    """Keep the picture smooth: total variation of the generated image.

    Mahendran & Vedaldi, "Understanding Deep Image Representations by Inverting Them" (2015), equation 6. With dx and dy
    the differences between neighbouring pixels:

    form: absolute, mean |dx|^p + mean |dy|^p; squared, mean (dx^2 + dy^2)^p.
    power: p.
    unit: grey levels that count as 1.
    """
    image = g.generated.image / unit
    down, right = _difference(image, 1), _difference(image, 2)
    if _choose({"absolute": False, "squared": True}, form, "tv:form"):
        return g.mean(_power(tf.square(down[:, :, :-1]) + tf.square(right[:, :-1]), power))
    return g.mean(_power(tf.abs(down), power)) + g.mean(_power(tf.abs(right), power))


@loss_term
def pixel_range(g: StyleGraph, unit: float = _CONTRAST) -> Any:
    """Keep pixels within 0..255: mean square of what is beyond, which clipping would take from the style.

    unit: grey levels that count as 1.
    """
    image = g.generated.image
    beyond = tf.nn.relu(-image) + tf.nn.relu(image - 255.0)
    return g.mean(tf.square(beyond / unit))


def _difference(image: Any, axis: int) -> Any:
    """Each pixel but the first minus the one before it, along an axis."""
    # The gradient of tf.slice takes a fraction of the time of that of image[:, 1:].
    later = tf.slice(image, [int(i == axis) for i in range(4)], [-1] * 4)
    return later - tf.slice(image, [0] * 4, tf.shape(later))


def _power(x: Any, power: float) -> Any:
    """x^power for x of 0 or more, with a finite derivative at 0 and without the slow general power where possible."""
    if power in (1, 2):
        return x if power == 1 else tf.square(x)
    return x * tf.sqrt(x + 1e-8) if power == 1.5 else (x + 1e-8) ** power


def _over_layers(one: Callable[[str], Any], layers: tuple[str, ...], weights: tuple[float, ...]) -> Any:
    """Mean of ``one(layer)`` over ``layers``, weighted."""
    weights = weights or (1.0,) * len(layers)
    if not layers or len(weights) != len(layers) or sum(weights) <= 0 or min(weights) < 0:
        raise LossError(
            f"layer_weights {'+'.join(map(str, weights))} do not fit the {len(layers)} layers; give one each"
        )
    return sum(weight / sum(weights) * one(layer) for layer, weight in zip(layers, weights, strict=True))


def _relative(value: Any, target: Any) -> Any:
    return tf.reduce_sum(tf.square(value - target)) / _positive(tf.reduce_sum(tf.square(target)))


def _positive(value: Any) -> Any:
    # A flat picture has statistics of zero, and a loss relative to them must stay a number.
    return tf.maximum(value, 1e-6)


def _choose(table: dict[str, Any], name: str, where: str) -> Any:
    if name not in table:
        raise LossError(f"{where} has no choice {name!r}{did_you_mean(name, table)}")
    return table[name]
