from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nstgraph.errors import WeightsError
from nstgraph.networks.vgg_layers import VGG16, VGG19
from nstgraph.networks.weights_file import WeightsFile, embedded

FETCH = "nstgraph weights fetch vgg16"


def save(path: Path, arrays: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return path


def npy_bytes(array: Any) -> bytes:
    np.save(stream := io.BytesIO(), array)
    return stream.getvalue()


def spoil(path: Path, member: str) -> None:
    """Change one byte in the last quarter of a stored member."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(member)
    with path.open("r+b") as stream:
        stream.seek(info.header_offset + info.file_size * 3 // 4)
        byte = stream.read(1)[0]
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte ^ 0x55]))


def test_embedded_file() -> None:
    weights = WeightsFile(embedded())
    assert weights.sha256 == "21685cf3eae2a5590066da8de6f9c5bad47beff2b915d4f62e711b07361936bc"
    assert tuple(weights.layers) == tuple(VGG16.kernels)[:7]
    assert weights.source == "the embedded weights"
    read = [weights.read(layer) for layer in weights.layers]
    assert sum(kernel.size + bias.size for kernel, bias in read) == 1_735_488
    assert all(array.dtype == np.float32 for pair in read for array in pair)


def test_published_file(vgg16_npz: Path) -> None:
    weights = WeightsFile(vgg16_npz)
    assert tuple(weights.layers) == tuple(VGG16.kernels) and len(VGG16.kernels) == 13 and "conv5_3" in VGG16.kernels
    assert weights.layers["conv4_1"] == (3, 3, 256, 512) and weights.architecture is VGG16
    assert (weights.architecture.name, weights.source, weights.path) == ("VGG16", str(vgg16_npz), vgg16_npz)
    kernel, bias = weights.read("conv5_3")
    with np.load(vgg16_npz) as file:
        np.testing.assert_array_equal(kernel, file["conv5_3_W"])
        np.testing.assert_array_equal(bias, file["conv5_3_b"])


@pytest.mark.parametrize("stored", ["<f2", "<f4", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_read_gives_float32_whatever_is_stored(tmp_path: Path, arrays: Any, stored: str, order: Any) -> None:
    original = {key: np.asarray(array.astype(stored), order=order) for key, array in arrays.items()}
    kernel, bias = WeightsFile(save(tmp_path / "w.npz", original)).read("conv1_2")
    assert kernel.dtype == bias.dtype == np.dtype(np.float32)
    assert kernel.flags.c_contiguous and kernel.flags.writeable
    np.testing.assert_array_equal(kernel, original["conv1_2_W"].astype(np.float32))
    np.testing.assert_array_equal(bias, original["conv1_2_b"].astype(np.float32))


@pytest.mark.filterwarnings("ignore:Reading")
def test_arrays_saved_by_python_2(tmp_path: Path, arrays: Any) -> None:
    stream = io.BytesIO()
    np.save(stream, arrays["conv1_1_W"])
    old = stream.getvalue().replace(b"(3, 3, 3, 64), }    ", b"(3L, 3L, 3L, 64L), }")
    assert b"3L" in old
    path = save(tmp_path / "w.npz", {"conv1_1_b": arrays["conv1_1_b"]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("conv1_1_W.npy", old)
    kernel, _ = WeightsFile(path).read("conv1_1")
    np.testing.assert_array_equal(kernel, arrays["conv1_1_W"])


def test_reading_touches_only_the_layer_asked_for(tmp_path: Path, arrays: Any) -> None:
    path = save(tmp_path / "w.npz", arrays)
    spoil(path, "conv1_2_W.npy")
    weights = WeightsFile(path)
    np.testing.assert_array_equal(weights.read("conv1_1")[0], arrays["conv1_1_W"])
    with pytest.raises(WeightsError) as raised:
        weights.read("conv1_2")
    assert str(raised.value).startswith(f"{path} is damaged in conv1_2 (Bad CRC-32")


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", None])
def test_what_is_no_npz(tmp_path: Path, arrays: Any, content: bytes | None) -> None:
    path = save(tmp_path / "w.npz", arrays)
    path.write_bytes(path.read_bytes()[:100_000] if content is None else content)
    fault = "is empty (0 bytes)" if content == b"" else "is cut short"
    with pytest.raises(WeightsError) as raised:
        WeightsFile(path)
    assert str(raised.value) == f"{path} {fault}; choose another file or get a new one: {FETCH}"


def test_missing_folder_and_foreign_npz(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.npz does not exist; .*nstgraph weights fetch"):
        WeightsFile(tmp_path / "none.npz")
    with pytest.raises(WeightsError, match=r"is a folder; "):
        WeightsFile(tmp_path)
    with pytest.raises(WeightsError, match=r"w\.npz has no layer of VGG, .*conv1_1_W and conv1_1_b"):
        WeightsFile(save(tmp_path / "w.npz", {"conv6_1_W": np.zeros((3, 3, 3, 64)), "fc6_W": np.zeros(2)}))


class Trap:
    def __reduce__(self) -> Any:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("conv1_2_W", np.zeros((3, 3, 3, 64)), "of shape [3, 3, 3, 64], expected [3, 3, 64, 64]"),
        ("conv1_1_W", np.zeros((64, 3, 3, 3)), "of shape [64, 3, 3, 3], expected [3, 3, 3, 64]"),
        ("conv1_2_b", np.zeros((64, 1)), "of shape [64, 1], expected [64]"),
        ("conv1_1_W", np.zeros((3, 3, 3, 64), np.uint8), "uint8 as conv1_1_W, not floating-point"),
        ("conv1_1_b", np.array([Trap()] * 64), "pickled objects as conv1_1_b"),
        ("conv1_1_b", None, "has conv1_1_W but lacks a bias for conv1_1"),
    ],
)
def test_wrong_arrays(empty_folder: Path, arrays: Any, key: str, value: Any, fault: str) -> None:
    changed = {name: array for name, array in {**arrays, key: value}.items() if array is not None}
    with pytest.raises(WeightsError) as raised:
        WeightsFile(path := save(empty_folder / "w.npz", changed))
    text = str(raised.value)
    assert text.startswith(f"{path} has ") and fault in text and text.endswith(FETCH)
    assert not Path("sprung").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_numbers_that_are_not_finite(tmp_path: Path, arrays: Any, value: float) -> None:
    arrays = {key: array.astype(np.float64) for key, array in arrays.items()}
    arrays["conv1_2_b"][5] = value
    (weights := WeightsFile(save(tmp_path / "w.npz", arrays))).read("conv1_1")
    with pytest.raises(WeightsError, match=r"w\.npz has NaN or infinite numbers in conv1_2_b; "):
        weights.read("conv1_2")


def test_what_a_file_claims_is_said_in_one_line(tmp_path: Path, arrays: Any) -> None:
    path = save(tmp_path / "w.npz", {key: array for key, array in arrays.items() if key != "conv1_1_b"})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conv1_1_b.npy", npy_bytes(arrays["conv1_1_b"]) + bytes(5_000_000))
    with pytest.raises(WeightsError) as raised:
        WeightsFile(path)
    fault = "has 5,000,384 bytes as conv1_1_b, expected 384"
    assert str(raised.value) == f"{path} {fault}; choose another file or get a new one: {FETCH}"
    path = save(tmp_path / "w.npz", {key: array for key, array in arrays.items() if key != "conv1_1_b"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("conv1_1_b.npy", b"\x93NUMPY\1\0\xff\x0f" + b"\n\x1b[2J" * 1000)
    with pytest.raises(WeightsError, match="is damaged in conv1_1 ") as raised:
        WeightsFile(path)
    assert str(raised.value).isprintable() and len(str(raised.value)) < 300 + len(str(path))


def test_require_names_all_that_is_missing(tmp_path: Path, vgg_arrays: Any) -> None:
    path = save(tmp_path / "w.npz", vgg_arrays("conv1_1", "conv2_1"))
    weights = WeightsFile(path)
    weights.require(["conv2_1", "conv1_1"])  # a gap is no fault as long as nobody asks for it
    with pytest.raises(WeightsError) as raised:
        weights.require(["conv1_1", "conv4_1"])
    assert str(raised.value) == f"{path} lacks conv4_1; get a file that has it: {FETCH}"
    with pytest.raises(WeightsError, match=r"lacks conv1_2, conv5_1; get a file that has them: .* fetch vgg16$"):
        weights.require(["conv1_2", "conv1_1", "conv5_1", "conv1_2"])
    with pytest.raises(WeightsError, match=r"lacks conv1_2, conv3_4; get a file that has them: .* fetch vgg19$"):
        weights.require(["conv1_2", "conv3_4"])
    with pytest.raises(WeightsError, match="lacks conv1_2"):
        weights.read("conv1_2")


def test_files_that_have_been_fetched_are_named(empty_folder: Path, vgg_arrays: Any) -> None:
    weights = WeightsFile(save(empty_folder / "w.npz", vgg_arrays("conv1_1")))
    cached = empty_folder / "cache" / "nstgraph" / "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
    save(cached.with_suffix(".npz"), vgg_arrays("conv1_1")).rename(cached)
    with pytest.raises(WeightsError) as raised:
        weights.require(["conv5_4"])
    assert str(raised.value) == (
        f"{weights.path} lacks conv5_4; {cached} has it; name it with --weights, or weights= in Python"
    )
    with pytest.raises(WeightsError, match=r"fetch vgg16$"):
        weights.require(["conv5_1"])
    with pytest.raises(WeightsError, match=r"fetch vgg19$"):  # it should have it, but does not
        WeightsFile(cached).require(["conv5_4"])


def test_vgg19_is_known_by_its_own_layers(tmp_path: Path, arrays: Any) -> None:
    arrays |= {"conv3_4_W": np.zeros((3, 3, 256, 256), np.float16), "conv3_4_b": np.zeros(256)}
    weights = WeightsFile(save(tmp_path / "w.npz", arrays))
    assert weights.architecture is VGG19
    assert VGG19.kernels.keys() - VGG16.kernels.keys() == {"conv3_4", "conv4_4", "conv5_4"}
    assert tuple(weights.layers) == ("conv1_1", "conv1_2", "conv3_4")
