"""Files of any format as npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_weights import TORCH_16, torch_state, write_keras, write_safetensors

from nstgraph.errors import OutputError, WeightsError
from nstgraph.networks.convert_weights import convert
from nstgraph.networks.weights_file import WeightsFile, embedded


@pytest.fixture
def keras(tmp_path: Path, vgg_arrays: Any) -> WeightsFile:
    arrays = {key: array.astype(np.float16) for key, array in vgg_arrays("conv1_1", "conv1_2", "conv4_1").items()}
    return WeightsFile(write_keras(tmp_path / "w.h5", arrays))


def test_layers_and_numbers_are_kept(tmp_path: Path, keras: WeightsFile) -> None:
    assert convert(keras, tmp_path / "all.npz") == ["conv1_1", "conv1_2", "conv4_1"]
    assert convert(keras, tmp_path / "two.npz", "conv4_1+conv1_1") == ["conv4_1", "conv1_1"]
    for name, layers in (("all", ["conv1_1", "conv1_2", "conv4_1"]), ("two", ["conv1_1", "conv4_1"])):
        written = WeightsFile(tmp_path / f"{name}.npz")
        assert list(written.layers) == layers and set(written.types.values()) == {"float32"}
        for layer in layers:
            for one, other in zip(written.read(layer), keras.read(layer), strict=True):
                np.testing.assert_array_equal(one, other)
    with np.load(tmp_path / "two.npz") as file:
        assert set(file.files) == {"conv1_1_W", "conv1_1_b", "conv4_1_W", "conv4_1_b"}


def test_the_first_seven(tmp_path: Path, keras: WeightsFile) -> None:
    assert convert(WeightsFile(embedded()), tmp_path / "w.npz", "first7")[6] == "conv3_3"
    assert convert(WeightsFile(tmp_path / "w.npz"), tmp_path / "again.npz") == list(WeightsFile(embedded()).layers)
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "w.npz").read_bytes()
    with pytest.raises(WeightsError, match=r"w\.h5 lacks conv2_1, .*conv3_3; get a file that has them"):
        convert(keras, tmp_path / "first.npz", "first7")


def test_channels_that_are_not_those_of_the_format(tmp_path: Path, keras: WeightsFile) -> None:
    convert(WeightsFile(keras.path, values="RGB"), tmp_path / "w.npz")
    assert WeightsFile(tmp_path / "w.npz").read("conv1_1")[0][0, 0, 0, 0] == keras.read("conv1_1")[0][0, 0, 2, 0]
    convert(WeightsFile(tmp_path / "w.npz", values="BGR"), tmp_path / "back.npz")
    np.testing.assert_array_equal(WeightsFile(tmp_path / "back.npz").read("conv1_1")[0], keras.read("conv1_1")[0])


def test_nothing_is_lost(tmp_path: Path, keras: WeightsFile) -> None:
    target = tmp_path / "out.npz"
    target.write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"out\.npz exists; choose another name or pass --overwrite"):
        convert(keras, target)
    with pytest.raises(OutputError, match=r"cannot write weights as .*out\.h5; end its name in \.npz"):
        convert(keras, tmp_path / "out.h5")
    with pytest.raises(WeightsError, match="VGG has no convolution 'conv1_9'; did you mean"):
        convert(keras, target, "conv1_1+conv1_9", overwrite=True)
    assert target.read_bytes() == b"precious"
    convert(keras, target, overwrite=True)
    with pytest.raises(OutputError, match="is an input and is never written over"):
        convert(WeightsFile(target), target, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.npz", "w.h5"]


def test_red_first_says_nothing_of_the_range(tmp_path: Path, vgg_arrays: Any) -> None:
    path = write_safetensors(tmp_path / "w.safetensors", torch_state(vgg_arrays("conv1_1", "conv1_2"), TORCH_16))
    for own, given in zip(
        WeightsFile(path).read("conv1_1"), WeightsFile(path, values="RGB").read("conv1_1"), strict=True
    ):
        np.testing.assert_array_equal(own, given)
