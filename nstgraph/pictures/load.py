"""Pictures in: from files, Pillow images and arrays."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import hashlib
import io
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from nstgraph.arrays import Array
from nstgraph.errors import PictureError
from nstgraph.files import what_is_wrong_with
from nstgraph.hashes import hash_of, hash_of_numbers
from nstgraph.memory import available_memory
from nstgraph.messages import one_line
from nstgraph.pictures.decode import decode, from_planes, scaled
from nstgraph.pictures.formats import memory_to_read, readable_formats
from nstgraph.pictures.picture import Picture

__all__ = ["HasArray", "Source", "check_file", "decoding", "load", "load_bytes"]


class HasArray(Protocol):
    """What has a value as an array, such as a tensor of TensorFlow's or of another library."""

    def __array__(self) -> Array:
        """The value."""
        ...


_Unread: TypeAlias = str | os.PathLike[str] | IO[bytes] | Image.Image | Array | HasArray

Source: TypeAlias = _Unread | Picture

#: Scans of a JPEG, of which programs write up to about twenty: each goes over all of the picture.
_SCANS = 100

#: TIFF's tags of a tile's sides.
_TILE_SIDES = (322, 323)


def load(source: Source, *, memory: float | None = None) -> Picture:
    """Read a picture from a file, a Pillow image, an array or a tensor; one that was read is returned as it is.

    Files, or streams of bytes, are JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000, PPM or TGA; of an animation it is
    the first frame. The EXIF orientation is applied, an embedded colour profile is converted to sRGB (a broken one is
    ignored), and colours that are wholly transparent are replaced by the mean of the visible ones. Pillow's modes "I"
    and "I;16" are taken as 0..65535, "F" as 0..255, or 0..1 if there is nothing above 1.

    Arrays, and tensors that have a value, are [height, width], [height, width, 3 or 4] or [1, height, width, 3 or 4],
    integers or floats. **Floats are 0..255 as well, not 0..1**, in the fourth channel (alpha) too. Values outside by up
    to a quarter of the range, such as a resize produces, are clipped.

    Args:
        source: the picture.
        memory: bytes that reading may take; by default what is free.

    Raises:
        PictureError: the file is missing, unreadable, damaged, not a picture or too large, all of the picture is
            transparent, the array has another shape, other values or values that are not numbers, or it is something
            else, such as a list.
    """
    if isinstance(source, Picture):
        return source
    picture = _read(source, memory)
    if isinstance(source, str | os.PathLike):
        with decoding(str(source)):
            return dataclasses.replace(picture, path=os.fspath(source), sha256=hash_of(source))
    return dataclasses.replace(picture, sha256=hash_of_numbers(picture.rgb, picture.alpha))


def load_bytes(data: bytes, path: str, *, memory: float | None = None) -> Picture:
    """What `load` would read from a file with these bytes, which may be on another machine.

    Args:
        data: of the file.
        path: of the file, by which errors call it, and which a result records; nothing is read from there.
        memory: as for `load`.

    Raises:
        PictureError: as for `load`.
    """
    stream = io.BytesIO(data)
    stream.name = path
    read = load(stream, memory=memory)
    return dataclasses.replace(read, name=Path(path).name, path=path, sha256=hashlib.sha256(data).hexdigest())


def _read(source: _Unread, memory: float | None) -> Picture:
    if isinstance(source, np.ndarray):
        return from_planes(*_from_array(source), name="array", where="the array")
    if isinstance(source, Image.Image):
        with decoding("the image"):
            return decode(source, "image", "the image")
    if not isinstance(source, str | os.PathLike) and hasattr(source, "__array__"):
        return from_planes(*_from_array(_as_array(source)), name="array", where="the array")
    if not isinstance(source, str | os.PathLike) and not hasattr(source, "read"):
        raise PictureError(f"{_kind(source)} is no picture; give a path, a PIL image or an array, {_remedy(source)}")
    where = str(source) if isinstance(source, str | os.PathLike) else str(getattr(source, "name", "the picture"))
    with decoding(where):
        if isinstance(source, str | os.PathLike):
            check_file(Path(source))
        with Image.open(source, formats=readable_formats(where)) as image:
            _check_memory(image, where, available_memory() if memory is None else memory)
            _check_scans(image)
            return decode(image, Path(where).name, where)


