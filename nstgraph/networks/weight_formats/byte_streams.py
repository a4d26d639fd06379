"""A file, or a part of one that has to be unpacked, as bytes that are read in one direction."""

from __future__ import annotations

import zlib
from typing import BinaryIO

from nstgraph.networks.weight_formats.arrays import Fault

__all__ = ["Plain", "Unpacked"]

_PIECE = 1 << 16

#: Bytes that are unpacked at most. The convolutions of VGG19, which come first, take 160 MB as float64.
_MOST_UNPACKED = 1 << 28


class Plain:
    """A file from some place on.

    Attributes:
        place: where the next byte is in the file.
        packed: None, as nothing has to be unpacked.
    """

    packed = None

    def __init__(self, file: BinaryIO, start: int) -> None:
        self.place, self._file = start, file

    def take(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            Fault: there are fewer.
        """
        self._file.seek(self.place)
        data = self._file.read(size)
        if len(data) != size:
            raise Fault("is cut short")
        self.place += size
        return data

    def skip_to(self, place: int) -> None:
        """Go on from a place, which is not behind.

        Raises:
            Fault: it is.
        """
        if place < self.place:
            raise Fault("has an element that is longer than what holds it")
        self.place = place


class Unpacked:
    """What a stream of zlib in a file unpacks to; never more at once than is asked for.

    Attributes:
        place: how many bytes have been taken.
        packed: where the stream begins in the file.
    """

    def __init__(self, file: BinaryIO, start: int) -> None:
        self.place, self.packed = 0, start
        self._file, self._next = file, start
        self._zlib = zlib.decompressobj()

    def take(self, size: int) -> bytes:
        """The next bytes; see `Plain.take`."""
        data = bytearray()
        while len(data) < size:
            data += self._piece(min(_PIECE, size - len(data)))
        return bytes(data)

    def skip_to(self, place: int) -> None:
        """Unpack up to a place; see `Plain.skip_to`."""
        if place < self.place:
            raise Fault("has an element that is longer than what holds it")
        while self.place < place:
            self._piece(min(_PIECE, place - self.place))

    def _piece(self, size: int) -> bytes:
        """At least one byte, and at most so many."""
        if self.place > _MOST_UNPACKED:
            raise Fault("unpacks to more than the convolutions of VGG take")
        piece = b""
        while not piece:
            packed = self._zlib.unconsumed_tail
            if not packed and not self._zlib.eof:
                self._file.seek(self._next)
                packed = self._file.read(_PIECE)
                self._next += len(packed)
                if not packed:
                    raise Fault("is cut short")
            if self._zlib.eof:
                raise Fault("is cut short")
            piece = self._zlib.decompress(packed, size)
        self.place += len(piece)
        return piece
