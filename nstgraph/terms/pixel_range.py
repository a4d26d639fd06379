"""Pixels stay within the range that a picture can hold."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.losses.registry import loss_term
from nstgraph.terms.relative_error import CONTRAST

__all__ = ["pixel_range"]


@loss_term
def pixel_range(g: StyleGraph, unit: float = CONTRAST) -> Any:
    """Keep pixels within 0..255: mean square of what is beyond, which clipping would take from the style.

    unit: grey levels that count as 1.
    """
    image = g.generated.image
    beyond = tf.nn.relu(-image) + tf.nn.relu(image - 255.0)
    return g.mean(tf.square(beyond / unit))
