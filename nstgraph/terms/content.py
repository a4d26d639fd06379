"""The content loss: feature maps stay those of the photo."""

from __future__ import annotations

from typing import Any, Literal

from nstgraph._tf import tf
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.losses.registry import loss_term
from nstgraph.terms.relative_error import positive

__all__ = ["content"]


@loss_term
def content(
    g: StyleGraph, layer: str = "conv3_3", normalization: Literal["relative", "mse", "gatys", "cysmith"] = "relative"
) -> Any:
    """Keep the content: the feature maps of one layer stay those of the content image.

    Gatys, Ecker & Bethge (2016), equation 1.

    layer: any layer of the network; deeper keeps less of the picture's detail.
    normalization: relative, mean (F - P)^2 / mean P^2; mse, mean (F - P)^2; gatys, sum (F - P)^2 / 2 (the paper's);
        cysmith, sum (F - P)^2 / (2 sqrt(N M)) (of neural-style-tf).
    """
    target = g.content[layer]
    error = g.by_content_strength(tf.square(g.generated[layer] - target))
    if normalization == "gatys":
        return 0.5 * g.sum(error)
    if normalization == "cysmith":
        return 0.5 * g.sum(error) / tf.sqrt(int(error.shape[-1]) * g.positions(error))
    mean = g.mean(error)
    return mean / positive(g.mean(tf.square(target))) if normalization == "relative" else mean
