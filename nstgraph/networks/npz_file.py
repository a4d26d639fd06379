"""Reading single arrays of an npz file that may come from anybody.

No length that the file claims is believed: whoever reads an array knows its shape, and no more bytes than that are
taken from the disk or unpacked.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from nstgraph.messages import one_line
from nstgraph.networks.npy_header import LONGEST_HEADER, NpyHeader, npy_header

__all__ = ["Fault", "NpzFile"]

Shape = tuple[int, ...]

#: What is read; all else is refused, so that no exotic decoder ever sees a stranger's bytes.
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ITEMSIZES = (2, 4, 8)

#: Bytes that are read from the disk at once. That is also the longest directory: about 4,000 arrays, where VGG19 has
#: 38.
_PIECE = 1 << 18


class Fault(Exception):
    """Why a file is refused, to follow its name: ``"has fc6_W encrypted"``."""


class NpzFile:
    """An open npz file; use it in a ``with`` block. ``keys`` are the names of its arrays.

    Every method, and opening the file, raises Fault, OSError, or what zipfile, its decompressor and numpy's parser
    of headers raise on damaged files, a dozen types.
    """

    def __init__(self, path: Path) -> None:
        self._file = _InPieces(io.FileIO(path))
        try:
            self._archive = zipfile.ZipFile(self._file)
            names = self._archive.namelist()
            if len(names) != len(set(names)):
                raise Fault("has two arrays of one name")
        except BaseException:
            self._file.close()
            raise
        self.keys = {name[:-4] for name in names if name.endswith(".npy")}

    def __enter__(self) -> NpzFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._archive.close()
        self._file.close()

    def check(self, key: str, shape: Shape) -> None:
        """Make sure that, by what the file says, an array is of floating-point numbers and of this shape."""
        with self._member(key) as stream:
            self._header(key, shape, stream.read(LONGEST_HEADER))

    def read(self, key: str, shape: Shape) -> npt.NDArray[np.float32]:
        """An array, which must be of this shape and finite, as float32."""
        with self._member(key) as stream:
            data = bytearray(stream.read(LONGEST_HEADER))
            header = self._header(key, shape, bytes(data))
            # To the end and not a byte beyond: only there zipfile compares the checksum.
            while piece := stream.read(min(_PIECE, header.end - len(data))):
                data += piece
        stored = header.array(data)
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, and that is refused
            values = np.array(stored, np.float32, order="C")
        if not np.isfinite(values).all():
            raise Fault(f"has NaN or infinite numbers in {key}")
        return values

    def _member(self, key: str) -> IO[bytes]:
        member = self._archive.getinfo(f"{key}.npy")
        if member.flag_bits & 1:
            raise Fault(f"has {key} encrypted")
        if member.compress_type not in _COMPRESSIONS:
            raise Fault(f"has {key} compressed in another way than numpy.savez_compressed does")
        return self._archive.open(member)

    def _header(self, key: str, expected: Shape, head: bytes) -> NpyHeader:
        header = npy_header(head)
        if header.dtype.hasobject:
            raise Fault(f"has pickled objects as {key}, which could run code and are refused")
        if header.dtype.kind != "f" or header.dtype.itemsize not in _ITEMSIZES:
            raise Fault(f"has {one_line(str(header.dtype))} as {key}, not floating-point numbers of 16 to 64 bits")
        if header.shape != expected:
            raise Fault(f"has {key} of shape {one_line(str(list(header.shape)))}, expected {list(expected)}")
        claimed = self._archive.getinfo(f"{key}.npy").file_size
        if claimed != header.end:
            raise Fault(f"has {claimed:,} bytes as {key}, expected {header.end:,}")
        return header


class _InPieces(io.BufferedReader):
    """A file that is read in small pieces alone, as is a directory: zipfile takes the length it claims at its word."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _PIECE:
            raise zipfile.BadZipFile(f"its directory takes {size:,} bytes")
        return super().read(size)
