"""Several styles, and masks, by options of the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.pictures.load import load

SMALL = "--size 48 --steps 3 --scales 1 -l style:layers=image -l 0.1*content:layer=image"


@pytest.fixture(autouse=True)
def here(picture_folder: Path) -> Path:
    colors = np.zeros((36, 48, 3), np.uint8)
    colors[:, :24], colors[:, 24:] = (200, 0, 0), (250, 220, 0)
    Image.fromarray(colors).save("map.png")
    half = np.zeros((36, 48), np.uint8)
    half[:, 28:] = 255
    Image.fromarray(half).save("half.png")
    return picture_folder


def good(line: str) -> Any:
    result = CliRunner().invoke(app, line.split(" "))
    assert result.exit_code == 0, result.output
    return result


def settings() -> Any:
    return json.loads(Path("log.json").read_text())["settings"]


def test_a_map_of_regions_soft_edges_and_a_strength_are_recorded(here: Path) -> None:
    masks = "--mask map.png --feather 4 --content-strength half.png"
    good(f"stylize c.png s.png s.png -o out.png {SMALL} {masks} --style-weights 30+70 --blending sum --log log.json")
    found = settings()
    assert (found["mask"], found["content_strength"], found["style_weights"]) == (["map.png"], "half.png", [30, 70])
    assert (found["feather"], found["blending"], found["style_mask"]) == (4.0, "sum", [])
    names = [(own["name"], own["beside"]) for own in found["pictures"]]
    assert names == [("map.png #c80000", "generated"), ("map.png #fadc00", "generated"), ("half.png", "content")]
    again = "stylize c.png s.png s.png -o again.png --like out.png -q"
    good(again)
    assert (here / "again.png").read_bytes() == (here / "out.png").read_bytes()


def test_outside_of_a_mask_the_photo_stays(here: Path) -> None:
    good("stylize c.png s.png -o out.png --mask half.png --size 48 --steps 3 --scales 1 -l style:layers=image")
    changed = np.abs(load("out.png").rgb - load("c.png").rgb).max(axis=(0, 1, 3))
    assert changed[:28].max() == 0 and changed[28:].min() > 1


def test_a_folder_of_styles_and_a_scale_for_each(here: Path) -> None:
    (here / "paintings").mkdir()
    for name in ("b.png", "a.png"):
        Image.open("s.png").save(here / "paintings" / name)
    Image.new("L", (20, 20), 255).save("white.png")
    good(f"stylize c.png paintings {SMALL} --style-scale 1+0.5 --style-mask none --style-mask white.png --log log.json")
    assert (here / "c-paintings.png").exists()
    assert settings()["style_scale"] == [1.0, 0.5] and settings()["style_mask"] == ["none", "white.png"]
    assert "48 × 36" in good(f"plan c.png paintings {SMALL} --mask half.png").stdout
    result = CliRunner().invoke(app, ["stylize", "c.png", "paintings", "-o", "paintings/a.png", "--overwrite"])
    assert result.exit_code == 2 and "a.png is an input" in result.stderr
