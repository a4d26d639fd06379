"""Arrays of a file that may come from anybody: where they lie in it, what they claim to be, and reading one of them.

No length that a file claims is believed: whoever reads an array knows its shape, and no more bytes than that are taken.
"""

from __future__ import annotations

import abc
import math
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nstgraph.messages import one_line

__all__ = ["ArrayFile", "Fault", "Shape", "Stored", "StoredArrays", "check_claims", "finite"]

Shape = tuple[int, ...]

_ITEMSIZES = (2, 4, 8)


class Fault(Exception):
    """Why a file is refused, to follow its name: ``"has fc6_W encrypted"``."""


class ArrayFile(abc.ABC):
    """The arrays of a file, which is opened only while one of them is read.

    Every method raises Fault, OSError, or what a decompressor raises on damaged files.

    Attributes:
        kind: what the file is, such as ``"an npz file"``.
        keys: names of its arrays.
    """

    kind: str
    keys: Collection[str]

    @abc.abstractmethod
    def check(self, key: str, shape: Shape) -> str:
        """Make sure that, by what the file says, an array is of floating-point numbers and of this shape.

        Returns:
            The name of its type, such as ``"float16"``.
        """

    @abc.abstractmethod
    def read(self, key: str, shape: Shape) -> npt.NDArray[np.float32]:
        """An array, which must be of this shape and finite, as float32, in C order and writeable."""


class Stored(NamedTuple):
    """Where numbers lie in a file, and what the file says of them."""

    shape: Shape
    dtype: np.dtype[Any] | str  # a name where numpy has no such type
    start: int  # of the numbers, in bytes
    size: int
    fortran: bool = False  # whether the first axis runs fastest
    packed: int | None = None  # where the stream begins that has to be unpacked first; start is a place in it


class StoredArrays(ArrayFile):
    """Arrays that lie in a file as they are.

    Args:
        path: the file.
        kind: what it is.
        arrays: where its arrays are, by key; nothing of this need be true.
    """

    def __init__(self, path: Path, kind: str, arrays: Mapping[str, Stored]) -> None:
        self.path, self.kind = path, kind
        self.keys = arrays.keys()
        self._arrays = arrays

    def check(self, key: str, shape: Shape) -> str:
        stored = self._arrays[key]
        dtype = check_claims(key, stored.dtype, stored.shape, shape)
        expected = math.prod(shape) * dtype.itemsize
        if stored.size != expected:
            raise Fault(f"has {stored.size:,} bytes as {key}, expected {expected:,}")
        return dtype.newbyteorder("=").name

    def read(self, key: str, shape: Shape) -> npt.NDArray[np.float32]:
        self.check(key, shape)
        stored = self._arrays[key]
        data = self.numbers(stored)
        if len(data) != stored.size:
            raise Fault(f"is cut short in {key}")
        return finite(key, np.frombuffer(data, stored.dtype).reshape(shape, order="F" if stored.fortran else "C"))

    def numbers(self, stored: Stored) -> bytes:
        """The bytes of an array, or fewer if the file ends before."""
        with self.path.open("rb") as stream:
            if stored.start > os.fstat(stream.fileno()).st_size:
                return b""
            stream.seek(stored.start)
            return stream.read(stored.size)


def check_claims(key: str, dtype: np.dtype[Any] | str, shape: Shape, expected: Shape) -> np.dtype[Any]:
    """The type of an array, unless it is not one of floating-point numbers, or the shape is another.

    Raises:
        Fault: it is.
    """
    if isinstance(dtype, str) or dtype.kind != "f" or dtype.itemsize not in _ITEMSIZES:
        raise Fault(f"has {one_line(str(dtype))} as {key}, not floating-point numbers of 16 to 64 bits")
    if shape != expected:
        raise Fault(f"has {key} of shape {one_line(str(list(shape)))}, expected {list(expected)}")
    return dtype


def finite(key: str, stored: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """The numbers of an array as float32.

    Raises:
        Fault: some are NaN or infinite, or too large for float32.
    """
    with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, and that is refused
        values = np.array(stored, np.float32, order="C")
    if not np.isfinite(values).all():
        raise Fault(f"has NaN or infinite numbers in {key}")
    return values
