"""How the memory of an evaluation grows: with its pictures' pixels, or, where positions are compared, with pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

__all__ = ["Growth", "grown"]


@dataclass(frozen=True)
class Growth:
    """Bytes that TensorFlow holds at its peak, as a sum of what grows in one way each.

    Attributes:
        constant: in any case.
        pixels: for each pixel of the generated image.
        style: for each pixel of the style images.
        pairs: for each pair of two pixels of the generated image, as where all of its positions are compared.
        products: for each pair of a pixel of the generated image and one of a style image.
    """

    constant: float
    pixels: float
    style: float
    pairs: float
    products: float

    def at(self, pixels: float, style: float) -> float:
        """Bytes for so many pixels of the generated image, and of the style images together."""
        parts = (self.constant, self.pixels, self.style, self.pairs, self.products)
        return float(np.dot(parts, _shares(pixels, style)))


def grown(measured: Sequence[tuple[int, int, float]]) -> Growth:
    """The growth that fits best to pixels of the generated image, of the style images, and bytes for these.

    Nothing takes less than nothing, so that no part makes up for another that is too large.
    """
    # In pixels by the million, and relative to the bytes, so that small pictures count as much as large ones.
    rows = [[share / size for share in _shares(pixels / 1e6, style / 1e6)] for pixels, style, size in measured]
    parts, _ = nnls(np.array(rows), np.ones(len(rows)))
    return Growth(*(float(part / unit) for part, unit in zip(parts, (1, 1e6, 1e6, 1e12, 1e12), strict=True)))


def _shares(pixels: float, style: float) -> tuple[float, ...]:
    return 1.0, pixels, style, pixels**2, pixels * style
