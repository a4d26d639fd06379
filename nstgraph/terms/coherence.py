"""Coherence: strokes run on, and neither cross each other nor break up into dots."""

from __future__ import annotations

from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.errors import LossError
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.losses.registry import loss_term
from nstgraph.terms.relative_error import CONTRAST

__all__ = ["coherence"]

_LARGEST = 32

#: Slopes along both diagonals of each channel, [2, 2, 3, 6]: differences of two pixels, a root of 2 apart.
_SLOPES = np.einsum("dyx,ij->yxidj", [[[-1, 0], [0, 1]], [[0, -1], [1, 0]]], np.eye(3)).reshape(2, 2, 3, 6) / np.sqrt(2)


@loss_term
def coherence(g: StyleGraph, reach: int = 4, floor: float = 3.0, unit: float = CONTRAST) -> Any:
    """Keep strokes whole: around each place the picture may vary across one direction, but not along it.

    The structure tensor J is the mean, around a place, of the products of the picture's slopes. Its eigenvalues are the
    mean squared slopes across a stroke, a, and along it, b: 0 where lines are parallel, and as large as a where they
    cross or where there are dots. The value is the mean of sqrt(w + floor^2) - floor with w = det J / (tr J + floor^2)
    = ab / (a + b + floor^2): about the slope along a stroke, and next to nothing for faint grain (Förstner & Gülch, "A
    Fast Operator for Detection and Precise Location of Distinct Points" (1987); summed over colours as by Di Zenzo
    (1986); to regularise, as by Lefkimmiatis et al., "Structure Tensor Total Variation" (2015)).

    reach: how far around a place is looked at, in pixels, up to 32.
    floor: contrast of neighbouring pixels, in grey levels, below which hardly anything counts.
    unit: grey levels that count as 1.
    """
    if not 1 <= reach <= _LARGEST:
        raise LossError(f"coherence:reach takes 1 to {_LARGEST} pixels, not {reach}")
    if floor <= 0 or unit <= 0:
        raise LossError("coherence:floor and coherence:unit take numbers above 0")
    faint = (floor / unit) ** 2
    (slopes,) = g.beyond_photo(lambda view: [_slopes(view.image / unit)])
    down, up, both = _structure_tensor(slopes, reach)
    # Never below 0 but for rounding; its root would have no slope there.
    determinant = tf.maximum(down * up - tf.square(both), 0.0)
    return g.mean(tf.sqrt(determinant / (down + up + faint) + faint) - faint**0.5)


def _slopes(image: Any) -> Any:
    """Slopes along both diagonals of each channel: [1, height, width, 6]."""
    corners = tf.pad(image, [[0, 0], [0, 1], [0, 1], [0, 0]], "SYMMETRIC")
    return tf.nn.conv2d(corners, tf.constant(_SLOPES, tf.float32), 1, "VALID")


def _structure_tensor(slopes: Any, reach: int) -> list[Any]:
    """Means of the squared slopes along both diagonals, and of their product: [1, height, width, 1] each."""
    down, up = tf.split(slopes, 2, -1)
    products = [tf.reduce_sum(x, -1, keepdims=True) for x in (tf.square(down), tf.square(up), down * up)]
    means = tf.concat(products, -1)
    for _ in range(reach):  # by thirds: nearly a normal distribution, and the same in tiles
        means = tf.nn.avg_pool2d(tf.pad(means, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC"), 3, 1, "VALID")
    parts: list[Any] = tf.split(means, 3, -1)
    return parts
