"""Reading the arrays of an HDF5 file as Keras writes them, without the HDF5 library.

The library is made for files that one trusts: damaged ones can crash the process, and others lead into further files.
What Keras writes is a small part of the format: superblock version 0, groups as symbol tables, and data sets that lie
in the file in one piece. That part is read here (HDF5 File Format Specification, version 3.0); all else, such as
compression, links and files beside the file, is refused or passed over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from nstgraph.networks.weight_formats.arrays import Fault, Stored, StoredArrays

__all__ = ["BEGINNING", "hdf5_arrays"]

BEGINNING = b"\x89HDF\r\n\x1a\n"

_KIND = "an HDF5 file"

#: Of groups in one another; of all objects, their messages, and the nodes of groups that are looked at; of one object's
#: header in bytes. VGG19 takes some hundred.
_DEEPEST = 6
_MOST_PARTS = 100_000
_LONGEST_HEADER = 1 << 17
_LARGEST_LEAF = 64

#: Kinds of messages in an object's header.
_SHAPE, _TYPE, _ELSEWHERE, _LAYOUT, _FILTERS, _CONTINUED, _GROUP = 0x1, 0x3, 0x7, 0x8, 0xB, 0x10, 0x11

#: What describes an IEEE number of so many bytes: places and sizes of exponent and mantissa, and the bias.
_FLOATS = {2: (10, 5, 0, 10, 15), 4: (23, 8, 0, 23, 127), 8: (52, 11, 0, 52, 1023)}

Messages = dict[int, bytes]


def hdf5_arrays(path: Path) -> StoredArrays:
    """The data sets of a file by their paths in it, such as ``block1_conv1/block1_conv1_W_1:0``."""
    with path.open("rb") as stream:
        reader = _Reader(stream)
        arrays = dict(reader.arrays(reader.root(), ""))
    return StoredArrays(path, _KIND, arrays)


class _Reader:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._parts = 0

    def root(self) -> int:
        """Where the header of the first group is."""
        head = self._at(0, 96)
        if head[8] > 1:
            raise Fault(f"is an HDF5 file of version {head[8]}, where Keras writes 0; save it with libver='earliest'")
        place = 24 + 4 * head[8]
        base, address = struct.unpack_from("<Q", head, place)[0], struct.unpack_from("<Q", head, place + 40)[0]
        if (head[13], head[14]) != (8, 8) or base:
            raise Fault("is an HDF5 file in an unusual form")
        return int(address)

    def arrays(self, address: int, name: str, depth: int = 0) -> Iterator[tuple[str, Stored]]:
        """The data sets in a group, or the one that is there, by path."""
        self._count(1 if depth <= _DEEPEST else _MOST_PARTS)
        messages = self._messages(address)
        if _GROUP in messages:
            tree, heap = struct.unpack_from("<2Q", messages[_GROUP])
            names = self._heap(heap)
            for place, child in self._members(tree):
                label = names[place:].split(b"\0", 1)[0].decode()
                yield from self.arrays(child, f"{name}/{label}".lstrip("/"), depth + 1)
        elif {_SHAPE, _TYPE, _LAYOUT} <= messages.keys():
            yield name, _stored(messages)

    def _count(self, parts: int) -> None:
        self._parts += parts
        if self._parts > _MOST_PARTS:
            raise Fault("has groups in an endless number")

    def _at(self, place: int, size: int) -> bytes:
        self._stream.seek(place)
        data = self._stream.read(size)
        if len(data) != size:
            raise Fault("is cut short")
        return data

    def _messages(self, address: int) -> Messages:
        """The messages of an object's header by kind, the first of each kind."""
        version, size = struct.unpack("<B7xI4x", self._at(address, 16))
        if version != 1:
            raise Fault("is an HDF5 file in an unusual form")
        blocks, messages, taken = [(address + 16, size)], Messages(), 0
        for place, length in blocks:  # which grows on the way
            taken += length
            if taken > _LONGEST_HEADER:
                raise Fault("has an object with a header without end")
            data, start = self._at(place, length), 0
            while start + 8 <= length:
                self._count(1)
                kind, size, flags = struct.unpack_from("<HHB", data, start)
                body = data[start + 8 : start + 8 + size]
                start += 8 + size
                if kind == _CONTINUED:
                    blocks.append(struct.unpack_from("<2Q", body))
                elif not flags & 2:  # what is shared lies elsewhere
                    messages.setdefault(kind, body)
        return messages

    def _heap(self, address: int) -> bytes:
        """The names of a group's members, each ended by a zero."""
        size, place = struct.unpack("<8xQ8xQ", self._at(address, 32))
        if size > _LONGEST_HEADER:
            raise Fault("has a group with names without end")
        return self._at(place, size)

    def _members(self, address: int) -> Iterator[tuple[int, int]]:
        """For each member of a group, where its name is in the heap, and where its header."""
        nodes = [address]
        for node in nodes:  # which grows on the way
            mark, count = struct.unpack("<4s2xH", self._at(node, 8))
            if mark == b"TREE":
                places = struct.unpack(f"<{2 * count}Q", self._at(node + 24, 16 * count))
                self._count(count)
                nodes += places[1::2]
            elif mark == b"SNOD" and count <= _LARGEST_LEAF:
                self._count(count)
                for entry in range(count):
                    name, header, link = struct.unpack("<QQI", self._at(node + 8 + 40 * entry, 20))
                    if link != 2:  # a link by name, which is not followed
                        yield name, header
            else:
                raise Fault("has a group that is damaged")


def _stored(messages: Messages) -> Stored:
    """Where the numbers of a data set are; if they are not in the file as they are, they have no type that is read."""
    layout, shape = messages[_LAYOUT], _shape(messages[_SHAPE])
    if _FILTERS in messages:
        return Stored(shape, "compressed numbers", 0, 0)
    if layout[0] not in (3, 4) or layout[1] != 1 or _ELSEWHERE in messages:
        return Stored(shape, "numbers in pieces, or in another file,", 0, 0)
    start, size = struct.unpack_from("<2Q", layout, 2)
    return Stored(shape, _type(messages[_TYPE]), start, size)


def _shape(message: bytes) -> tuple[int, ...]:
    version, rank = message[0], message[1]
    return struct.unpack_from(f"<{rank}Q", message, 8 if version == 1 else 4)


def _type(message: bytes) -> np.dtype[Any] | str:
    (size,) = struct.unpack_from("<I", message, 4)
    if message[0] & 15 != 1:
        return f"a type of class {message[0] & 15}"
    _, precision, *form, bias = struct.unpack_from("<HH4BI", message, 8)
    if size not in _FLOATS or (*form, bias) != _FLOATS[size] or precision != 8 * size or message[1] & 0x40:
        return "an unusual kind of number"
    return np.dtype(f"{'>' if message[1] & 1 else '<'}f{size}")
