"""What a pickle may say, and what is done about the rest."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from written_weights import Call, Global, pickled

from nstgraph.networks.weight_formats.arrays import Fault
from nstgraph.networks.weight_formats.pickled import Bytes, text_of, unpickled

PLAIN = {
    "a": [1, -2, 70_000, 2**70, True, False, None],
    "b": (),
    "c": (1,),
    "d": ("x", ["y"]),
    "e": (1, 2, 3, 4),
    5: {},
}


def read(data: bytes, makers: Any = None, **how: Any) -> Any:
    return unpickled(io.BytesIO(data), makers or {}, **how)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_containers_numbers_and_names(protocol: int) -> None:
    shared = [1]
    assert read(pickle.dumps(PLAIN, protocol)) == PLAIN
    twice = read(pickle.dumps([shared, shared], protocol))
    assert twice == [[1], [1]] and twice[0] is twice[1]


@pytest.mark.parametrize("size", [3, 255, 256, 257, 100_000])
def test_bytes_stay_where_they_are(size: int) -> None:
    content = os.urandom(size)
    data = pickle.dumps([content, 1], 4)
    found, after = read(data)
    assert data[found.start : found.start + found.size] == content and after == 1
    assert found.data == (content if size <= 256 else b"")


def test_several_pickles_in_a_file() -> None:
    stream = io.BytesIO(pickle.dumps(1, 2) + pickle.dumps([2], 4) + b"rest")
    assert [unpickled(stream, {}), unpickled(stream, {})] == [1, [2]] and stream.read() == b"rest"


def test_makers_and_identifiers() -> None:
    makers = {("a.b", "make"): lambda *given: ["made", *given]}
    assert read(pickled({"x": Call("a.b", "make", 1, (2,))}), makers) == {"x": ["made", 1, (2,)]}
    assert read(b"\x80\x02K\x05Q.", persistent=lambda identifier: identifier + 1) == 6
    with pytest.raises(Fault, match="asks for something outside of it"):
        read(b"\x80\x02K\x05Q.")


class Trap:
    def __reduce__(self) -> Any:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize("protocol", range(6))
def test_code_is_never_run(protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Fault, match=r"which could run code and is refused|which no weights need"):
        read(pickle.dumps({"a": [Trap()]}, protocol), {("numpy", "dtype"): str})
    assert list(tmp_path.iterdir()) == []


NAME = pickle.dumps("conv1_1", 2)[2:-1]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (pickled(Global("os", "system")), "asks for os.system, which could run code"),
        (b"\x80\x02cos\nsys\x1b[2J\ntem\n.", "asks for os.sys"),
        (b"\x80\x02c" + b"x" * 300 + b"\n", "name that does not end"),
        (b"\x80\x02X\0\0\0\x7fab", "name that does not end"),
        (b"\x80\x02(i.", "operation b'i', which no weights need"),
        (b"\x80\x02}K\x01R.", "calls what is no function"),
        (b"\x80\x02K\x01}b.", "gives a state to what has none"),
        (b"\x80\x02K\x01K\x02K\x03s.", "puts a key into what is no dict"),
        (b"\x80\x02}(K\x01u.", "puts a key into what is no dict"),
        (b"\x80\x02}K\x01a.", "adds to what is no list"),
        (b"\x80\x02}))s.", "something else where a name should be"),
        (b"\x80\x02h\x05.", "recalls what it has not kept"),
        (b"\x80\x09.", "protocol 9"),
        (b"\x80\x04\x8e" + struct.pack("<Q", 10**15) + b"..", "is cut short"),
        (b"\x80\x04", "is cut short"),
        (b"\x80\x02(" + b"N" * 300_000 + b"t.", "more than 200,000 steps"),
    ],
)
def test_refusals(data: bytes, fault: str) -> None:
    with pytest.raises(Fault) as raised:
        read(data)
    assert fault in str(raised.value) and str(raised.value).isprintable() == ("\x1b" not in str(raised.value))


@pytest.mark.parametrize(
    "data", [b"\x80\x02.", b"\x80\x02t.", b"\x80\x02R.", b"\x80\x02a.", b"\x80\x02q\1.", b"\x80\x02\x87."]
)
def test_a_stack_that_lacks_operands(data: bytes) -> None:
    with pytest.raises(IndexError):
        read(data)


def test_what_grows_without_end_when_it_is_looked_at_is_not() -> None:
    endless = b"\x80\x02)" + b"q\1h\1\x86" * 200  # of 2 to the 200 empty tuples
    assert isinstance(read(endless + b"."), tuple)
    for use in (
        b"}" + endless[2:] + b"Ns.",
        endless + b"\x8c\0\x93.",
        endless + b"}R.",
        b"cnumpy\ndtype\n" + endless[2:] + b"\x85R.",
    ):
        with pytest.raises(Fault):
            read(b"\x80\x02" + use.removeprefix(b"\x80\x02"), {("numpy", "dtype"): text_of})


def test_names_of_python_2() -> None:
    assert read(b"\x80\x02}U\x01aK\x01s.") == {"a": 1}
    assert text_of(Bytes(0, 1, b"\xe9")) == "é" == text_of("é")
    with pytest.raises(Fault):
        text_of(("a",))


def test_every_operation_is_one_of_pickle(monkeypatch: pytest.MonkeyPatch) -> None:
    from nstgraph.networks.weight_formats import pickled as module

    names: dict[bytes, Callable[..., Any]] = {op.code.encode("latin-1"): op.name for op in pickletools.opcodes}  # type: ignore[misc]
    assert module._STEPS.keys() <= names.keys()
    calling = {"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID", "BYTEARRAY8", "NEXT_BUFFER"}
    assert not calling & {str(names[code]) for code in module._STEPS}
