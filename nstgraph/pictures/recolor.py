"""A picture in the colours of another (Gatys, Bethge, Hertzmann & Shechtman, "Preserving Color in Neural Artistic Style
Transfer", 2016).

Every picture is [1, height, width, 3], sRGB, float32, 0..255.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nstgraph.arrays import Array
from nstgraph.pictures.color_spaces import ColorSpace, into_gamut
from nstgraph.pictures.picture import Picture

__all__ = ["Moments", "grey", "matched", "moments", "with_chroma"]

#: Pixels that are converted at a time: what this takes of memory does not depend on the picture.
_STRIP = 1 << 20

#: Most that a direction of colours is stretched by: what is nearly grey has noise in place of colours.
_MOST = 6.0

#: Variances below this are none; the squares of all spaces' units are larger.
_NONE = 1e-6


@dataclass(frozen=True)
class Moments:
    """Mean [3] and covariance [3, 3] of a picture's pixels in a colour space, in float64."""

    mean: Array
    covariance: Array


def moments(picture: Picture, space: ColorSpace) -> Moments:
    """Those of a picture, whose pixels count as far as they are opaque."""
    total, mean, squares = 0.0, np.zeros(3), np.zeros((3, 3))
    for rows in _strips(picture.rgb):
        pixels = space.from_rgb(picture.rgb[0, rows]).reshape(-1, 3).astype(np.float64)
        shares = np.ones(len(pixels)) if picture.alpha is None else picture.alpha[rows].ravel().astype(np.float64)
        total += shares.sum()
        mean += shares @ pixels
        squares += (shares[:, np.newaxis] * pixels).T @ pixels
    mean /= total
    return Moments(mean, squares / total - np.outer(mean, mean))


def grey(rgb: Array, space: ColorSpace, have: Moments | None = None, wanted: Moments | None = None) -> Array:
    """The luminance of a picture, in all three channels.

    Given the picture's own moments and ``wanted`` ones, its mean and standard deviation become those (equation 10).
    """
    gain, offset = 1.0, 0.0
    if have is not None and wanted is not None:
        gain = min(_MOST, float(np.sqrt(wanted.covariance[0, 0] / max(have.covariance[0, 0], _NONE))))
        offset = float(wanted.mean[0] - gain * have.mean[0])

    def strip(part: Array) -> Array:
        planes = space.from_rgb(np.clip(part, 0, 255))
        planes[..., 0] = planes[..., 0] * gain + offset
        planes[..., 1:] = 0
        return into_gamut(planes, space)

    return _by_strips(strip, rgb)


def matched(rgb: Array, space: ColorSpace, have: Moments, wanted: Moments) -> Array:
    """A picture whose colours are transformed linearly so that their mean and covariance are ``wanted``.

    Of all x -> A (x - m) + m' with A C A^T = C' (section 3.1), it is that of the symmetric A, which moves colours
    least: C^-1/2 (C^1/2 C' C^1/2)^1/2 C^-1/2 (Pitie & Kokaram, "The Linear Monge-Kantorovitch Linear Colour Mapping",
    2007). No direction is stretched more than sixfold, so that the noise of a grey painting stays grey.
    """
    root, inverse = _roots(have.covariance)
    middle, _ = _roots(root @ wanted.covariance @ root)
    gains, directions = np.linalg.eigh(inverse @ middle @ inverse)
    transform = (directions * np.clip(gains, 0, _MOST)) @ directions.T

    def strip(part: Array) -> Array:
        planes = (space.from_rgb(part).astype(np.float64) - have.mean) @ transform + wanted.mean
        return into_gamut(planes, space)

    return _by_strips(strip, rgb)


def with_chroma(rgb: Array, photo: Array, space: ColorSpace) -> Array:
    """The luminance of a picture with the chroma of a photo of the same size (section 3.2).

    What sRGB cannot show at that luminance loses chroma, and keeps its hue.
    """

    def strip(part: Array, beside: Array) -> Array:
        planes = space.from_rgb(np.clip(beside, 0, 255))
        planes[..., 0] = space.from_rgb(np.clip(part, 0, 255))[..., 0]
        return into_gamut(planes, space)

    return _by_strips(strip, rgb, photo)


def _roots(covariance: Array) -> tuple[Array, Array]:
    """The symmetric root of a covariance, and its inverse, in which directions without variance stay so."""
    variances, directions = np.linalg.eigh((covariance + covariance.T) / 2)
    deviations = np.sqrt(np.maximum(variances, 0))
    inverse = np.where(variances > _NONE, 1 / np.maximum(deviations, np.sqrt(_NONE)), 0)
    return (directions * deviations) @ directions.T, (directions * inverse) @ directions.T


def _strips(rgb: Array) -> list[slice]:
    height, width = rgb.shape[1:3]
    step = max(1, _STRIP // width)
    return [slice(begin, begin + step) for begin in range(0, height, step)]


def _by_strips(function: Callable[..., Array], rgb: Array, *beside: Array) -> Array:
    made = np.empty(rgb.shape, np.float32)
    for rows in _strips(rgb):
        made[:, rows] = function(rgb[:, rows], *(other[:, rows] for other in beside))
    return made
