"""How visible the seam is where a picture meets itself, laid side by side with copies of it."""

from __future__ import annotations

import numpy as np

from nstgraph.arrays import Array

__all__ = ["seam_contrast"]


def seam_contrast(image: Array, reach: int = 2) -> tuple[float, float]:
    """Contrast across the seam relative to that inside: between left and right copies, and between upper and lower.

    Contrast is the mean absolute difference of neighbouring pixels, in that direction. 1 is a seam that cannot be told
    from any other line of the picture, but for chance: lines differ from each other, too. Those near each other differ
    least, by some 6 % within 2 pixels in textures of 256 pixels, and by 17 % all over these.

    Args:
        image: [1, height, width, channels], of any range, at least 4 pixels on each side.
        reach: how many lines on each side of the seam stand for the inside; 0 for all there are.

    Returns:
        Two ratios; 1 for a picture without any contrast there.
    """
    beside, above = (_relative(image.astype(np.float64), axis, reach) for axis in (2, 1))
    return beside, above


def _relative(image: Array, axis: int, reach: int) -> float:
    lines = np.abs(np.diff(image, axis=axis)).mean(tuple({0, 1, 2, 3} - {axis}))
    reach = min(reach, len(lines) // 2) or len(lines)
    inside = float(np.concatenate([lines[:reach], lines[-reach:]]).mean())
    across = float(np.abs(np.diff(image.take([-1, 0], axis), axis=axis)).mean())
    return across / inside if inside else np.inf if across else 1.0
