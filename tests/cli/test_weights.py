"""The commands that say what weights are, and write them anew."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.pictures.load import load


@pytest.fixture
def here(picture_folder: Path) -> Path:
    """A folder with the embedded weights as Keras would have them, and with red and blue swapped."""
    arrays = {}
    for layer in ("conv1_1", "conv1_2"):
        arrays[f"{layer}_W"], arrays[f"{layer}_b"] = WeightsFile(embedded()).read(layer)
    arrays["conv1_1_W"] = arrays["conv1_1_W"][:, :, ::-1]
    with h5py.File(picture_folder / "keras.h5", "w") as file:
        for layer in ("conv1_1", "conv1_2"):
            name = f"block1_conv{layer[-1]}"
            file[f"{name}/{name}_W_1:0"], file[f"{name}/{name}_b_1:0"] = arrays[f"{layer}_W"], arrays[f"{layer}_b"]
    np.savez(picture_folder / "swapped.npz", **arrays)
    return picture_folder


def run(line: str) -> Any:
    return CliRunner().invoke(app, line.split(), env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})


def test_doctor(here: Path) -> None:
    result = run("weights doctor keras.h5")
    assert (result.exit_code, result.stderr) == (0, "")
    path, *findings = result.stdout.splitlines()
    assert path == "keras.h5"
    about = [line[:9].strip() for line in findings]
    assert about == ["format", "network", "kernels", "colours", "numbers", "next"]
    evidence = "certain BGR by its numbers (these are the numbers of nstgraph's own)"
    assert findings[3] == f"colours  BGR by its format; {evidence}"


def test_doctor_of_swapped_colours_says_what_cures_them(here: Path) -> None:
    result = run("weights doctor swapped.npz")
    assert result.exit_code == 2 and "certain BGR" in result.stdout
    said, _, command = result.stderr.rpartition(": ")
    assert said == "nstgraph: swapped.npz has red and blue swapped; correct that"
    assert run(command.replace("nstgraph ", "").strip()).exit_code == 0
    assert run("weights doctor OUT.npz").exit_code == 0
    np.testing.assert_array_equal(
        WeightsFile(here / "OUT.npz").read("conv1_1")[0], WeightsFile(embedded()).read("conv1_1")[0]
    )


def test_convert(here: Path) -> None:
    result = run("weights convert keras.h5 out.npz --layers conv1_1")
    assert (result.exit_code, result.output) == (0, "out.npz  conv1_1\n")
    assert list(WeightsFile(here / "out.npz").layers) == ["conv1_1"]
    assert run("weights convert keras.h5 out.npz").exit_code == 2
    assert run("weights convert keras.h5 out.npz --overwrite").output == "out.npz  conv1_1 conv1_2\n"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("keras.h5 out.npz --channels green", "channels is 'green'; choose from rgb, bgr"),
        ("keras.h5 out.npz --layers first6", "VGG has no convolution 'first6'; did you mean 'first7'?"),
        ("keras.h5 out.npz --layers conv9_9", "VGG has no convolution 'conv9_9'; "),
        ("keras.h5 out.npz --layers all+conv1_1", "VGG has no convolution 'all'; choose from conv1_1, "),
        ("keras.h5 out.npz --layers conv3_4", "lacks conv3_4; get a file that has it: nstgraph weights fetch vgg19"),
        ("keras.h5 no/out.npz", "the folder no does not exist"),
        ("keras.h5 out.h5", "cannot write weights as out.h5; end its name in .npz"),
        ("keras.h5 keras.h5 --overwrite", "cannot write weights as keras.h5"),
        ("c.png out.npz", "c.png is not a weights file (npz, Keras .h5, .npy, .mat, .safetensors or .pth); "),
    ],
)
def test_what_convert_refuses(here: Path, line: str, fault: str) -> None:
    before = sorted(here.iterdir())
    result = run(f"weights convert {line}")
    assert (result.exit_code, result.stdout) == (2, "") and sorted(here.iterdir()) == before
    assert result.stderr.startswith("nstgraph: ") and fault in result.stderr and result.stderr.count("\n") == 1


def test_weights_of_any_format_make_the_same_picture(here: Path) -> None:
    shutil.copy(embedded(), "own.npz")
    common = "stylize c.png s.png --size 32 --steps 2 --scales 1 -q -l style:layers=conv1_1+conv1_2"
    for weights, name in (("own.npz", "one"), ("keras.h5", "other"), ("swapped.npz", "swapped")):
        assert run(f"{common} --weights {weights} -o {name}.png").exit_code == 0
    one, other, swapped = (load(f"{name}.png").rgb for name in ("one", "other", "swapped"))
    assert np.array_equal(one, other) and not np.array_equal(one, swapped)
