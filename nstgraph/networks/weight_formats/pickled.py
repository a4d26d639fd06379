"""Reading pickles without running them.

A pickle is a program for a small machine, which may call any function there is. This machine knows the containers, and
calls nothing but the few makers it is given, by the names that the pickle uses. Long strings of bytes, which hold the
numbers, stay in the file: only where they lie is noted.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, NamedTuple

from nstgraph.messages import one_line
from nstgraph.networks.weight_formats.arrays import Fault

__all__ = ["Bytes", "Makers", "text_of", "unpickled"]

#: What stands for a global name of the pickle: called with its arguments where the pickle calls it.
Makers = Mapping[tuple[str, str], Callable[..., Any]]

#: Steps that a pickle may take: those of VGG19 take some thousand.
_MOST_STEPS = 200_000

#: Bytes of a string of which more is known than its place.
_LONGEST = 256

_MARK = object()


class Bytes(NamedTuple):
    """A string of bytes: where it lies in the file, and what it is, if it is short."""

    start: int
    size: int
    data: bytes


def unpickled(stream: BinaryIO, makers: Makers, persistent: Callable[[Any], Any] | None = None) -> Any:
    """What one pickle says, as dicts, lists, tuples, numbers, strings, `Bytes`, and what the makers make.

    Args:
        stream: a seekable file that stands where the pickle begins; afterwards, where it ends.
        makers: what it may call.
        persistent: gives what an identifier of something outside of the pickle stands for.

    Raises:
        Fault: it asks for something else, takes too many steps, or is cut short.
        Exception: whatever a makers' function, or an operation on a stack that lacks its operands, raises.
    """
    machine = _Machine(stream, makers, persistent)
    for _ in range(_MOST_STEPS):
        code = machine.take(1)
        if code == b".":
            return machine.stack.pop()
        step = _STEPS.get(code)
        if step is None:
            raise Fault(f"has a pickle with the operation {code!r}, which no weights need")
        step(machine)
    raise Fault(f"has a pickle of more than {_MOST_STEPS:,} steps")


class _Machine:
    """What a pickle works on: a stack, what it keeps for later, and the file that it is read from."""

    def __init__(self, stream: BinaryIO, makers: Makers, persistent: Callable[[Any], Any] | None) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self._stream, self._makers, self._persistent = stream, makers, persistent

    def take(self, size: int) -> bytes:
        data = self._stream.read(size)
        if len(data) != size:
            raise Fault("is cut short")
        return data

    def number(self, form: str) -> int:
        (value,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return int(value)

    def line(self) -> str:
        line = self._stream.readline(_LONGEST)
        if not line.endswith(b"\n"):
            raise Fault("has a pickle with a name that does not end")
        return line[:-1].decode()

    def text(self, size: int) -> None:
        if size > _LONGEST:
            raise Fault("has a pickle with a name that does not end")
        self.stack.append(self.take(size).decode())

    def string(self, size: int) -> None:
        start = self._stream.tell()
        data = self.take(size) if size <= _LONGEST else b""
        self._stream.seek(start + size)  # perhaps beyond the end, where nothing more is found
        self.stack.append(Bytes(start, size, data))

    def marked(self) -> list[Any]:
        """Take what is on the stack above the last mark, and the mark."""
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
        values = self.stack[place + 1 :]
        del self.stack[place:]
        return values

    def group(self, size: int) -> None:
        values = [self.stack.pop() for _ in range(size)]
        self.stack.append(tuple(reversed(values)))

    def found(self, module: Any, name: Any) -> None:
        named = text_of(module), text_of(name)
        if named not in self._makers:
            wanted = one_line(".".join(named))
            raise Fault(f"has a pickle that asks for {wanted}, which could run code and is refused")
        self.stack.append(self._makers[named])

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if function not in self._makers.values():
            raise Fault("has a pickle that calls what is no function")
        self.stack.append(function(*arguments))

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if hasattr(target, "set_state"):
            target.set_state(state)
        elif not isinstance(target, dict):  # what is noted beside a dict of PyTorch is of no use here
            raise Fault("has a pickle that gives a state to what has none")

    def stand_in(self) -> None:
        if self._persistent is None:
            raise Fault("has a pickle that asks for something outside of it")
        self.stack.append(self._persistent(self.stack.pop()))

    def put(self, pairs: list[Any]) -> None:
        table = self.stack[-1]
        if not isinstance(table, dict) or len(pairs) % 2:
            raise Fault("has a pickle that puts a key into what is no dict")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            # Nothing else is a key: a tuple of tuples could take for ever to be hashed.
            table[key if isinstance(key, int) else text_of(key)] = value

    def add(self, values: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise Fault("has a pickle that adds to what is no list")
        self.stack[-1].extend(values)

    def keep(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def recall(self, index: int) -> None:
        if index not in self.memo:
            raise Fault("has a pickle that recalls what it has not kept")
        self.stack.append(self.memo[index])

    def long(self, size: int) -> None:
        self.stack.append(int.from_bytes(self.take(size), "little", signed=True))


def text_of(value: Any) -> str:
    """A string of the pickle, which in Python 2 is one of bytes.

    Raises:
        Fault: it is something else, or long.
    """
    if isinstance(value, Bytes):
        return value.data.decode("latin-1")
    if not isinstance(value, str):  # the text of a tuple of tuples could be endless
        raise Fault("has a pickle with something else where a name should be")
    return value


def _pair(machine: _Machine) -> list[Any]:
    value, key = machine.stack.pop(), machine.stack.pop()
    return [key, value]


#: By operation, what it does; all others are refused. Named as in Python's pickletools.
_STEPS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": lambda m: _protocol(m.number("<B")),
    b"\x95": lambda m: _discard(m.number("<Q")),
    b"(": lambda m: m.stack.append(_MARK),
    b"N": lambda m: m.stack.append(None),
    b"\x88": lambda m: m.stack.append(True),
    b"\x89": lambda m: m.stack.append(False),
    b"J": lambda m: m.stack.append(m.number("<i")),
    b"K": lambda m: m.stack.append(m.number("<B")),
    b"M": lambda m: m.stack.append(m.number("<H")),
    b"\x8a": lambda m: m.long(m.number("<B")),
    b"}": lambda m: m.stack.append({}),
    b"]": lambda m: m.stack.append([]),
    b")": lambda m: m.group(0),
    b"\x85": lambda m: m.group(1),
    b"\x86": lambda m: m.group(2),
    b"\x87": lambda m: m.group(3),
    b"t": lambda m: m.stack.append(tuple(m.marked())),
    b"a": lambda m: m.add([m.stack.pop()]),
    b"e": lambda m: m.add(m.marked()),
    b"s": lambda m: m.put(_pair(m)),
    b"u": lambda m: m.put(m.marked()),
    b"q": lambda m: m.keep(m.number("<B")),
    b"r": lambda m: m.keep(m.number("<I")),
    b"\x94": lambda m: m.keep(len(m.memo)),
    b"h": lambda m: m.recall(m.number("<B")),
    b"j": lambda m: m.recall(m.number("<I")),
    b"X": lambda m: m.text(m.number("<I")),
    b"\x8c": lambda m: m.text(m.number("<B")),
    b"U": lambda m: m.string(m.number("<B")),
    b"T": lambda m: m.string(m.number("<I")),
    b"C": lambda m: m.string(m.number("<B")),
    b"B": lambda m: m.string(m.number("<I")),
    b"\x8e": lambda m: m.string(m.number("<Q")),
    b"c": lambda m: m.found(m.line(), m.line()),
    b"\x93": lambda m: m.found(*reversed((m.stack.pop(), m.stack.pop()))),
    b"R": lambda m: m.call(),
    b"b": lambda m: m.build(),
    b"Q": lambda m: m.stand_in(),
}


def _discard(length: int) -> None:
    """Nothing is to be done about a frame, which only says how much to read ahead."""
    del length


def _protocol(version: int) -> None:
    if version > 5:
        raise Fault(f"has a pickle of protocol {version}, which is not known")
