"""MAT-files as scipy writes them, and what of others is refused."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from nstgraph.networks.weight_formats.arrays import Fault
from nstgraph.networks.weight_formats.mat import mat_arrays

VALUES = np.random.default_rng(1).standard_normal((3, 3, 4, 8))


def cells(*layers: Any) -> Any:
    array = np.empty((1, len(layers)), object)
    array[0, :] = layers
    return array


def layer(name: str, kernel: Any = VALUES, bias: Any = VALUES[0, 0, 0]) -> dict[str, Any]:
    return {"name": name, "weights": cells(kernel, bias)}


def write(path: Path, *layers: Any, compress: bool = False) -> Path:
    scipy.io.savemat(path, {"other": {"a": cells(1, "x")}, "layers": cells(*layers)}, do_compression=compress)
    return path


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_arrays_by_layer(tmp_path: Path, compress: bool, kind: str) -> None:
    relu = {"name": "relu1_1", "type": "relu"}
    layers = [layer("conv1_1", VALUES.astype(kind)), relu, layer("conv1_2", np.arange(6.0)[None] / 3)]
    arrays = mat_arrays(write(tmp_path / "w.mat", *layers, compress=compress))
    assert set(arrays.keys) == {"conv1_1{1}", "conv1_1{2}", "conv1_2{1}", "conv1_2{2}"}
    assert arrays.check("conv1_1{1}", VALUES.shape) == {"f4": "float32", "f8": "float64"}[kind]
    np.testing.assert_array_equal(arrays.read("conv1_1{1}", VALUES.shape), VALUES.astype(kind).astype(np.float32))
    np.testing.assert_array_equal(arrays.read("conv1_2{1}", (6,)), np.float32(np.arange(6.0) / 3))
    np.testing.assert_array_equal(arrays.read("conv1_2{2}", (8,)), VALUES[0, 0, 0].astype(np.float32))


@pytest.mark.parametrize("compress", [False, True])
def test_dense_layers_are_not_even_unpacked(tmp_path: Path, compress: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nstgraph.networks.weight_formats.mat._LARGEST", 100_000)
    dense = {"weights": cells(np.random.default_rng(2).random((1, 50_000)), 1.0), "name": "fc6"}
    path = write(tmp_path / "w.mat", layer("conv1_1"), dense, compress=compress)
    path.write_bytes(path.read_bytes()[:-200_000])
    arrays = mat_arrays(path)
    np.testing.assert_array_equal(arrays.read("conv1_1{1}", VALUES.shape), VALUES.astype(np.float32))


def big_endian(name: bytes, value: Any) -> bytes:
    """A variable as a machine of the other byte order writes it: a cell with one struct of name and weights."""

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack(">2I", kind, len(data)) + data + bytes(-len(data) % 8)

    def matrix(kind: int, shape: tuple[int, ...], name: bytes, content: bytes) -> bytes:
        head = element(6, struct.pack(">2I", kind, 0)) + element(5, struct.pack(f">{len(shape)}i", *shape))
        return element(14, head + element(1, name) + content)

    array = matrix(7, value.shape, b"", element(7, value.astype(">f4").tobytes("F")))
    text = matrix(4, (1, 7), b"", element(4, "conv1_1".encode("utf-16-be")))
    fields = element(5, struct.pack(">i", 8)) + element(1, b"name\0\0\0\0weights\0")
    inside = matrix(2, (1, 1), b"", fields + text + matrix(1, (1, 1), b"", array))
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI" + matrix(1, (1, 1), name, inside)


def test_the_other_byte_order(tmp_path: Path) -> None:
    (tmp_path / "w.mat").write_bytes(big_endian(b"layers", VALUES))
    loaded = scipy.io.loadmat(tmp_path / "w.mat")["layers"][0, 0]
    np.testing.assert_array_equal(loaded["weights"][0, 0][0, 0], np.float32(VALUES))  # it is one, scipy says
    arrays = mat_arrays(tmp_path / "w.mat")
    np.testing.assert_array_equal(arrays.read("conv1_1{1}", VALUES.shape), np.float32(VALUES))


def refusal(path: Path, key: str = "conv1_1{1}") -> str:
    with pytest.raises(Fault) as raised:
        mat_arrays(path).read(key, VALUES.shape)
    return str(raised.value)


def test_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.mat"
    assert "has uint8 as conv1_1{1}" in refusal(write(path, layer("conv1_1", np.ones((3, 3, 4, 8), np.uint8))))
    assert "of shape [3, 4, 8]" in refusal(write(path, layer("conv1_1", VALUES[0])))
    data = write(path, layer("conv1_1"), compress=True).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert refusal(path) == "is cut short"
    nested = cells(1)
    for _ in range(20):
        nested = cells(nested)
    assert refusal(write(path, nested)) == "has cells in an endless number"
    assert mat_arrays(write(path, "conv1_1", {"name": "conv1_1"}, {"name": np.zeros(3), "weights": 1})).keys == set()


def test_claims_take_no_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "w.mat", layer("conv1_1"))
    data = path.read_bytes()
    shape = struct.pack("<4i", 3, 3, 4, 8)
    assert data.count(shape) == 1
    path.write_bytes(data.replace(shape, struct.pack("<4i", 2**31 - 1, 2**31 - 1, 4, 8)))
    tracemalloc.start()
    assert "expected [3, 3, 4, 8]" in refusal(path)
    path.write_bytes(data.replace(struct.pack("<2i", 1, 1), struct.pack("<2i", 2**30, 2)))
    refused = pytest.raises((Fault, KeyError))
    with refused:
        mat_arrays(path).read("conv1_1{1}", VALUES.shape)
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


def test_what_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nstgraph.networks.weight_formats.byte_streams._MOST_UNPACKED", 1_000_000)
    packer = zlib.compressobj()
    head = struct.pack("<2I", 14, 2**31) + struct.pack("<4I", 6, 8, 1, 0) + struct.pack("<4I", 5, 8, 1, 9)
    head += struct.pack("<2I", 1, 6) + b"layers\0\0" + struct.pack("<2I", 14, 2**30)
    packed = packer.compress(head + struct.pack("<4I", 6, 8, 9, 0) + bytes(5_000_000)) + packer.flush()
    begin = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    (tmp_path / "w.mat").write_bytes(begin + struct.pack("<2I", 15, len(packed)) + packed)
    assert "unpacks to more than the convolutions of VGG take" in refusal(tmp_path / "w.mat")
