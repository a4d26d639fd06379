"""Dicts of layers in npy files: what of them is read."""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nstgraph.networks.weight_formats.arrays import Fault
from nstgraph.networks.weight_formats.npy import npy_arrays


def save(path: Path, value: Any, protocol: int | None = None) -> Path:
    """As numpy does, or with another protocol of pickle."""
    held = np.empty((), object)
    held[()] = value
    np.save(stream := io.BytesIO(), held, allow_pickle=True)
    data = stream.getvalue()
    if protocol is not None:
        data = data[: data.index(b"\n") + 1] + pickle.dumps(held, protocol)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("protocol", [None, 3, 4])
@pytest.mark.parametrize("kind", ["<f2", ">f4", "<f4", "<f8"])
def test_arrays_of_every_protocol_and_type(tmp_path: Path, protocol: int | None, kind: str) -> None:
    kernel = np.arange(216, dtype=kind).reshape(3, 3, 4, 6)
    bias = np.linspace(-1, 1, 6).astype(kind)
    layers = {"conv1_1": [kernel, bias], "conv1_2": (np.asfortranarray(kernel), bias), "fc6": [bias], "note": "text"}
    arrays = npy_arrays(save(tmp_path / "w.npy", layers, protocol))
    assert set(arrays.keys) == {"conv1_1/0", "conv1_1/1", "conv1_2/0", "conv1_2/1", "fc6/0"}
    for key in ("conv1_1/0", "conv1_2/0"):
        assert arrays.check(key, kernel.shape) == np.dtype(kind).newbyteorder("=").name
        np.testing.assert_array_equal(arrays.read(key, kernel.shape), kernel.astype(np.float32))
    np.testing.assert_array_equal(arrays.read("conv1_1/1", (6,)), bias.astype(np.float32))


def python_2(layer: str, array: Any) -> bytes:
    """A dict of one layer as Python 2 and an old numpy pickled it, in an npy file."""

    def text(string: bytes) -> bytes:
        return b"U" + bytes([len(string)]) + string

    def made(shape: bytes, dtype: bytes, order: bytes, flags: bytes, data: bytes) -> bytes:
        empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0t" + text(b"b") + b"tR"
        about = b"(K\3" + text(order) + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK" + flags + b"tb"
        kind = b"cnumpy\ndtype\n(" + text(dtype) + b"K\0K\1tR" + about
        return empty + b"(K\1" + shape + kind + b"\x89" + data + b"tb"

    raw = array.astype("<f4").tobytes()
    shape = b"(" + b"".join(b"K" + bytes([length]) for length in array.shape) + b"t"
    inner = made(shape, b"f4", b"<", b"\0", b"T" + len(raw).to_bytes(4, "little") + raw)
    layers = b"}" + text(layer.encode()) + b"](" + inner + b"es"
    whole = made(b")", b"O8", b"|", b"\x3f", b"](" + layers + b"e")
    np.save(stream := io.BytesIO(), np.array(None, dtype=object), allow_pickle=True)
    return stream.getvalue()[: stream.getvalue().index(b"\n") + 1] + b"\x80\x02" + whole + b"."


def test_a_file_of_python_2(tmp_path: Path) -> None:
    bias = np.arange(64)
    (tmp_path / "w.npy").write_bytes(data := python_2("conv1_1", bias))
    loaded = np.load(io.BytesIO(data), allow_pickle=True, encoding="latin1").item()
    np.testing.assert_array_equal(loaded["conv1_1"][0], bias)  # it is one, numpy says
    np.testing.assert_array_equal(npy_arrays(tmp_path / "w.npy").read("conv1_1/0", (64,)), bias)


def refusal(path: Path, shape: tuple[int, ...] = (6,)) -> str:
    with pytest.raises(Fault) as raised:
        npy_arrays(path).read("conv1_1/0", shape)
    return str(raised.value)


class Trap:
    def __reduce__(self) -> Any:
        return os.mkdir, ("sprung",)


def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.npy"
    assert "asks for posix.mkdir" in refusal(save(path, {"conv1_1": [Trap()]})) and not Path("sprung").exists()
    assert "asks for numpy" in refusal(save(path, {"conv1_1": [np.float32(1)]}))
    assert "no dict of layers" in refusal(save(path, ["conv1_1"], 4))
    np.save(path, np.zeros((3, 4)))
    assert refusal(path) == "holds one array of shape [3, 4], not a dict of layers"
    assert "complex" in refusal(save(path, {"conv1_1": [np.zeros(6, complex)]})).replace("c16", "complex")
    assert "of shape [7], expected [6]" in refusal(save(path, {"conv1_1": [np.zeros(7)]}))


def test_an_array_that_claims_more_than_there_is(tmp_path: Path) -> None:
    data = save(tmp_path / "w.npy", {"conv1_1": [np.zeros((100, 100), np.float32)]}).read_bytes()
    (tmp_path / "w.npy").write_bytes(data.replace(b"KdKd\x86", b"KcKd\x86"))
    assert refusal(tmp_path / "w.npy", (99, 100)) == "has 40,000 bytes as conv1_1/0, expected 39,600"
    (tmp_path / "w.npy").write_bytes(data[:20_000])
    assert refusal(tmp_path / "w.npy") == "is cut short"
