"""The settings that pictures carry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from nstgraph.errors import PictureError
from nstgraph.pictures.metadata import depth_of, read_settings
from nstgraph.pictures.save import save

GREY = np.full((1, 24, 32, 3), 90, np.float32)
SETTINGS = {"size": 64, "loss": "tv probe:mask='my mask, ä.png'", "memory": 0.5, "weights": None, "stages": ["32x24"]}


def saved(path: Path, text: str) -> Path:
    return save(path, GREY, metadata={"Software": "nstgraph 0", "nstgraph": text})


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.tiff"])
def test_what_was_saved_is_read_back(tmp_path: Path, name: str) -> None:
    assert read_settings(saved(tmp_path / name, json.dumps(SETTINGS))) == SETTINGS


def plain(path: Path) -> None:
    Image.new("RGB", (32, 24)).save(path)


def of_others(path: Path) -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Comment", json.dumps(SETTINGS))
    Image.new("RGB", (32, 24)).save(path, **({"pnginfo": chunks} if path.suffix == ".png" else {}))


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize(
    "make",
    [
        plain,
        of_others,
        lambda path: saved(path, "[" * 60_000),
        lambda path: saved(path, "[1, 2]"),
        lambda path: saved(path, "{"),
        lambda path: saved(path, '{"size": 1' + "0" * 5000 + "}"),
        lambda path: saved(path, json.dumps({"loss": "tv " * 400_000})),
    ],
)
def test_pictures_that_carry_none(tmp_path: Path, name: str, make: Any) -> None:
    make(tmp_path / name)
    with pytest.raises(PictureError, match=rf"{name} carries no settings; PNG and TIFF do as nstgraph wrote them"):
        read_settings(tmp_path / name)


def test_other_files(tmp_path: Path) -> None:
    Image.new("RGB", (32, 24)).save(tmp_path / "a.jpg")
    (tmp_path / "a.png").write_text("text")
    for name, message in (
        ("a.jpg", "is no PNG or TIFF, which carry settings, or is damaged; name another"),
        ("a.png", "is no PNG or TIFF, which carry settings, or is damaged; name another"),
        ("b.png", "b.png does not exist; did you mean 'a.png'"),
        (".", "is a folder; name a picture in it"),
    ):
        with pytest.raises(PictureError, match=message):
            read_settings(tmp_path / name)


def test_a_picture_cut_short_still_has_them(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", json.dumps(SETTINGS))
    path.write_bytes(path.read_bytes()[:-40])
    assert read_settings(path) == SETTINGS


def test_bits_a_channel(tmp_path: Path) -> None:
    for depth in (8, 16):
        save(tmp_path / f"{depth}.png", np.full((1, 24, 32, 3), 99.5, np.float32), depth=depth)
        assert depth_of(tmp_path / f"{depth}.png") == depth
    save(tmp_path / "a.tif", np.zeros((1, 24, 32, 3), np.float32))
    assert depth_of(tmp_path / "a.tif") == 8
    with pytest.raises(PictureError, match="does not exist"):
        depth_of(tmp_path / "b.png")
