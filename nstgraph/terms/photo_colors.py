"""The photo's own colours, in place of the painting's."""

from __future__ import annotations

from typing import Any

from nstgraph._tf import tf
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.losses.registry import loss_term

__all__ = ["photo_colors"]


@loss_term
def photo_colors(g: StyleGraph, unit: float = 10.0) -> Any:
    """Keep the photo's colours, each in its place; the painting then shows in light and dark.

    Mean squared difference between the generated and the content image of what is left of a pixel without its luminance
    (as Gatys et al., "Preserving Color in Neural Artistic Style Transfer" (2016), section 3.2, but searched for).

    unit: grey levels of difference that count as 1.
    """
    difference = (g.generated.image - g.content.image) / unit
    return g.mean(tf.square(difference - tf.image.rgb_to_grayscale(difference)))
