"""Total variation: the picture is smooth."""

from __future__ import annotations

from typing import Any, Literal

from nstgraph._tf import tf
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.graph.view import View
from nstgraph.losses.registry import loss_term
from nstgraph.terms.relative_error import CONTRAST

__all__ = ["tv"]


@loss_term
def tv(
    g: StyleGraph,
    power: float = 1.0,
    form: Literal["absolute", "squared"] = "absolute",
    unit: float = CONTRAST,
    reduction: Literal["mean", "sum"] = "mean",
) -> Any:
    """Keep the picture smooth: total variation of the generated image; with masks, beyond the photo's own elsewhere.

    Mahendran & Vedaldi, "Understanding Deep Image Representations by Inverting Them" (2015), equation 6. With dx and dy
    the differences between neighbouring pixels:

    form: absolute, mean |dx|^p + mean |dy|^p; squared, mean (dx^2 + dy^2)^p.
    power: p.
    unit: grey levels that count as 1.
    reduction: mean, as above; sum, sums in place of the means.
    """

    def differences(view: View) -> list[Any]:
        image = view.image / unit
        return [_difference(image, 1), _difference(image, 2)]

    down, right = g.beyond_photo(differences)
    reduced = g.sum if reduction == "sum" else g.mean
    if form == "squared":
        return reduced(_power(tf.square(down[:, :, :-1]) + tf.square(right[:, :-1]), power))
    return reduced(_power(tf.abs(down), power)) + reduced(_power(tf.abs(right), power))


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
