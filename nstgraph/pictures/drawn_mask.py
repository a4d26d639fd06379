"""A mask as it is drawn: a grey one, white where something counts, or a map of regions in flat colours."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nstgraph.arrays import Array
from nstgraph.errors import PictureError
from nstgraph.pictures.load import Source, load
from nstgraph.pictures.picture import Picture
from nstgraph.pictures.wrapping import NOWHERE, Wraps

__all__ = ["Color", "DrawnMask", "alike", "feathered", "grey_mask", "in_hex", "read_mask"]

Color = tuple[int, int, int]

#: Weights of red, green and blue in luma, of ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)

#: Share of a map's area that a colour has to cover to be a region, and most regions of a map.
_LEAST, _MOST = 1e-3, 16

#: Grey levels by which the channels of a grey differ at most, as JPEG stores it.
_GREY = 24

#: Grey levels by which neighbours differ at most in what is flat; and a flat colour from itself elsewhere, within which
#: most of its pixels lie, and beyond which another one begins.
_FLAT, _SAME, _OTHER = 6, 12, 32

#: Share of a map that is flat, and share of that which lies close to its colours.
_MOSTLY_FLAT, _MOSTLY_SAME = 0.5, 0.8


@dataclass(frozen=True, eq=False)
class DrawnMask:
    """A mask as it was read.

    Attributes:
        name: of its file.
        grey: the mask itself, all channels alike; None if it is a map.
        colors: of a map, the mask of each region by its colour, from dark to light; empty if it is grey.
    """

    name: str
    grey: Picture | None
    colors: Mapping[Color, Picture]


def read_mask(source: Source) -> DrawnMask:
    """Read a mask, and tell what kind it is. What is transparent is outside.

    Of a map, every flat colour that covers at least a thousandth of it is a region; pixels of other colours, as smooth
    edges have and JPEG leaves, belong to the nearest one.

    Raises:
        PictureError: it cannot be read, has nothing above black, or is neither grey nor of flat colours.
    """
    picture = load(source)
    rgb = picture.rgb[0]
    visible = np.ones(rgb.shape[:2], bool) if picture.alpha is None else picture.alpha > 0.5
    colored = (rgb.max(-1) - rgb.min(-1) > _GREY) & visible
    if colored.sum() <= _LEAST * visible.sum():
        return DrawnMask(picture.name, grey_mask(picture), {})
    colors = _flat_colors(picture, visible)
    nearest = _nearest(rgb, colors)
    regions = {color: _part(picture, nearest == number, color) for number, color in enumerate(colors)}
    return DrawnMask(picture.name, None, regions)


def grey_mask(picture: Picture) -> Picture:
    """A picture's luma, and black where it is transparent.

    Raises:
        PictureError: all of that is black.
    """
    grey = picture.rgb[0] @ np.array(_LUMA, np.float32)
    if picture.alpha is not None:
        grey *= picture.alpha
    if np.rint(grey).max() < 1:
        raise PictureError(f"{picture.name} has nothing above black; as a mask, it is white where something counts")
    return _mask(picture, grey, picture.name)


def feathered(mask: Picture, percent: float, wraps: Wraps = NOWHERE) -> Picture:
    """A mask with edges blurred to about ``percent`` of its longest side, also where it meets itself."""
    if not percent:
        return mask
    from scipy.ndimage import uniform_filter  # which takes its time to import

    width = max(1, round(percent / 200 * max(mask.size)))
    soft = np.array(mask.rgb[0, :, :, 0])
    for _ in range(3):  # nearly a normal distribution
        soft = uniform_filter(soft, width, mode=["wrap" if wrap else "nearest" for wrap in wraps])
    return _mask(mask, soft, mask.name)


def alike(one: Color, other: Color) -> bool:
    """Whether two colours are the same, but for what JPEG does to them."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= _OTHER


def in_hex(color: Color) -> str:
    """A colour as it is written on the web."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def _mask(picture: Picture, grey: Array, name: str) -> Picture:
    """Grey levels, [height, width], as a picture, in whole numbers; its three channels share their memory."""
    levels = np.rint(grey.clip(0, 255)).astype(np.float32)
    rgb = np.broadcast_to(levels[np.newaxis, :, :, np.newaxis], (1, *levels.shape, 3))
    return dataclasses.replace(picture, rgb=rgb, alpha=None, name=name, note="")


def _part(picture: Picture, inside: npt.NDArray[np.bool_], color: Color) -> Picture:
    grey = inside * np.float32(255)
    if picture.alpha is not None:
        grey *= picture.alpha
    return _mask(picture, grey, f"{picture.name} {in_hex(color)}")


def _flat_colors(picture: Picture, visible: npt.NDArray[np.bool_]) -> list[Color]:
    """The flat colours of a map, from dark to light."""
    flat = picture.rgb[0][_flat(picture.rgb[0]) & visible].astype(np.uint8)
    bins = flat // 8 @ np.array([1024, 32, 1])
    counts = np.bincount(bins, minlength=1 << 15)
    covered: dict[Color, int] = {}
    close = 0
    for number in np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]:
        color = _center(number, flat, bins) if counts[number] > len(flat) / 500 else _middle(number)
        core = next((known for known in covered if alike(known, color)), color)
        covered[core] = covered.get(core, 0) + int(counts[number])
        close += int(counts[number]) * (max(abs(a - b) for a, b in zip(core, color, strict=True)) <= _SAME)
    colors = {color: count for color, count in covered.items() if count >= _LEAST * visible.sum()}
    if len(flat) < _MOSTLY_FLAT * visible.sum() or close < _MOSTLY_SAME * len(flat) or not colors:
        raise PictureError(
            f"{picture.name} is neither grey nor of a few flat colours; as a mask, draw it in black and white, or give "
            "each region a colour"
        )
    if len(colors) > _MOST:
        raise PictureError(f"{picture.name} has {len(colors)} flat colours; a map has at most {_MOST} regions")
    return sorted(colors, key=lambda color: float(np.dot(color, _LUMA)))


def _flat(rgb: Array) -> npt.NDArray[np.bool_]:
    """Whether a pixel is as its four neighbours are: [height, width]."""
    flat = np.ones(rgb.shape[:2], bool)
    down = np.abs(np.diff(rgb, axis=0)).max(-1) <= _FLAT
    right = np.abs(np.diff(rgb, axis=1)).max(-1) <= _FLAT
    flat[1:] &= down
    flat[:-1] &= down
    flat[:, 1:] &= right
    flat[:, :-1] &= right
    return flat


def _center(number: int, flat: Any, bins: Any) -> Color:
    """The mean colour of what is in a bin of colours."""
    red, green, blue = flat[bins == number].mean(0)
    return round(float(red)), round(float(green)), round(float(blue))


def _middle(number: int) -> Color:
    return int(number) // 1024 * 8 + 4, int(number) // 32 % 32 * 8 + 4, int(number) % 32 * 8 + 4


def _nearest(rgb: Array, colors: list[Color]) -> npt.NDArray[np.intp]:
    """Number of the colour that is nearest to each pixel: [height, width]."""
    best = np.full(rgb.shape[:2], np.inf, np.float32)
    nearest = np.zeros(rgb.shape[:2], np.intp)
    for number, color in enumerate(colors):
        distance = np.square(rgb - np.array(color, np.float32)).sum(-1)
        nearest[distance < best] = number
        best = np.minimum(best, distance)
    return nearest
