"""What is said of weights files, and which ones are not to be used as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_weights import TORCH_16, blue_first, torch_state, write_keras, write_mat, write_npy, write_pth

from nstgraph.errors import WeightsError
from nstgraph.networks.weights_diagnosis import diagnose
from nstgraph.networks.weights_file import WeightsFile, embedded


def own(*layers: str) -> dict[str, Any]:
    """Layers of the weights that come with nstgraph."""
    file, arrays = WeightsFile(embedded()), {}
    for layer in layers or ("conv1_1", "conv1_2"):
        arrays[f"{layer}_W"], arrays[f"{layer}_b"] = file.read(layer)
    return arrays


def npz(path: Path, arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_the_embedded_weights() -> None:
    findings, fault = diagnose(embedded())
    assert fault == ""
    assert findings == {
        "format": "an npz file, laid out as in vgg16_weights.npz",
        "network": "VGG16, 7 of 13 convolutions; lacks conv4_1, conv4_2, conv4_3, conv5_1, conv5_2, conv5_3",
        "kernels": "height, width, in, out; float16",
        "colours": "RGB by its format; certain RGB by its numbers (these are the numbers of nstgraph's own)",
        "numbers": "sound",
        "next": f"use it: --weights {embedded()}; for the layers that it lacks: nstgraph weights fetch vgg16",
    }


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("layout", ["npz", "h5", "npy", "mat", "pth"])
def test_both_orders_of_the_embedded_weights_in_every_layout(tmp_path: Path, layout: str, right: bool) -> None:
    arrays = own() if right else blue_first(own())
    writers: dict[str, Any] = {"npz": npz, "h5": write_keras, "npy": write_npy, "mat": write_mat}
    writers["pth"] = lambda path, arrays: write_pth(path, torch_state(arrays, TORCH_16))
    path = tmp_path / f"w.{layout}"
    writers[layout](path, arrays)
    findings, fault = diagnose(path)
    by_format = {"h5": "BGR", "npy": "BGR"}.get(layout, "RGB")
    found = by_format if right else {"RGB": "BGR", "BGR": "RGB"}[by_format]
    assert f"certain {found} by its numbers (these are the numbers of nstgraph's own)" in findings["colours"]
    if layout == "pth":  # whose names do not say which it is, so that the numbers do
        assert fault == "" and findings["colours"].startswith(f"taken as {found}, which PyTorch's names do not tell")
        return
    assert findings["colours"].startswith(f"{by_format} by its format")
    channels = "rgb" if by_format == "BGR" else "bgr"
    command = f"nstgraph weights convert {path} OUT.npz --channels {channels}"
    assert fault == ("" if right else f"{path} has red and blue swapped; correct that: {command}")
    assert ("next" in findings) == right


def test_random_weights_are_unknown_but_usable(tmp_path: Path, arrays: Any) -> None:
    findings, fault = diagnose(npz(tmp_path / "w.npz", arrays))
    assert fault == "" and "unknown by its numbers" in findings["colours"]


def test_weights_that_are_likely_to_be_swapped(tmp_path: Path, arrays: Any) -> None:
    random = np.random.default_rng(1)
    arrays["conv1_1_W"][:, :, 0] = 0.1 * arrays["conv1_1_W"][:, :, 0] + random.standard_normal(64)
    findings, fault = diagnose(npz(tmp_path / "w.npz", arrays))
    assert fault == "" and "likely BGR by its numbers" in findings["colours"]
    assert "if red and blue come out swapped: nstgraph weights convert" in findings["next"]


def turned(arrays: Any) -> Any:
    return {**arrays, "conv1_1_W": arrays["conv1_1_W"].swapaxes(0, 1)}


def of_torchvision(arrays: Any) -> Any:
    kernel, bias = arrays["conv1_1_W"].copy(), arrays["conv1_1_b"].copy()
    bias[:4], kernel[0, 0, :, 0] = (0.4034, 0.3778, 0.4644, -0.3228), (-0.5537, 0.1755, 0.3130)
    kernel[0, 1, 0, 0], kernel[1, 0, 0, 0] = 0.1427, -0.5831
    return {**arrays, "conv1_1_W": kernel, "conv1_1_b": bias}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (turned, "has height and width of its kernels swapped; get another file: "),
        (of_torchvision, "has kernels that take pictures of 0..1, as torchvision's, which its format does not say; "),
        (lambda a: {k: v for k, v in a.items() if "conv1_1" not in k}, "lacks conv1_1, which all other layers need; "),
        (lambda a: {**a, "conv1_2_W": 0 * a["conv1_2_W"]}, "has zeros alone in conv1_2; get another file: "),
    ],
)
def test_files_that_are_not_to_be_used(tmp_path: Path, change: Any, fault: str) -> None:
    path = npz(tmp_path / "w.npz", change(own()))
    found = diagnose(path)
    assert found.fault.startswith(f"{path} {fault}") and "next" not in found.findings


def test_torchvision_s_own_file_is_right(tmp_path: Path) -> None:
    found = diagnose(write_pth(tmp_path / "w.pth", torch_state(of_torchvision(own()), TORCH_16)))
    assert found.fault == "" and found.findings["colours"].startswith("taken as RGB of 0..1, which PyTorch's names")
    assert found.findings["kernels"] == "out, in, height, width; float32"


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    arrays = own()
    arrays["conv1_2_W"][0, 0, 0, 0] = np.nan
    with pytest.raises(WeightsError, match=r"w\.npz has NaN or infinite numbers in conv1_2_W; "):
        diagnose(npz(tmp_path / "w.npz", arrays))
