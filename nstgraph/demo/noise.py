"""Smooth noise, and the few operations on pictures that both demo scenes need."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = ["Floats", "Noise", "halved", "smooth"]

Floats = npt.NDArray[np.floating[Any]]

_SIZE, _CELLS = 512, 32


def smooth(low: float, high: float, x: Floats) -> Floats:
    """0 where ``x`` is below ``low``, 1 where it is above ``high``, and an S-shaped rise between; any shape."""
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def halved(picture: Floats) -> Floats:
    """Half the size, by means over 2 x 2 pixels: [2 * height, 2 * width, channels] to [height, width, channels]."""
    rows, columns, channels = picture.shape
    return np.asarray(picture.reshape(rows // 2, 2, columns // 2, 2, channels).mean(axis=(1, 3)))


class Noise:
    """A random function of the plane, of mean 0 and deviation 1, whose bumps are about one unit wide."""

    def __init__(self, rng: np.random.Generator) -> None:
        frequency = np.hypot(np.fft.fftfreq(_SIZE, 1 / _SIZE)[:, None], np.fft.rfftfreq(_SIZE, 1 / _SIZE))
        band = np.exp(-(((frequency / _CELLS - 1) / 0.35) ** 2))
        tile = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((_SIZE, _SIZE))) * band)
        self._tile = (tile / tile.std()).astype(np.float32)

    def at(self, x: Floats, y: Floats) -> Floats:
        """Values at the points (x, y); float32, of the shape that ``x`` and ``y`` broadcast to."""
        points = np.stack(np.broadcast_arrays(y, x)) * (_SIZE / _CELLS)
        return np.asarray(ndimage.map_coordinates(self._tile, points, order=1, mode="grid-wrap"))

    def fractal(self, x: Floats, y: Floats, octaves: int, gain: float = 0.5, ridged: bool = False) -> Floats:
        """Sum of octaves, each ``gain`` times as high as the one before; ``ridged`` gives it sharp crests.

        The shape is that of ``at``.
        """
        total, carry = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.float32), np.float32(1)
        for octave in range(octaves):
            n = self.at(x, y)
            if ridged:
                # slopes below a sharp ridge stay rough, valleys become smooth, as after erosion
                n = (1 - np.minimum(np.abs(n), 1.6)) * carry
                carry = np.clip(0.5 + 0.7 * n, 0, 1)
            total += gain**octave * n
            # turned, so that no grid common to the octaves shows
            x, y = 1.6 * x - 1.2 * y + 3.7, 1.2 * x + 1.6 * y + 9.1
        return total
