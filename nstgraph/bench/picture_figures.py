"""What is looked at in a stylised picture, as figures: its colours, dots, content, and strokes at three scales.

Nothing here knows the networks or losses that pictures are made with. Needs the extra ``bench`` (scikit-image).
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.signal import fftconvolve
from scipy.spatial import KDTree

from nstgraph.arrays import Array
from nstgraph.errors import ConfigError

__all__ = [
    "WINDOW",
    "chroma",
    "colour_distance",
    "content_kept",
    "dots",
    "foreign_chroma",
    "lab",
    "skimage",
    "style_distance",
]

Floats = npt.NDArray[np.floating[Any]]

#: Side in Lab units of the cells in which colours are counted, and the share of a picture that makes a cell its colour.
_CELL, _RARE = 2.0, 1e-4

#: Side in pixels of the windows in which dots are looked for; no picture may be smaller.
WINDOW = 32

#: Shortest and longest period of regular dots, in pixels, and the least angle between the directions of their lattice.
_PERIODS, _APART = (2.2, 11.0), np.pi / 4

#: Standard deviation in pixels of what counts as one place in a window.
_PLACE = 4.0


def skimage(module: str) -> ModuleType:
    """A module of scikit-image.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return importlib.import_module(f"skimage.{module}")
    except ImportError as error:
        raise ConfigError("figures of pictures need scikit-image: python -m pip install 'nstgraph[bench]'") from error


def lab(image: Array) -> Floats:
    """CIE Lab (D65) of a picture: [1, height, width, 3], sRGB, 0..255, to [height, width, 3], L being 0..100."""
    colours: Floats = skimage("color").rgb2lab(np.clip(image[0], 0, 255) / 255)
    return colours


def chroma(result: Floats) -> float:
    """Mean distance of a picture's colours from grey, in Lab units; ``result`` as of `lab`."""
    return float(np.linalg.norm(result[..., 1:], axis=-1).mean())


def colour_distance(result: Floats, painting: Floats) -> float:
    """Sliced Wasserstein distance between the colours of two pictures, in Lab units.

    Rabin et al., "Wasserstein Barycenter and Its Application to Texture Mixing" (2011), equation 3, of first order and
    with directions spread evenly over the sphere. Arguments as of `lab`, of any sizes.
    """
    height = np.linspace(-1, 1, 65)[1::2]
    turn = np.arange(len(height)) * np.pi * (3 - np.sqrt(5))
    directions = np.stack([np.sqrt(1 - height**2) * np.cos(turn), np.sqrt(1 - height**2) * np.sin(turn), height])
    levels = (np.arange(500) + 0.5) / 500
    one, other = (np.quantile(colours.reshape(-1, 3) @ directions, levels, axis=0) for colours in (result, painting))
    return float(np.abs(one - other).mean())


def foreign_chroma(result: Floats, photo: Floats, painting: Floats) -> float:
    """Mean distance, in Lab units, of a picture's hue and chroma (a, b) from the nearest that photo or painting has.

    A colour counts as theirs where its cell of 2 by 2 units has at least one in 10,000 of either picture's pixels.
    Arguments as of `lab`, of any sizes.
    """
    theirs = np.concatenate([_common(photo), _common(painting)])
    cells, counts = _cells(result)
    return float(np.average(KDTree(theirs).query(cells)[0], weights=counts))


