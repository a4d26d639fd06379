"""Pictures in: from files, Pillow images and arrays."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from nstgraph.errors import PictureError
from nstgraph.pictures.picture import Picture

__all__ = ["Source", "load"]

Source: TypeAlias = str | os.PathLike[str] | Image.Image | np.ndarray | Picture

# Pillow would try every format it knows, among them EPS, which starts another program.
_READABLE = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")


def load(source: Source) -> Picture:
    """Read a picture from a file, a Pillow image or an array; one that has been read is returned as it is.

    Files are JPEG, PNG, WebP, TIFF, BMP or GIF (the first frame). The EXIF orientation is applied, an
    embedded colour profile is converted to sRGB (a broken one is ignored), and colours that are wholly
    transparent are replaced by the mean of the visible ones. Pillow's modes "I" and "I;16" are taken as
    0..65535, "F" as 0..255.

    Arrays are [height, width], [height, width, 3 or 4] or [1, height, width, 3 or 4], integers or floats.
    **Floats are 0..255 as well, not 0..1**, in the fourth channel (alpha) too. Values outside by up to a
    quarter of the range, such as a resize produces, are clipped.

    Raises:
        PictureError: the file is missing, unreadable, damaged or not a picture, all of the picture is
            transparent, or the array has another shape, other values or values that are not numbers.
    """
    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        return _picture(*_from_array(source), name="array", where="the array")
    if isinstance(source, Image.Image):
        with _decoding("the image"):
            planes = _from_pil(source, "the image")
        return _picture(*planes, name="image", where="the image")
    path = Path(source)
    with _decoding(str(path)):
        _check_file(path)
        with Image.open(path, formats=_READABLE) as image:
            planes = _from_pil(image, str(path))
    return _picture(*planes, name=path.name, where=str(path))


def _picture(rgb: np.ndarray, alpha: np.ndarray | None, *, name: str, where: str) -> Picture:
    """``rgb`` is [height, width, 3] and changed in place."""
    if alpha is not None and alpha.min() >= 1:
        alpha = None
    if alpha is not None:
        visible = alpha > 0
        if not visible.any():
            raise PictureError(f"{where} is entirely transparent; remove its alpha channel")
        # What nobody sees must not steer the search.
        rgb[~visible] = rgb[visible].mean(axis=0, dtype=np.float64)
    return Picture(rgb[np.newaxis], alpha, name)


def _from_array(array: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    plain = array[0] if array.ndim == 4 and len(array) == 1 else array
    fits = plain.ndim == 2 or (plain.ndim == 3 and plain.shape[-1] in (3, 4))
    if not fits or plain.size == 0 or array.dtype.kind not in "uif":
        raise PictureError(
            f"the array is {list(array.shape)} of {array.dtype}; expected numbers 0..255 of shape "
            "[height, width], [height, width, 3 or 4] or [1, height, width, 3 or 4]"
        )
    values = _checked(plain, "the array")
    if values.ndim == 2:
        return np.repeat(values[:, :, np.newaxis], 3, axis=2), None
    alpha = values[:, :, 3] / 255 if values.shape[-1] == 4 else None
    return np.ascontiguousarray(values[:, :, :3]), alpha


def _checked(values: np.ndarray, where: str, top: float = 255.0) -> np.ndarray:
    """A copy of ``values`` 0..top as float32 0..255; PictureError if they are far outside."""
    low, high = float(values.min()), float(values.max())
    # Phrased so that NaN, which compares false with everything, fails as well.
    if not (low >= -top / 4 and high <= top * 5 / 4):
        raise PictureError(f"{where} has values {low:g}..{high:g}; expected finite numbers 0..{top:g}")
    scaled = values.astype(np.float32)
    scaled /= np.float32(top / 255)
    return np.clip(scaled, 0, 255, out=scaled)


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise PictureError(f"{path} is a folder; name a picture in it")
    if not path.exists():
        names = os.listdir(path.parent) if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "check the name and the folder"
        raise PictureError(f"{path} does not exist; {hint}")
    if not path.is_file():
        raise PictureError(f"{path} is not a regular file; copy the picture into one")
    if path.stat().st_size == 0:
        raise PictureError(f"{path} is empty (0 bytes); copy or download it again")


@contextlib.contextmanager
def _decoding(where: str) -> Iterator[None]:
    """Make one PictureError of whatever Pillow raises; silence what it merely warns about."""
    try:
        with warnings.catch_warnings():
            # A picture of 100 megapixels or one with odd EXIF data is none the worse for it.
            warnings.simplefilter("ignore")
            yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6
        message = f"{where} has more than {limit:.0f} million pixels; shrink it in an image editor first"
        raise PictureError(message) from error
    except PermissionError as error:
        raise PictureError(f"no permission to read {where}; change its permissions or copy it") from error
    except UnidentifiedImageError as error:
        known = ", ".join(_READABLE)
        message = f"{where} is not a picture that can be read, or is damaged; convert it to one of {known}"
        raise PictureError(message) from error
    except Exception as error:  # Damaged data make Pillow's readers raise nearly any type.
        reason = " ".join(str(error).split()) or type(error).__name__
        message = f"cannot read {where} ({reason}); if it is damaged, copy it again, else save it as PNG"
        raise PictureError(message) from error


def _from_pil(image: Image.Image, where: str) -> tuple[np.ndarray, np.ndarray | None]:
    image.load()
    # EXIF data that cannot be parsed must not make a good picture unusable.
    with contextlib.suppress(Exception):
        image = ImageOps.exif_transpose(image)
    if image.mode == "F" or image.mode.startswith("I"):
        return _from_deep_grey(image, where)
    rgb = np.array(_to_srgb(image), dtype=np.float32)
    if not image.has_transparency_data:
        return rgb, None
    return rgb, np.array(image.convert("RGBA").getchannel("A"), dtype=np.float32) / 255


def _from_deep_grey(image: Image.Image, where: str) -> tuple[np.ndarray, np.ndarray | None]:
    """Modes "I", "I;16" and "F", which Pillow's own conversion would clip at 255."""
    values = np.asarray(image)
    grey = _checked(values, where, 255.0 if image.mode == "F" else 65535.0)
    alpha = None
    if "transparency" in image.info:
        alpha = (values != image.info["transparency"]).astype(np.float32)
    if "icc_profile" not in image.info:
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2), alpha
    # Profiles are applied to 8 bits only: taking a ramp through and interpolating keeps the rest.
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis])
    ramp.info["icc_profile"] = image.info["icc_profile"]
    curves = np.asarray(_to_srgb(ramp))[0]
    planes = [np.interp(grey, np.arange(256), curves[:, channel]) for channel in range(3)]
    return np.stack(planes, axis=2).astype(np.float32), alpha


def _to_srgb(image: Image.Image) -> Image.Image:
    """The colours of an 8-bit image, without alpha, in mode "RGB"."""
    data = image.info.get("icc_profile")
    if data:
        with contextlib.suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
            profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
            grey = image.mode in ("1", "L", "LA") and profile.profile.xcolor_space == "GRAY"
            mode = "L" if grey else "CMYK" if image.mode == "CMYK" else "RGB"
            converted = ImageCms.profileToProfile(
                image.convert(mode),
                profile,
                ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
            if converted is not None:
                return converted
    return image.convert("RGB")