def _as_array(source: Any) -> Array:
    """The values of a tensor, of TensorFlow's or another library's."""
    try:
        return np.asarray(source)
    except Exception as error:  # libraries raise what they like for a tensor of a graph, or of another device
        reason = one_line(error).partition(". ")[0]
        raise PictureError(f"{_kind(source)} has no values here ({reason}); give its value as an array") from error


def _kind(source: object) -> str:
    return f"{'an' if type(source).__name__[0] in 'aeiouAEIOU' else 'a'} {type(source).__name__}"


def _remedy(source: object) -> str:
    if isinstance(source, bytes | bytearray | memoryview):
        return "or io.BytesIO of a file's bytes"
    return "such as numpy.array of the numbers" if isinstance(source, list | tuple) else "or a file opened in mode 'rb'"


def _from_array(array: Array) -> tuple[Array, Array | None]:
    plain = array[0] if array.ndim == 4 and len(array) == 1 else array
    fits = plain.ndim == 2 or (plain.ndim == 3 and plain.shape[-1] in (3, 4))
    if not fits or plain.size == 0 or array.dtype.kind not in "uif":
        raise PictureError(
            f"the array is {list(array.shape)} of {array.dtype}; expected numbers 0..255 of shape "
            "[height, width], [height, width, 3 or 4] or [1, height, width, 3 or 4]"
        )
    if array.dtype.kind == "f" and 0 < plain.max() <= 1:
        raise PictureError("the array has values 0..1; expected 0..255: multiply it by 255")
    values = scaled(plain, "the array")
    if values.ndim == 2:
        return np.repeat(values[:, :, np.newaxis], 3, axis=2), None
    alpha = values[:, :, 3] / 255 if values.shape[-1] == 4 else None
    return np.ascontiguousarray(values[:, :, :3]), alpha


def check_file(path: Path) -> None:
    """Raise PictureError if there is no file to be read; the message says what to do instead."""
    address = re.match(r"([a-z]{2,}):/+(.*)", str(path), re.IGNORECASE)  # as a path, it has lost a slash
    if address:
        raise PictureError(
            f"{address[1]}://{address[2]} is a web address; download the picture first and name the file"
        )
    fault = what_is_wrong_with(path)
    if not fault:
        return
    remedy = "copy or download it again"
    if fault == "is a folder":
        remedy = "name a picture in it"
    elif fault == "does not exist":
        names = os.listdir(path.parent) if os.path.isdir(path.parent) else []
        close = difflib.get_close_matches(path.name, names, n=1)
        remedy = f"did you mean {close[0]!r}?" if close else "check the name and the folder"
    elif fault == "is not a regular file":
        remedy = "copy the picture into one"
    raise PictureError(f"{path} {fault}; {remedy}")


def _check_memory(image: Image.Image, where: str, memory: float) -> None:
    pixels = max(image.width * image.height, _pixels_of_a_tile(image))
    need = memory_to_read(image.format, pixels)
    if need > memory:
        raise PictureError(
            f"{where} has {pixels / 1e6:.0f} million pixels, which take {need / 1e9:.2f} GB to read, and only "
            f"{max(memory, 0) / 1e9:.2f} GB is available; shrink it in an image editor first"
        )


def _pixels_of_a_tile(image: Image.Image) -> int:
    """How many pixels a TIFF's tiles have, which may be larger than the picture."""
    tags = getattr(image, "tag_v2", {})
    return math.prod(int(np.max(tags.get(tag, 0))) for tag in _TILE_SIDES)


def _check_scans(image: ImageFile.ImageFile) -> None:
    """Refuse a JPEG of few bytes that would take minutes."""
    file = image.fp if image.format in ("JPEG", "MPO") else None
    if file is None:
        return
    file.seek(0)
    scans = 0
    while block := file.read(1 << 20):  # a mark that two blocks share is missed, which does not matter
        scans += block.count(b"\xff\xda")
    if scans > _SCANS:
        raise ValueError(f"it has {scans} scans, more than {_SCANS}")


@contextlib.contextmanager
def decoding(where: str) -> Iterator[None]:
    """Make one PictureError of whatever Pillow raises."""
    try:
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
        known = ", ".join(readable_formats(where))
        message = f"{where} is not a picture that can be read, or is damaged; convert it to one of {known}"
        raise PictureError(message) from error
    except Exception as error:  # Damaged data make Pillow's readers raise nearly any type.
        message = f"cannot read {where} ({one_line(error)}); if it is damaged, copy it again, else save it as PNG"
        raise PictureError(message) from error
