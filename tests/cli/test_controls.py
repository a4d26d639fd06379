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

SMALL = "--size 48 --steps 3 --scales 1 -l style:layers=image"
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


def test_a_start_may_be_a_blend(here: Path) -> None:
    good(f"{RUN} --init blend:c.png=1,noise=1,deviation=20 --seed 3 --log log.json -q")
    assert json.loads((here / "log.json").read_text())["settings"]["init"] == "blend:c.png=1,noise=1,deviation=20"
    result = run(f"stylize s.png s.png -o c.png {SMALL} --init blend:c.png=1,noise=1 --overwrite")
    assert result.exit_code == 2 and "c.png" in result.stderr  # it is read, so it is not written over


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ("--size 30 --fit shortest", (30, 40)),
        ("--size 32 --fit columns", (24, 32)),
        ("--size 40 --crop 1:1", (40, 40)),
        ("--size 0 --crop 2:1", (24, 48)),
    ],
)
def test_the_result_has_the_size_that_was_asked_for(options: str, size: tuple[int, int]) -> None:
    good(f"{RUN} -q {options}")
    assert load("out.png").size == size


def test_how_terms_were_balanced_is_said(here: Path) -> None:
    result = good(f"{RUN} -l 2*tv --balance --log log.json")
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("balanced: "))
    ((before, weights),) = json.loads((here / "log.json").read_text())["settings"]["changed_weights"]
    assert before == 0 and line == f"balanced: style 1 -> {weights['style']:.4g}, tv 2 -> {weights['tv']:.4g}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--colors-by matching", "colors_by is only used with keep_colors; set that, too"),
        ("--keep-colors --colors-by hue", "colors_by is 'hue'; choose from search, luminance, matching"),
        (
            "--init blend:content",
            "cannot read 'content' in init; write each part once, with its share, as in blend:content=0.6,noise=0.4",
        ),
        ("--init blend:nowhere.jpg=1,noise=1", "nowhere.jpg does not exist; check the name and the folder"),
        ("--crop 16x9", "crop is '16x9'; write width:height, such as 16:9 or 1:1"),
        ("--crop 9:1", "c.png would be cropped to 48 x 5 pixels, below 20; choose another --crop"),
        ("--fit shortest --size 16", "c.png is 48 x 36 pixels and would shrink to 21 x 16, below 20; crop it or raise "
                                     "the size from 16 to at least 20"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(options: str, message: str) -> None:
    result = run(f"{RUN} {options}")
    assert (result.exit_code, result.stderr) == (2, f"nstgraph: {message}\n")
