"""What networks expect at their input; the one place where channel means are subtracted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nstgraph._tf import tf

__all__ = ["INPUT_VALUES", "MEAN_RGB"]

#: Of the pictures that VGG was trained on.
MEAN_RGB = (123.68, 116.779, 103.939)

#: Values by name, as functions of an RGB picture of 0..255, float32.
INPUT_VALUES: dict[str, Callable[[Any], Any]] = {
    "rgb": lambda image: image,
    "rgb-mean": lambda image: image - tf.constant(MEAN_RGB),
    "bgr-mean": lambda image: tf.reverse(image - tf.constant(MEAN_RGB), [3]),
    "rgb-unit": lambda image: image / 255.0,
}
