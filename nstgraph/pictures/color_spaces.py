"""Colour spaces that tell luminance from chroma, and the way from sRGB to them and back.

In all of them, the first channel is luminance and the other two are chroma, of which grey has none: 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from nstgraph.arrays import Array

__all__ = ["COLOR_SPACES", "ColorSpace", "into_gamut"]

#: Linear sRGB to CIE XYZ (IEC 61966-2-1). Its own white stands for D65, so that grey has no chroma at all.
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = _XYZ.sum(axis=1)

#: Lab's curve is straight below the cube of this (CIE 15, section 8.2.1).
_KNEE = 6 / 29

#: Y, Cb and Cr (ITU-R BT.601, full range), all in grey levels; chroma is around 0 and not, as in JPEG, around 128.
_LUMA = np.array([0.299, 0.587, 0.114])
_YCBCR = np.array([_LUMA, (np.array([0, 0, 1]) - _LUMA) / 1.772, (np.array([1, 0, 0]) - _LUMA) / 1.402])

#: Grey levels outside 0..255 that clipping takes back and nobody sees.
_UNSEEN = 0.5

#: Halvings by which the most chroma that can be shown is found: to 1/1024 of it.
_HALVINGS = 10


@dataclass(frozen=True)
class ColorSpace:
    """A colour space.

    Attributes:
        from_rgb: [..., 3], sRGB, 0..255, to luminance and chroma, [..., 3], float32.
        to_rgb: the other way round; what sRGB cannot show leaves 0..255.
        white: the luminance of white; that of black is 0.
    """

    from_rgb: Callable[[Array], Array]
    to_rgb: Callable[[Array], Array]
    white: float


def into_gamut(planes: Array, space: ColorSpace) -> Array:
    """The colours nearest to ``planes`` that sRGB can show, of the same luminance and hue but of less chroma.

    Clipping each channel by itself would change hue and luminance, too.

    Args:
        planes: [..., 3] in ``space``; luminance below black or above white is clipped.

    Returns:
        [..., 3], sRGB, 0..255, float32.
    """
    planes = planes.astype(np.float32)
    np.clip(planes[..., 0], 0, space.white, out=planes[..., 0])
    rgb = space.to_rgb(planes)
    outside = ~_shown(rgb)
    if outside.any():
        lost = planes[outside]
        least, most = np.zeros((len(lost), 1), np.float32), np.ones((len(lost), 1), np.float32)
        for _ in range(_HALVINGS):
            middle = (least + most) / 2
            fits = _shown(space.to_rgb(_faded(lost, middle)))[:, np.newaxis]
            least, most = np.where(fits, middle, least), np.where(fits, most, middle)
        rgb[outside] = space.to_rgb(_faded(lost, least))
    return np.clip(rgb, 0, 255, out=rgb)


def _shown(rgb: Array) -> Array:
    return np.asarray(((rgb >= -_UNSEEN) & (rgb <= 255 + _UNSEEN)).all(axis=-1))


def _faded(planes: Array, share: Array) -> Array:
    return np.concatenate([planes[..., :1], planes[..., 1:] * share], axis=-1)


def _to_lab(rgb: Array) -> Array:
    values = np.asarray(rgb, np.float32) / np.float32(255)
    linear = np.where(values <= 0.04045, values / 12.92, ((np.maximum(values, 0) + 0.055) / 1.055) ** 2.4)
    relative = linear @ (_XYZ / _WHITE[:, np.newaxis]).T.astype(np.float32)
    curved = np.where(relative > _KNEE**3, np.cbrt(np.maximum(relative, _KNEE**3)), relative / (3 * _KNEE**2) + 4 / 29)
    x, y, z = np.moveaxis(curved, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def _from_lab(lab: Array) -> Array:
    lightness, a, b = np.moveaxis(np.asarray(lab, np.float32), -1, 0)
    y = (lightness + 16) / 116
    curved = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    relative = np.where(curved > _KNEE, curved * curved * curved, 3 * _KNEE**2 * (curved - 4 / 29))
    linear = relative @ np.linalg.inv(_XYZ / _WHITE[:, np.newaxis]).T.astype(np.float32)
    values = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)
    return (255 * values).astype(np.float32)


def _to_ycbcr(rgb: Array) -> Array:
    return np.asarray(rgb, np.float32) @ _YCBCR.T.astype(np.float32)


def _from_ycbcr(planes: Array) -> Array:
    return np.asarray(planes, np.float32) @ np.linalg.inv(_YCBCR).T.astype(np.float32)


#: CIE L*a*b* (1976), whose distances are those that people see, with D65 as white; and Y'CbCr, as video and JPEG have
#: it.
COLOR_SPACES: Mapping[str, ColorSpace] = {
    "lab": ColorSpace(_to_lab, _from_lab, 100.0),
    "ycbcr": ColorSpace(_to_ycbcr, _from_ycbcr, 255.0),
}
