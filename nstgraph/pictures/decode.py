"""From a Pillow image to a `Picture`: orientation, colour profile, depth and transparency."""

from __future__ import annotations

import contextlib

import numpy as np
from PIL import Image, ImageOps

from nstgraph.arrays import Array
from nstgraph.errors import PictureError
from nstgraph.pictures.picture import Picture
from nstgraph.pictures.profile import to_srgb

__all__ = ["decode", "from_planes", "scaled"]


def decode(image: Image.Image, name: str, where: str) -> Picture:
    """What a Pillow image shows; ``where`` is what an error calls it.

    Raises:
        PictureError: all of it is transparent, or values are out of range; else what Pillow raises.
    """
    form, note = image.format, ""
    # Not how many frames there are: to count them, Pillow reads through the whole file.
    if getattr(image, "is_animated", False) and form != "MPO":  # in which cameras keep a preview
        note = f"{where} has several frames, of which the first is used"
    image.load()
    # EXIF data that cannot be parsed must not make a good picture unusable.
    with contextlib.suppress(Exception):
        image = ImageOps.exif_transpose(image)
    if image.mode == "P" and "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode == "F" or image.mode.startswith("I"):
        rgb, alpha, profile, dark = _from_deep_grey(image, where)
        return from_planes(rgb, alpha, name=name, where=where, note=dark or note, profile=profile)
    colours, profile = to_srgb(image)
    rgb, alpha = np.array(colours, dtype=np.float32), None
    if image.has_transparency_data:
        clear = image if "A" in image.getbands() else image.convert("RGBA")
        alpha = np.array(clear.getchannel("A"), dtype=np.float32)
        alpha /= 255
        if form == "BMP" and not alpha.any():  # few programs use the fourth byte, or leave anything but 0 there
            alpha = None
    return from_planes(rgb, alpha, name=name, where=where, note=note, profile=profile)


def from_planes(
    rgb: Array, alpha: Array | None, *, name: str, where: str, note: str = "", profile: bytes | None = None
) -> Picture:
    """A picture from ``rgb`` [height, width, 3], which is changed in place, and ``alpha`` [height, width], 0..1.

    Raises:
        PictureError: all of it is transparent.
    """
    if alpha is not None and alpha.min() >= 1:
        alpha = None
    if alpha is not None:
        visible = alpha > 0
        if not visible.any():
            raise PictureError(f"{where} is entirely transparent; remove its alpha channel")
        # What nobody sees must not steer the search. Without a copy of what is visible, which may be large.
        mean = np.mean(rgb, axis=(0, 1), dtype=np.float64, where=visible[:, :, np.newaxis])
        rgb[~visible] = mean
    return Picture(rgb[np.newaxis], alpha, name, note, profile)


def scaled(values: Array, where: str, top: float = 255.0) -> Array:
    """A copy of ``values`` 0..top as float32 0..255; PictureError if they are far outside."""
    low, high = float(values.min()), float(values.max())
    # Phrased so that NaN, which compares false with everything, fails as well.
    if not (low >= -top / 4 and high <= top * 5 / 4):
        raise PictureError(f"{where} has values {low:g}..{high:g}; expected finite numbers 0..{top:g}")
    scaled = values.astype(np.float32)
    scaled /= np.float32(top / 255)
    return np.clip(scaled, 0, 255, out=scaled)


def _from_deep_grey(image: Image.Image, where: str) -> tuple[Array, Array | None, bytes | None, str]:
    """Modes "I", "I;16" and "F", which Pillow's own conversion would clip at 255; profile, and what to note of them."""
    values = np.asarray(image)
    highest, note = float(values.max()), ""
    top = 65535.0
    if image.mode == "F":
        top = 1.0 if 0 < highest <= 1 else 255.0
    elif highest < 4096:
        note = f"{where} reaches only {highest:.0f} of 65535, nearly black; if that is 12-bit data, scale it to 16 bits"
    grey = scaled(values, where, top)
    alpha = None
    if "transparency" in image.info:
        alpha = (values != image.info["transparency"]).astype(np.float32)
    if "icc_profile" not in image.info:
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2), alpha, None, note
    # Profiles are applied to 8 bits only: taking a ramp through and interpolating keeps the rest.
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis])
    ramp.info["icc_profile"] = image.info["icc_profile"]
    converted, profile = to_srgb(ramp)
    curves = np.asarray(converted)[0]
    rgb = np.empty((*grey.shape, 3), dtype=np.float32)
    for row, line in zip(grey, rgb, strict=True):  # one at a time, as numpy interpolates in float64
        for channel in range(3):
            line[:, channel] = np.interp(row, np.arange(256), curves[:, channel])
    return rgb, alpha, profile, note
