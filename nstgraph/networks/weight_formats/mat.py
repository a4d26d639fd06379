"""MAT-files of version 5 to 7, as MatConvNet publishes VGG: a cell array ``layers`` of structs with name and weights.

scipy would read all of it, and take the memory that the file asks for; here only what leads to the numbers is read
(MathWorks, "MAT-File Format", level 5). MATLAB's arrays are [height, width, in, out] with the first axis running
fastest; nothing has to be transposed: of the published imagenet-vgg-verydeep-19.mat, `scipy.io.loadmat` shows
conv1_1's first kernel in the same orientation, to the similarity of VGG16 and VGG19, as Keras and Frossard have
VGG16's. (Some programs swap height and width of this file's kernels, others do not.)
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nstgraph.networks.weight_formats.arrays import Fault, Stored, StoredArrays
from nstgraph.networks.weight_formats.byte_streams import Plain, Unpacked

__all__ = ["BEGINNING", "mat_arrays"]

BEGINNING = b"MATLAB 5.0 MAT-file"

_KIND = "a MAT-file"

#: Of variables, of cells within cells, and of all cells that are looked at. VGG19's file has 3, 4 and some 600.
_MOST_VARIABLES = 1_000
_DEEPEST = 8
_MOST_NODES = 20_000

#: Bytes of a name, or of a list of sizes or fields, and letters of a text.
_LONGEST = 4096
_LONGEST_TEXT = 100

#: Bytes of a convolution's kernel. What is larger is of the dense layers, which come last: they are nearly all of the
#: file, and need not be unpacked.
_LARGEST = 9 * 512 * 512 * 8

#: Kinds of elements in the file, and classes of arrays.
_MATRIX, _COMPRESSED = 14, 15
_CELL, _STRUCT, _CHAR = 1, 2, 4
_TYPES = {7: "f4", 9: "f8"}
_INTEGERS = {1: "int8", 2: "uint8", 3: "int16", 4: "uint16", 5: "int32", 6: "uint32", 12: "int64", 13: "uint64"}

#: Variables that hold layers: those of MatConvNet's files, by themselves or in a struct.
_VARIABLES = ("layers", "net")


class MatArrays(StoredArrays):
    """The arrays of a MAT-file, whose variables may be compressed."""

    def numbers(self, stored: Stored) -> bytes:
        if stored.packed is None:
            return super().numbers(stored)
        with self.path.open("rb") as file:
            stream = Unpacked(file, stored.packed)
            stream.skip_to(stored.start)
            return stream.take(stored.size)


def mat_arrays(path: Path) -> MatArrays:
    """The kernels and biases of a file, as ``conv1_1{1}`` and ``conv1_1{2}``."""
    variable, place, end = None, 128, path.stat().st_size
    with path.open("rb") as file:
        order = {b"IM": "<", b"MI": ">"}[file.read(128)[126:]]
        for _ in range(_MOST_VARIABLES):
            if variable is not None or place + 8 > end:
                break
            kind, size = struct.unpack(f"{order}2I", Plain(file, place).take(8))
            stream = Unpacked(file, place + 8) if kind == _COMPRESSED else Plain(file, place)
            variable = _Reader(stream, order).variable()
            place += 8 + size
    return MatArrays(path, _KIND, dict(_layers(variable)))


def _layers(variable: Any) -> Iterator[tuple[str, Stored]]:
    """What a variable holds of layers, each a struct with a name, and both arrays in a cell or in fields."""
    if isinstance(variable, dict):
        variable = variable.get("layers")
    for layer in variable if isinstance(variable, list) else []:
        if isinstance(layer, dict) and isinstance(layer.get("name"), str):
            pair = layer.get("weights") or [layer.get("filters"), layer.get("biases")]
            for number, array in enumerate(pair if isinstance(pair, list) else [], 1):
                if isinstance(array, Stored):
                    yield f"{layer['name']}{{{number}}}", _flat(array)


def _flat(array: Stored) -> Stored:
    """A row or a column, as which MATLAB keeps a bias, as what it is."""
    return array._replace(shape=(math.prod(array.shape),)) if len(array.shape) == 2 and 1 in array.shape else array


class _Reader:
    """Reads one variable: cells as lists, structs of one element as dicts, short texts as str, arrays as Stored."""

    def __init__(self, stream: Plain | Unpacked, order: str) -> None:
        self._stream, self._order = stream, order
        self._nodes, self._enough = 0, False

    def variable(self) -> Any:
        """A variable that may hold layers; None for any other."""
        return self._matrix(0, _VARIABLES)

    def _matrix(self, depth: int, names: tuple[str, ...] = ()) -> Any:
        self._nodes += 1
        if depth > _DEEPEST or self._nodes > _MOST_NODES:
            raise Fault("has cells in an endless number")
        kind, size, end = self._tag()
        if kind != _MATRIX:
            raise Fault("has an element that is damaged")
        value = self._content(depth, names) if size else None
        if depth and not self._enough:
            self._stream.skip_to(end)
        return value

    def _content(self, depth: int, names: tuple[str, ...]) -> Any:
        flags = self._integers()[0]
        shape = tuple(self._integers())
        name = self._bytes().decode("latin-1")
        if names and name not in names:
            self._enough = True
            return None
        kind = flags & 0xFF
        if kind == _CELL:
            return self._cells(math.prod(shape), depth)
        if kind == _STRUCT:
            return self._struct(math.prod(shape), depth)
        if kind == _CHAR:
            return self._text() if math.prod(shape) <= _LONGEST_TEXT else None
        return self._array(shape)

    def _cells(self, count: int, depth: int) -> list[Any]:
        cells: list[Any] = []
        while len(cells) < count and not self._enough:
            cells.append(self._matrix(depth + 1))
        return cells

    def _struct(self, count: int, depth: int) -> dict[str, Any] | None:
        (length,) = self._integers()
        text = self._bytes()
        if count != 1 or not 0 < length <= 64:
            return None
        names = [text[place : place + length].split(b"\0")[0].decode() for place in range(0, len(text), length)]
        values: dict[str, Any] = {}
        for name in names:
            if not self._enough:
                values[name] = self._matrix(depth + 1)
        return values

    def _text(self) -> str:
        return self._bytes().decode("latin-1").replace("\0", "")  # ASCII, in one byte or in two

    def _array(self, shape: tuple[int, ...]) -> Stored:
        kind, size, _ = self._tag()
        self._enough = size > _LARGEST
        dtype = np.dtype(self._order + _TYPES[kind]) if kind in _TYPES else _INTEGERS.get(kind, "something")
        return Stored(shape, dtype, self._stream.place, size, True, self._stream.packed)

    def _integers(self) -> tuple[int, ...]:
        data = self._bytes()
        return struct.unpack(f"{self._order}{len(data) // 4}I", data)

    def _bytes(self) -> bytes:
        _, size, end = self._tag()
        if size > _LONGEST:
            raise Fault("has an element that is damaged")
        data = self._stream.take(size)
        self._stream.skip_to(end)
        return data

    def _tag(self) -> tuple[int, int, int]:
        """Kind and length of the element that comes, and where the next one begins."""
        start = self._stream.place
        (first,) = struct.unpack(f"{self._order}I", self._stream.take(4))
        if first >> 16:  # a short one, in the tag's other half
            return first & 0xFFFF, first >> 16, start + 8
        (size,) = struct.unpack(f"{self._order}I", self._stream.take(4))
        return first, size, start + 8 + -(-size // 8) * 8
