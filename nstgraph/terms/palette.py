"""The palette: the colours of the generated image become those of the painting."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError
from nstgraph.graph.part import Part
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.graph.style_matching import Target
from nstgraph.losses.registry import loss_term

__all__ = ["palette"]

#: Variance of whitened colours below which a root, whose slope has no limit at zero, is made flatter.
_FLAT = 1e-6


@loss_term
def palette(g: StyleGraph, floor: float = 6.0, blend: tuple[float, ...] = ()) -> Any:
    """Take the colours: the mean and covariance of the pixels become those of the painting.

    The squared Wasserstein distance between two normal distributions, |m - m*|^2 + tr(C + C* - 2 (C*^1/2 C C*^1/2)^1/2)
    (Dowson & Landau 1982), in the painting's own whitened colours: each principal direction of C* is divided by its
    standard deviation plus the floor. A colour off a nearly grey axis so counts as much as a shade along it.

    floor: grey levels from which on a direction counts as colour, where the painting has none.
    blend: shares of several style images (default: those of the run's style_weights).
    """
    if floor <= 0:
        raise LossError(f"palette:floor takes a number above 0, not {floor}")

    def distance(generated: Part, target: Target) -> Any:
        mean, covariance = _moments(generated)
        wanted_mean = target(lambda part: _moments(part)[0])
        wanted_covariance = target(lambda part: _moments(part)[1])
        variances, directions = tf.linalg.eigh(wanted_covariance)
        deviations = tf.sqrt(tf.maximum(variances, 0.0))
        whitening = directions / (deviations + floor)
        have = tf.matmul(whitening, tf.matmul(covariance, whitening), transpose_a=True)
        wanted = deviations / (deviations + floor)
        shared = tf.maximum(tf.linalg.eigvalsh(wanted[:, None] * have * wanted[None, :]), 0.0)
        overlap = tf.reduce_sum(shared / tf.sqrt(shared + _FLAT))
        off = tf.linalg.matvec(whitening, mean - wanted_mean, transpose_a=True)
        return tf.reduce_sum(tf.square(off)) + tf.linalg.trace(have) + tf.reduce_sum(tf.square(wanted)) - 2.0 * overlap

    return g.match_styles(distance, blend)


def _moments(part: Part) -> tuple[Any, Any]:
    """Mean and covariance of a part's colours."""
    mean = part.mean(part.image)
    centred = part.image - 128.0  # squares of which leave float32 room for small variances
    shift = mean - 128.0
    return mean, part.gram(centred) / part.positions(centred) - shift[:, None] * shift[None, :]
