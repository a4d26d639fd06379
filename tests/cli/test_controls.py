"""Whose colours a result has, where it starts, what of the photo it shows and how its terms weigh, by options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.pictures.color_spaces import COLOR_SPACES
from nstgraph.pictures.load import load
from nstgraph.pictures.resize import resize

SMALL = "--size 48 --steps 3 --scales 1 -l style:layers=conv1_2"
RUN = f"stylize c.png s.png -o out.png {SMALL}"


@pytest.fixture(autouse=True)
def here(picture_folder: Path) -> Path:
    return picture_folder


def run(line: str) -> Any:
    return CliRunner().invoke(app, line.split(" "))


def good(line: str) -> Any:
    result = run(line)
    assert result.exit_code == 0, result.output
    return result


def chroma(rgb: np.ndarray) -> np.ndarray:
    return COLOR_SPACES["ycbcr"].from_rgb(rgb)[..., 1:]


def test_every_picture_of_a_run_has_the_photos_colours(here: Path) -> None:
    options = "--keep-colors --colors-by luminance --color-space ycbcr --save-every 2 --latest now.png --compare"
    good(f"{RUN} {options} --log log.json")
    assert json.loads((here / "log.json").read_text())["settings"]["colors_by"] == "luminance"
    photo = load("c.png").rgb
    for name in ("out.png", "out-0002.png", "now.png"):
        difference = np.abs(chroma(load(name).rgb) - chroma(photo))
        assert np.median(difference) < 0.6 and difference.mean() < 4, name
    row = load("out-compare.png").rgb
    np.testing.assert_array_equal(row[:, :, :48], resize(photo, 36, 48).round())
    np.testing.assert_array_equal(row[:, :, -48:], load("out.png").rgb)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--colors-by matching", "colors_by is only used with keep_colors; set that, too"),
        ("--keep-colors --colors-by hue", "colors_by is 'hue'; choose from search, luminance, matching"),
    ],
)
def test_what_cannot_be_done_is_one_line(options: str, message: str) -> None:
    result = run(f"{RUN} {options}")
    assert (result.exit_code, result.stderr) == (2, f"nstgraph: {message}\n")
