"""The header of an array in an npz file, of which only what the array's length bears out is to be believed."""

from __future__ import annotations

import io
import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

__all__ = ["LONGEST_HEADER", "NpyHeader", "npy_header"]

#: Bytes of an array's header, of which numpy writes 128.
LONGEST_HEADER = 4096

_VERSIONS = ((1, 0), (2, 0), (3, 0))


class NpyHeader(NamedTuple):
    """What an array is said to be.

    Attributes:
        shape: as the file has it; lengths may even be negative.
        fortran: whether the first axis runs fastest.
        dtype: may be anything, pickled objects included.
        begin, end: of the numbers, in bytes from where the header begins.
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    begin: int
    end: int

    def array(self, data: bytes | bytearray) -> npt.NDArray[Any]:
        """The array that lies in ``data``, which begins with the header; it is not copied."""
        stored = np.frombuffer(data, self.dtype, math.prod(self.shape), self.begin)
        return stored.reshape(self.shape, order="F" if self.fortran else "C")


def npy_header(data: bytes | bytearray) -> NpyHeader:
    """The header that ``data`` begins with; no more than its first ``LONGEST_HEADER`` bytes are looked at.

    Raises:
        ValueError: it is none, is longer, or of a version that is not known. numpy's parser raises other types, too.
    """
    stream = io.BytesIO(data[:LONGEST_HEADER])
    version = npy.read_magic(stream)
    if version not in _VERSIONS:
        raise ValueError(f"npy version {version}")
    parse = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = parse(stream)
    return NpyHeader(shape, fortran, dtype, stream.tell(), stream.tell() + math.prod(shape) * dtype.itemsize)
