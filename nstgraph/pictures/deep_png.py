"""PNG files of 16 bits a channel, which Pillow writes of grey pictures alone."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["deep_png"]

Bytes: TypeAlias = npt.NDArray[np.uint8]

#: Rows that are compressed at a time, so that what they take on the way does not grow with the picture.
_ROWS = 64

#: How a file begins, and the number by which it says that pixels have three channels, or four.
_SIGNATURE, _COLOURS = b"\x89PNG\r\n\x1a\n", {3: 2, 4: 6}


def deep_png(pixels: npt.NDArray[np.uint16], chunks: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """A PNG file of 16 bits a channel (ISO/IEC 15948).

    Args:
        pixels: [height, width, 3 or 4], RGB or RGBA.
        chunks: names and contents of what stands before the pixels, such as text and profile.
    """
    height, width, channels = pixels.shape
    file = io.BytesIO()
    file.write(_SIGNATURE)
    _write(file, b"IHDR", struct.pack(">2I5B", width, height, 16, _COLOURS[channels], 0, 0, 0))
    for name, content in chunks:
        _write(file, name, content)
    packer = zlib.compressobj()
    for rows in _filtered(pixels):
        _write(file, b"IDAT", packer.compress(rows.tobytes()))
    _write(file, b"IDAT", packer.flush())
    _write(file, b"IEND", b"")
    return file.getvalue()


def _write(file: io.BytesIO, name: bytes, content: bytes) -> None:
    if content or name != b"IDAT":
        file.write(struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content)))


def _filtered(pixels: npt.NDArray[np.uint16]) -> Iterator[Bytes]:
    """Blocks of rows, each row preceded by the number of its filter: that which leaves least (section 12.7)."""
    height, width, channels = pixels.shape
    pixel = 2 * channels
    above = np.zeros((1, width * pixel), np.uint8)
    for start in range(0, height, _ROWS):
        block = pixels[start : start + _ROWS]
        rows = block.astype(">u2").view(np.uint8).reshape(len(block), -1)
        up = np.concatenate([above, rows[:-1]])
        left, corner = (np.pad(some, ((0, 0), (pixel, 0)))[:, :-pixel] for some in (rows, up))
        numbers = np.array([0, 1, 2, 4], np.uint8)
        tried = np.stack([rows, rows - left, rows - up, rows - _paeth(left, up, corner)])
        least = np.abs(tried.view(np.int8).astype(np.int16)).sum(axis=2).argmin(axis=0)
        chosen = tried[least, np.arange(len(block))]
        yield np.concatenate([numbers[least][:, np.newaxis], chosen], axis=1)
        above = rows[-1:]


def _paeth(left: Bytes, up: Bytes, corner: Bytes) -> Bytes:
    """Of three neighbours that which is nearest to left + up - corner (section 9.4)."""
    a, b, c = (some.astype(np.int16) for some in (left, up, corner))
    from_left, from_up, from_corner = abs(b - c), abs(a - c), abs(a + b - 2 * c)
    nearest_up = np.where(from_up <= from_corner, up, corner)
    return np.where((from_left <= from_up) & (from_left <= from_corner), left, nearest_up)
