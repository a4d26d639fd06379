"""Damaged copies of valid files. The number of a case gives its bytes, so that each can be made again by itself."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Sequence

__all__ = ["damaged", "with_checksums"]

#: Where programs that count go wrong.
_INTEGERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000, 13_000, 100_000, 0x7FFFFFFF,
             0x80000000, 0xFFFFFFFF)  # fmt: skip

#: Bytes at the beginning, where most formats have their sizes.
_HEAD = 64

_FIELDS = ("<H", ">H", "<I", ">I")


def damaged(files: Sequence[bytes], number: int, sides: Sequence[int] = ()) -> bytes:
    """The bytes of a case.

    Args:
        files: valid ones.
        number: of the case.
        sides: numbers that the files may hold as their sizes, which some cases replace by far larger ones.
    """
    chance = random.Random(number)
    data = files[number % len(files)]
    if sides and number // len(files) % 8 == 0:
        data = _claimed(chance, data, sides)
    else:
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            data = chance.choice(_MUTATIONS)(chance, data, files)
    return with_checksums(data) if chance.random() < 0.7 else data


def with_checksums(data: bytes) -> bytes:
    """A PNG with the checksums that its chunks should have, since nothing else of one that lacks them is read."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return data
    whole, start = bytearray(data), 8
    while start + 12 <= len(whole):
        end = start + 8 + int.from_bytes(whole[start : start + 4], "big")
        if end + 4 > len(whole):
            break
        whole[end : end + 4] = struct.pack(">I", zlib.crc32(whole[start + 4 : end]))
        start = end + 4
    return bytes(whole)


def _claimed(chance: random.Random, data: bytes, sides: Sequence[int]) -> bytes:
    """The same file, which says that it is far larger."""
    claim = chance.choice((3_000, 13_000, 65_535, 100_000))
    for side in sides:
        for form in chance.sample(_FIELDS, len(_FIELDS)):
            found = data.find(struct.pack(form, side))
            if found >= 0:
                data = _put(data, found, form, claim)
                break
    return data


def _put(data: bytes, place: int, form: str, value: int) -> bytes:
    size = struct.calcsize(form)
    return data[:place] + struct.pack(form, value % 256**size) + data[place + size :]


def _flip(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    whole = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        if whole:
            whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
    return bytes(whole)


def _insert(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    place = chance.randint(0, len(data))
    return data[:place] + chance.randbytes(chance.randint(1, 16)) + data[place:]


def _delete(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    place = chance.randint(0, len(data))
    return data[:place] + data[place + chance.randint(1, 32) :]


def _truncate(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    return data[: chance.randint(0, len(data))]


def _duplicate(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    start, place = chance.randint(0, len(data)), chance.randint(0, len(data))
    block = data[start : start + chance.randint(1, 200)]
    return data[:place] + block * chance.randint(1, 4) + data[place:]


def _number(chance: random.Random, data: bytes, _: Sequence[bytes]) -> bytes:
    head = min(len(data), _HEAD) if chance.random() < 0.5 else len(data)
    place, form = chance.randrange(max(1, head - 4)), chance.choice(_FIELDS)
    return _put(data, place, form, chance.choice(_INTEGERS))


def _splice(chance: random.Random, data: bytes, files: Sequence[bytes]) -> bytes:
    other = chance.choice(files)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


_MUTATIONS: tuple[Callable[[random.Random, bytes, Sequence[bytes]], bytes], ...] = (
    _flip, _flip, _insert, _delete, _truncate, _duplicate, _number, _number, _splice
)  # fmt: skip
