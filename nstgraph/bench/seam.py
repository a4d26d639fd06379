"""How visible the seam is where a picture meets itself, laid side by side with copies of it."""

from __future__ import annotations

import numpy as np

from nstgraph.arrays import Array

__all__ = ["seam_contrast"]


def seam_contrast(image: Array) -> tuple[float, float]:
    """Contrast across the seam relative to that inside: between left and right copies, and between upper and lower.

    Contrast is the mean absolute difference of neighbouring pixels, in that direction. 1 is a seam that cannot be told
    from any other place, but for chance: lines inside differ from each other, too.

    Args:
        image: [1, height, width, channels], of any range, at least 2 pixels on each side; of one without contrast,
            both are 1.
    """
    beside, above = (_relative(image.astype(np.float64), axis) for axis in (2, 1))
    return beside, above


def _relative(image: Array, axis: int) -> float:
    inside = float(np.abs(np.diff(image, axis=axis)).mean())
    ends = image.take([-1, 0], axis)
    across = float(np.abs(np.diff(ends, axis=axis)).mean())
    return across / inside if inside else 1.0 if not across else float("inf")
