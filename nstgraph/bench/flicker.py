"""How much a moving picture flickers: what changes between neighbouring results beside what moves."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from nstgraph.arrays import Array
from nstgraph.video.flow import motion, warped

__all__ = ["flicker"]


def flicker(frames: Iterable[Array], results: Iterable[Array]) -> float:
    """Root mean square, in grey levels, of the difference between each result and the one before it, warped.

    Pixels count where the frames' optical flow can be relied on. It is the temporal loss of Ruder, Dosovitskiy & Brox,
    "Artistic style transfer for videos" (2016), equation 7, over all pairs of neighbours, as a distance.

    Args:
        frames: what was stylised, each [height, width, 3], uint8, without cuts.
        results: of the same sizes.

    Raises:
        ConfigError: OpenCV is not installed.
    """
    squares = pixels = 0.0
    for (earlier, before), (later, after) in itertools.pairwise(zip(frames, results, strict=True)):
        moved = motion(earlier, later)
        difference = warped(before, moved.backward).astype(np.float32) - after
        squares += float(np.sum(np.square(difference) * moved.weights[..., np.newaxis])) / 3
        pixels += float(np.sum(moved.weights))
    return float(np.sqrt(squares / max(pixels, 1.0)))
