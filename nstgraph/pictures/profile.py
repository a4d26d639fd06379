"""Colour profiles (ICC): from a photo's own colours to sRGB, in which all is computed, and back."""

from __future__ import annotations

import contextlib
import functools
import io

from PIL import Image, ImageCms

__all__ = ["from_srgb", "srgb_profile", "to_srgb"]

#: Bytes of the longest profile that is kept; those of RGB have a few thousand, and readers of PNG stop here.
_LONGEST = 1 << 20

#: Where a profile says when it was made, and a moment that is always the same.
_DATE, _MADE = slice(24, 36), bytes([7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])

#: What littleCMS raises for a profile that is broken, or of other colours than the picture, and Pillow before that.
_FAULTS = (ImageCms.PyCMSError, OSError, TypeError, ValueError)


@functools.cache
def srgb_profile() -> bytes:
    """The profile of sRGB, the same at each call and in each process."""
    made = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    made[_DATE] = _MADE
    return bytes(made)


def to_srgb(image: Image.Image) -> tuple[Image.Image, bytes | None]:
    """The colours of an 8-bit image, without alpha, in mode "RGB", and the profile that results of it are to carry.

    That is its own, if it has one; if that is broken, or not one of RGB, sRGB's.
    """
    data = image.info.get("icc_profile")
    if not data:
        return image.convert("RGB"), None
    with contextlib.suppress(*_FAULTS):
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        grey = image.mode in ("1", "L", "LA") and profile.profile.xcolor_space == "GRAY"
        mode = "L" if grey else "CMYK" if image.mode == "CMYK" else "RGB"
        converted = _converted(image.convert(mode), profile, _opened(srgb_profile()))
        if converted is not None:
            return converted, data if mode == "RGB" and len(data) <= _LONGEST else srgb_profile()
    return image.convert("RGB"), srgb_profile()


def from_srgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, bytes]:
    """An 8-bit image in mode "RGB" or "RGBA" in the colours of a profile, and that profile.

    A profile into which nothing can be converted, as those of some scanners, leaves it in sRGB, and sRGB's is given.
    """
    if profile == srgb_profile():
        return image, profile
    with contextlib.suppress(*_FAULTS):
        converted = _converted(image.convert("RGB"), _opened(srgb_profile()), _opened(profile))
        if converted is not None:
            if image.mode == "RGBA":
                converted.putalpha(image.getchannel("A"))
            converted.info.pop("icc_profile", None)
            return converted, profile
    return image, srgb_profile()


def _opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def _converted(
    image: Image.Image, source: ImageCms.ImageCmsProfile, target: ImageCms.ImageCmsProfile
) -> Image.Image | None:
    return ImageCms.profileToProfile(
        image,
        source,
        target,
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
