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

from nstgraph.networks.npy_header import LONGEST_HEADER, NpyHeader, npy_header
from nstgraph.networks.weight_formats.arrays import ArrayFile, Fault, Shape, check_claims, finite

__all__ = ["InPieces", "NpzArrays", "NpzFile"]

#: What is read; all else is refused, so that no exotic decoder ever sees a stranger's bytes.
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: Bytes that are read from the disk at once. That is also the longest directory: about 4,000 arrays, where VGG19 has
#: 38.
_PIECE = 1 << 18


class NpzArrays(ArrayFile):
    """The arrays of an npz file."""

    kind = "an npz file"

    def __init__(self, path: Path) -> None:
        self._path = path
        with NpzFile(path) as npz:
            self.keys = npz.keys

    def check(self, key: str, shape: Shape) -> str:
        with NpzFile(self._path) as npz:
            return npz.check(key, shape)

    def read(self, key: str, shape: Shape) -> npt.NDArray[np.float32]:
        with NpzFile(self._path) as npz:
            return npz.read(key, shape)


class NpzFile:
    """An open npz file; use it in a ``with`` block. ``keys`` are the names of its arrays.

    Every method, and opening the file, raises Fault, OSError, or what zipfile, its decompressor and numpy's parser
    of headers raise on damaged files, a dozen types.
    """

    def __init__(self, path: Path) -> None:
        self._file = InPieces(io.FileIO(path))
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

    def check(self, key: str, shape: Shape) -> str:
        """See `ArrayFile.check`."""
        with self._member(key) as stream:
            return self._header(key, shape, stream.read(LONGEST_HEADER)).dtype.newbyteorder("=").name

    def read(self, key: str, shape: Shape) -> npt.NDArray[np.float32]:
        """See `ArrayFile.read`."""
        with self._member(key) as stream:
            data = bytearray(stream.read(LONGEST_HEADER))
            header = self._header(key, shape, bytes(data))
            # To the end and not a byte beyond: only there zipfile compares the checksum.
            while piece := stream.read(min(_PIECE, header.end - len(data))):
                data += piece
        return finite(key, header.array(data))

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
        check_claims(key, header.dtype, header.shape, expected)
        claimed = self._archive.getinfo(f"{key}.npy").file_size
        if claimed != header.end:
            raise Fault(f"has {claimed:,} bytes as {key}, expected {header.end:,}")
        return header


class InPieces(io.BufferedReader):
    """A file that is read in small pieces alone, as is a directory: zipfile takes the length it claims at its word."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _PIECE:
            raise zipfile.BadZipFile(f"its directory takes {size:,} bytes")
        return super().read(size)
