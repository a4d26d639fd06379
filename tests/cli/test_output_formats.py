"""Formats and names of what a run writes, from the command line."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.pictures.load import load
from nstgraph.pictures.metadata import read_settings

SMALL = ["--size", "48", "--steps", "4", "--scales", "2", "-l", "style:layers=image", "--precision", "float32"]


def nstgraph(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exit_code, result.stderr


def test_a_run_with_everything(picture_folder, icc_profiles):
    colours = np.random.default_rng(0).integers(100, 150, (36, 48, 3), np.uint8)
    Image.fromarray(colours).save("a photo.png", icc_profile=icc_profiles["wide gamut RGB"])
    code, shown = nstgraph(
        *("stylize", "a photo.png", "s.png", "-o", "{content}-{style}-{time}.png", "--compare", "--save-every", "2"),
        *("--curves", "{content}.svg", "--animation", "{size}.webp", "--frames", "3", *SMALL),
    )
    assert code == 0, shown
    (stem,) = {path.name.removesuffix("-compare.png") for path in picture_folder.glob("*-compare.png")}
    assert re.fullmatch(r"a-photo-s-20\d{6}-\d{6}", stem)
    written = {f"{stem}{end}" for end in (".png", "-compare.png", "-0002.png", "-0004.png")}
    assert {*written, "a-photo.svg", "48.webp"} <= {path.name for path in picture_folder.iterdir()}
    for name in written:
        with Image.open(name) as image:
            assert image.info["icc_profile"] == icc_profiles["wide gamut RGB"]
    with Image.open("48.webp") as image:
        assert (image.n_frames, image.size) == (3, (48, 36))
    assert read_settings(f"{stem}.png")["steps"] == 4
    code, shown = nstgraph(*("stylize", "c.png", "s.png", "-o", "deep.png", "--depth", "16", *SMALL))
    assert code == 0, shown
    assert (picture_folder / "deep.png").read_bytes()[24] == 16
    assert read_settings("deep.png")["size"] == 48 and load("deep.png").size == (36, 48)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "{contnet}.png"], "no field {contnet} in {contnet}.png; use {content} {style}"),
        (["--log", "{content.csv"], "a brace in {content.csv has no other"),
        (["-o", "{preset}.png"], "{preset} in {preset}.png stands for nothing without --preset"),
        (["-o", "o.jpg", "--depth", "16"], "o.jpg with 16 bits: JPEG is written with 8; choose .png for 16"),
        (["-o", "o.tif", "--depth", "16"], "TIFF is written with 8"),
        (["--depth", "12"], "depth is 12; choose 8 or 16"),
        (["--quality", "90"], "PNG loses nothing"),
        (["-o", "o.jpg", "--quality", "0"], "quality is 0; choose a whole number from 1 to 100"),
        (["-o", "o.jpg", "--quality", "high"], "quality is 'high'; choose a whole number from 1 to 100"),
        (["-o", "o.webp", "--size", "16384"], "16384 pixels on a side are too many for WEBP"),
        (["-o", "o.webp", "--size", "9000", "--compare"], "o-compare.webp: 24766 pixels on a side are too many"),
        (["--animation", "a.mp4"], "cannot write an animation as a.mp4; end its name in .gif or .webp or .png"),
        (["--frames", "1"], "frames is 1; choose a whole number from 2 to 200"),
        (["--curves", "a.jpg"], "cannot write curves as a.jpg; end its name in .png or .svg or .pdf"),
    ],
)
def test_what_is_wrong_is_one_line_before_any_work(picture_folder, words, said):
    before = sorted(picture_folder.rglob("*"))
    code, shown = nstgraph("stylize", "c.png", "s.png", *words)
    assert code == 2 and said in shown and shown.count("\n") == 1
    assert sorted(picture_folder.rglob("*")) == before


def test_curves_without_matplotlib_are_refused_before_the_run(picture_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    code, shown = nstgraph("stylize", "c.png", "s.png", "--curves", "a.png")
    assert code == 2
    assert shown == 'nstgraph: curves need matplotlib: python -m pip install "nstgraph[plots]"\n'
