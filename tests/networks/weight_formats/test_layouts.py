"""Files of every layout, as other programs write them, give the same kernels and biases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_weights import (
    TORCH_16,
    TORCH_19,
    blue_first,
    torch_state,
    write_keras,
    write_mat,
    write_npy,
    write_old_pth,
    write_pth,
    write_safetensors,
)

from nstgraph.errors import WeightsError
from nstgraph.networks.vgg_layers import VGG16, VGG19
from nstgraph.networks.weight_formats.arrays import Fault
from nstgraph.networks.weight_formats.layouts import layout_of
from nstgraph.networks.weights_file import WeightsFile

#: What VGG16 as published, in Caffe, has as its first four biases and at the first kernel's corner.
CAFFE = ([0.7343, 0.0934, 0.0678, 0.8863], [0.4800, 0.5504, 0.4295], 0.4085, 0.3105)


def of_caffe(arrays: Any) -> Any:
    """The same with the numbers by which the published VGG16 is known."""
    kernel, bias = arrays["conv1_1_W"].copy(), arrays["conv1_1_b"].copy()
    bias[:4], kernel[0, 0, :, 0], kernel[0, 1, 0, 0], kernel[1, 0, 0, 0] = CAFFE
    return {**arrays, "conv1_1_W": kernel, "conv1_1_b": bias}


def torch(write: Callable[..., Path]) -> Callable[..., Path]:
    """A converted file of Caffe: PyTorch's names, blue first, 0..255."""
    return lambda path, arrays: write(path, torch_state(blue_first(arrays), TORCH_16))


WRITERS: dict[str, tuple[Callable[..., Path], str, str]] = {
    "npz": (lambda path, arrays: np.savez(path.with_suffix(".npz"), **arrays) or path.with_suffix(".npz"),
            "an npz file", "vgg16_weights.npz"),
    "old Keras": (write_keras, "an HDF5 file", "Keras"),
    "Keras": (lambda path, arrays: write_keras(path, arrays, old=False), "an HDF5 file", "Keras"),
    "npy": (lambda path, arrays: write_npy(path.with_suffix(".npy"), arrays), "an npy file of a dict of layers",
            "machrisaa/tensorflow-vgg"),
    "mat": (write_mat, "a MAT-file", "MatConvNet"),
    "old mat": (lambda path, arrays: write_mat(path, arrays, fields=True, compress=False), "a MAT-file", "MatConvNet"),
    "mat in a struct": (lambda path, arrays: write_mat(path, arrays, inside=True), "a MAT-file", "MatConvNet"),
    "safetensors": (write_safetensors, "a safetensors file", "vgg16_weights.npz"),
    "safetensors of PyTorch": (torch(write_safetensors), "a safetensors file", "PyTorch"),
    "pth": (torch(write_pth), "a state dict of PyTorch", "PyTorch"),
    "old pth": (torch(write_old_pth), "a state dict of PyTorch", "PyTorch"),
}  # fmt: skip


@pytest.mark.parametrize("layout", WRITERS)
@pytest.mark.parametrize("stored", ["float16", "float32"])
def test_every_layout_gives_the_same_layers(tmp_path: Path, vgg_arrays: Any, layout: str, stored: str) -> None:
    if "mat" in layout and stored == "float16":
        stored = "float64"  # MATLAB has no smaller numbers, but larger ones
    arrays = {key: array.astype(stored) for key, array in of_caffe(vgg_arrays("conv1_1", "conv1_2", "conv2_1")).items()}
    write, kind, name = WRITERS[layout]
    file = WeightsFile(write(tmp_path / "weights", arrays))
    assert (file.kind, file.layout.name, file.architecture) == (kind, name, VGG16)
    assert list(file.layers) == ["conv1_1", "conv1_2", "conv2_1"] and set(file.types.values()) == {stored}
    for layer, shape in file.layers.items():
        kernel, bias = file.read(layer)
        assert kernel.shape == shape and kernel.dtype == bias.dtype == np.float32
        assert kernel.flags.c_contiguous and kernel.flags.writeable
        np.testing.assert_array_equal(kernel, arrays[f"{layer}_W"].astype(np.float32))
        np.testing.assert_array_equal(bias, arrays[f"{layer}_b"].astype(np.float32))


@pytest.mark.parametrize("numbers", [TORCH_16, TORCH_19])
def test_layers_of_torch_by_their_numbers(numbers: dict[str, int]) -> None:
    names = [f"features.{number}.{kind}" for number in numbers.values() for kind in ("weight", "bias")]
    layout = layout_of([*names, "classifier.0.weight", "classifier.0.bias"])
    assert layout is not None and layout.keys == {
        layer: (f"features.{number}.weight", f"features.{number}.bias") for layer, number in numbers.items()
    }
    assert ("conv3_4" in layout.keys) == (numbers is TORCH_19) == ("conv5_4" in layout.keys)
    assert layout.stored((3, 3, 64, 128)) == (128, 64, 3, 3)


def test_vgg19_by_the_names_of_torch(tmp_path: Path, vgg_arrays: Any) -> None:
    arrays = vgg_arrays("conv1_1", "conv1_2")
    arrays |= {"conv3_4_W": np.ones((3, 3, 256, 256), np.float16), "conv3_4_b": np.arange(256, dtype=np.float32)}
    file = WeightsFile(write_pth(tmp_path / "w.pth", torch_state(arrays, TORCH_19)))
    assert file.architecture is VGG19 and list(file.layers) == ["conv1_1", "conv1_2", "conv3_4"]
    assert file.read("conv3_4")[1][7] == 7


def test_a_layer_twice_or_without_a_bias(tmp_path: Path, vgg_arrays: Any) -> None:
    keys = ["block1_conv1/kernel:0", "block1_conv1/block1_conv1/kernel:0"]
    with pytest.raises(Fault, match="has conv1_1 twice, as block1_conv1/block1_conv1/kernel:0 and block1_conv1/kernel"):
        layout_of(keys)
    state = torch_state(vgg_arrays("conv1_1", "conv1_2"), TORCH_16)
    del state["features.2.bias"]
    with pytest.raises(WeightsError, match=r"has features\.2\.weight but lacks a bias for conv1_2; "):
        WeightsFile(write_safetensors(tmp_path / "w", state))


def test_other_networks() -> None:
    with pytest.raises(Fault, match="not those of VGG16 or VGG19"):
        layout_of(["features.0.weight", "features.3.weight", "features.1.running_mean"])
    assert layout_of(["fc6_W", "fc6_b", "conv9_1_W", "block1_conv1/momentum:0", "layers.0.weight"]) is None
    assert layout_of(["x/" * 99 + "y"] * 2) is None  # in no time
