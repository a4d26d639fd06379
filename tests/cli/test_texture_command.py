"""The command ``texture``: the files it writes, what they say of themselves, and what it refuses."""

from __future__ import annotations

import json
import re

import pytest
from PIL import Image
from typer.testing import CliRunner

from nstgraph.cli.app import app

SMALL = "--size 48 --steps 2 --scales 1 -l moments:layers=image"


@pytest.fixture(autouse=True)
def here(picture_folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    return picture_folder


def run(line):
    return CliRunner().invoke(app, line.split(" "))


def settings_in(path):
    with Image.open(path) as picture:
        return picture.size, json.loads(picture.info["nstgraph"])


def test_it_names_its_file_after_the_painting_and_says_what_it_is(here):
    result = run(f"texture s.png --aspect 2:1 --compare {SMALL}")
    assert result.exit_code == 0, result.output
    size, settings = settings_in(here / "s-texture.png")
    assert size == (48, 24) and (settings["aspect"], settings["padding"]) == ("2:1", "wrap")
    with Image.open(here / "s-texture-compare.png") as row:
        assert row.size == (24 + 8 + 48, 24)
    again = run("texture s.png -o again.png --like s-texture.png -q")
    assert again.exit_code == 0, again.output
    assert settings_in(here / "again.png") == (size, settings)
    assert run("stylize c.png s.png -o no.png --like s-texture.png").exit_code == 2


def test_help_shows_its_own_defaults_and_nothing_of_a_photo():
    shown = " ".join(run("texture --help").output.split())
    assert "--aspect" in shown and "content:layer" not in shown
    assert [option for option in ("--keep-colors", "--colors-by", "--crop") if option in shown] == []
    assert re.search(r"--padding reflect\|replicate\|zero\|wrap\|wrap-x\|wrap-y .*?default: wrap\]", shown)
    assert "--aspect" not in run("stylize --help").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "Missing argument 'STYLE"),
        ("nope.png", "nope.png does not exist"),
        ("s.png --aspect 2", "aspect is '2'; write width:height in whole numbers up to 999, such as 2:1"),
        ("s.png --aspect 1:40 --size 64", "texture is .* below 20; crop it or raise the size"),
        ("s.png --size 0", "a texture has no photo whose size it could have; give size in pixels"),
        ("s.png --init content", "a texture has no photo to start from"),
        ("s.png -l photo_colors", "loss term 'photo_colors' looks at the photo, and a texture has none; leave it out"),
        ("s.png -o s.png --overwrite", "s.png is an input"),
        ("s.png --padding mirror", "padding is 'mirror'; choose from reflect"),
    ],
)
def test_what_it_refuses_is_one_line_and_changes_nothing(here, arguments, message):
    before = sorted(here.iterdir())
    result = run(f"texture {arguments}".strip())
    assert (result.exit_code, result.stdout, sorted(here.iterdir())) == (2, "", before)
    assert re.search(message, result.stderr) and "Traceback" not in result.stderr


def test_a_plan_shows_the_sizes_that_wrap(here):
    result = run("plan c.png s.png --size 47 --scales 1 --padding wrap-x -l content:layer=conv2_1")
    assert result.exit_code == 0, result.output
    assert "48 × 35" in result.output
    assert "47 × 35" in run("plan c.png s.png --size 47 --scales 1 -l content:layer=conv2_1").output
    assert run("graph export out --padding wrap").exit_code == 2
