"""Match the distribution of every feature channel, not only its moments."""

from __future__ import annotations

from typing import Any

from nstgraph import LossError, Part, StyleGraph, Target, loss_term, tf

_MOST = 64


@loss_term
def histogram(
    g: StyleGraph,
    layers: tuple[str, ...] = ("conv2_1", "conv3_1"),
    bins: int = 8,
    blend: tuple[float, ...] = (),
) -> Any:
    """Match feature histograms: each channel's cumulative distribution becomes that of the style image.

    Wilmot, Risser & Barnes, "Stable and Controllable Neural Texture Synthesis and Style Transfer Using Histogram
    Losses" (2017), match histograms by a remapping that sorts all positions. Here distributions are compared where they
    are, by the Cramér distance: the mean over channels and thresholds t of (P[F < t] - P*[F < t])^2, with soft steps,
    which is a sum over positions.

    layers: feature maps to compare.
    bins: number of thresholds, up to 64, spread over twice the style's mean activation of each channel.
    blend: shares of several style images (default: those of the run's style_weights).
    """
    if not 1 <= bins <= _MOST:
        raise LossError(f"histogram:bins takes 1 to {_MOST}, not {bins}")
    if not layers:
        raise LossError("histogram:layers is empty; name at least one layer, such as conv2_1")

    def one(layer: str) -> Any:
        def distance(generated: Part, target: Target) -> Any:
            scale = target(lambda part: part.mean(part[layer])) + 1e-3

            def below(part: Part, threshold: float) -> Any:
                # A step as wide as the bins, so that every activation feels the threshold next to it.
                return part.mean(tf.sigmoid((threshold - part[layer] / scale) * bins))

            def error(threshold: float) -> Any:
                return below(generated, threshold) - target(lambda part: below(part, threshold))

            return tf.reduce_mean(tf.square([error(2.0 * (i + 0.5) / bins) for i in range(bins)]))

        return g.match_styles(distance, blend)

    return sum(one(layer) for layer in layers) / len(layers)