def _cells(colours: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The cells of hue and chroma that a picture's colours lie in, and how many in each."""
    cells, counts = np.unique(np.rint(colours[..., 1:].reshape(-1, 2) / _CELL), axis=0, return_counts=True)
    corners: Floats = cells * _CELL
    return corners, counts


def _common(colours: Floats) -> Floats:
    cells, counts = _cells(colours)
    common: Floats = cells[counts >= min(_RARE * counts.sum(), counts.max())]
    return common


def dots(result: Floats, photo: Floats) -> float:
    """How strongly regular dots stand out where the photo is flat: amplitude of their lattice in units of L.

    A lattice has peaks of its local spectrum in two directions, strokes in one. In each window of 32 pixels, this is
    how far the strongest peak that is at least 45 degrees from the strongest of all exceeds 2.5 times the median of
    its ring, which stands for irregular texture, times the share of its waves that are where the strongest one's are,
    since strokes that bend have several directions, but one in each place; the mean over the third of the windows
    where the photo varies least.

    Args:
        result, photo: as of `lab`, of one size, at least 32 pixels on each side.
    """
    strongest = []
    at = [(y, x) for y in _starts(result.shape[0]) for x in _starts(result.shape[1])]
    windows = [(slice(y, y + WINDOW), slice(x, x + WINDOW)) for y, x in at]
    flatness = [photo[window][..., 0].std() for window in windows]
    for index in np.argsort(flatness, kind="stable")[: -(-len(windows) // 3)]:
        strongest.append(_second_peak(result[windows[index]][..., 0]))
    return float(np.mean(strongest))


def _starts(length: int) -> range:
    return range(0, length - WINDOW + 1, WINDOW // 2)


def _second_peak(light: Floats) -> float:
    taper = np.hanning(WINDOW)
    weight = np.outer(taper, taper)
    light = light - light.mean()
    amplitude = 2 * np.abs(np.fft.fft2(light * weight)) / weight.sum()
    y, x = np.meshgrid(*[np.fft.fftfreq(WINDOW)] * 2, indexing="ij")
    radius, angle = np.hypot(y, x), np.arctan2(y, x)
    ring = np.rint(radius * WINDOW).astype(int)
    median = np.array([np.median(amplitude[ring == r]) for r in range(ring.max() + 1)])
    above = np.where((radius > 1 / _PERIODS[1]) & (radius < 1 / _PERIODS[0]), amplitude - 2.5 * median[ring], 0)
    first = np.argmax(above)
    apart = np.abs((angle - angle.flat[first] + np.pi / 2) % np.pi - np.pi / 2)
    second = np.argmax(np.where(apart > _APART, above, 0))
    if above.flat[second] <= 0:
        return 0.0
    one, other = (weight * _wave(light, y.flat[peak], x.flat[peak]) for peak in (first, second))
    return float(above.flat[second] * np.minimum(one, other).sum() / other.sum())


def _wave(light: Floats, down: float, right: float) -> Floats:
    """Amplitude, at each place, of waves of so many periods a pixel in both directions."""
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    amplitude: Floats = np.abs(gaussian_filter(light * np.exp(-2j * np.pi * (down * y + right * x)), _PLACE))
    return amplitude


def content_kept(result: Floats, photo: Floats) -> float:
    """How much of the photo's edges is there: structural similarity of the gradients of L, 1 being all.

    Wang et al., "Image Quality Assessment" (2004), equation 13, of gradients brought to a standard deviation of 1.
    Arguments as of `lab`, of one size.
    """

    def edges(colours: Floats) -> Floats:
        gradient = skimage("filters").sobel(gaussian_filter(colours[..., 0], 1.5))
        normal: Floats = gradient / max(float(gradient.std()), 1e-6)
        return normal

    one, other = edges(result), edges(photo)
    spread = max(float(np.ptp(other)), 1e-6)  # the photo's, lest a result with hard edges be measured more kindly
    return float(skimage("metrics").structural_similarity(one, other, data_range=spread))


def style_distance(result: Floats, painting: Floats) -> tuple[float, float, float]:
    """How far strokes of about 4, 8 and 16 pixels are from the painting's, relative: 0 is the painting itself.

    Means and covariances of the magnitudes of Gabor filters in four directions, of L, a and b; an error is the root of
    |m - m*|^2 / |m*|^2 + |C - C*|^2 / |C*|^2. Arguments as of `lab`, at the sizes of the run.
    """
    fine, middle, coarse = (
        _moment_error(_responses(result, scale), _responses(painting, scale)) for scale in (1, 2, 4)
    )
    return fine, middle, coarse


def _responses(colours: Floats, scale: int) -> Floats:
    """Magnitudes of filters of period 4 after shrinking by ``scale``: [filters, positions]."""
    if scale > 1:
        colours = gaussian_filter(colours, (scale / 2, scale / 2, 0))[::scale, ::scale]
    found = []
    for direction in range(4):
        kernel = skimage("filters").gabor_kernel(0.25, theta=direction * np.pi / 4, bandwidth=1.2)
        beyond = [(side // 2, side // 2) for side in kernel.shape]
        for channel in np.moveaxis(colours, -1, 0):
            mirrored = np.pad(channel, beyond, mode="symmetric")
            found.append(np.abs(fftconvolve(mirrored, kernel - kernel.mean(), mode="valid")).ravel())
    return np.stack(found)


def _moment_error(one: Floats, other: Floats) -> float:
    parts = ((one.mean(1), other.mean(1)), (np.cov(one), np.cov(other)))
    return float(np.sqrt(sum(((a - b) ** 2).sum() / max((b**2).sum(), 1e-6) for a, b in parts)))
