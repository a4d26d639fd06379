"""What several terms share: errors relative to their targets, and means over layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError

__all__ = ["CONTRAST", "mean_over_layers", "positive", "relative_error"]

#: Standard deviation of natural images' pixels, in grey levels: makes pixel losses comparable with relative ones.
CONTRAST = 58.0


def mean_over_layers(one: Callable[[str], Any], layers: tuple[str, ...], weights: tuple[float, ...]) -> Any:
    """Mean of ``one(layer)`` over ``layers``, weighted; without weights, all layers count alike.

    Raises:
        LossError: there are no layers, or the weights do not fit them.
    """
    weights = weights or (1.0,) * len(layers)
    if not layers:
        raise LossError("layers is empty; name at least one layer, such as conv2_1")
    if len(weights) != len(layers):
        raise LossError(f"{len(weights)} layer_weights are given for {len(layers)} layers; give one each")
    if sum(weights) <= 0 or min(weights) < 0:
        raise LossError(f"layer_weights are {'+'.join(map(str, weights))}; none may be below 0, and one must be above")
    return sum(weight / sum(weights) * one(layer) for layer, weight in zip(layers, weights, strict=True))


def relative_error(value: Any, target: Any) -> Any:
    """|value - target|^2 / |target|^2."""
    return tf.reduce_sum(tf.square(value - target)) / positive(tf.reduce_sum(tf.square(target)))


def positive(value: Any) -> Any:
    """``value`` as a divisor: a flat picture has statistics of zero, and a loss relative to them must stay a number."""
    return tf.maximum(value, 1e-6)
