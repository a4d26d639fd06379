"""Pictures of a run, in every form in which they may be given."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow
from PIL import Image

from nstgraph.config import Config
from nstgraph.errors import ConfigError, PictureError
from nstgraph.pictures.load import load
from nstgraph.run.inputs import read_pictures

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def as_file(path: Path) -> Path:
    Image.fromarray(PIXELS).save(path)
    return path


@pytest.mark.parametrize(
    "form",
    [
        str,
        Path,
        lambda path: io.BytesIO(path.read_bytes()),
        Image.open,
        lambda path: PIXELS,
        lambda path: PIXELS.astype(np.float64),
        lambda path: tensorflow.constant(PIXELS),
        load,
    ],
)
@pytest.mark.parametrize("among", [lambda style: style, lambda style: [style], lambda style: (style, PIXELS)])
def test_every_form(tmp_path: Path, form: Any, among: Any) -> None:
    path = as_file(tmp_path / "a.png")
    pictures = read_pictures(Config(size=32), form(path), among(form(path)))
    for picture in (pictures.content, *pictures.styles):
        np.testing.assert_array_equal(picture.rgb[0], PIXELS)


@pytest.mark.parametrize(
    ("content", "style", "message"),
    [
        (PIXELS.tolist(), PIXELS, "a list is no picture; "),
        (PIXELS, PIXELS.tolist(), "a list is no picture; "),
        (PIXELS, [PIXELS, None], "a NoneType is no picture; "),
        (PIXELS / 255, PIXELS, "the array has values 0..1; expected 0..255: multiply it by 255"),
        (PIXELS, [PIXELS, PIXELS / 255], "the array has values 0..1; "),
        (PIXELS, (one for one in [PIXELS]), "a generator is no picture; "),
    ],
)
def test_what_is_no_picture(content: Any, style: Any, message: str) -> None:
    with pytest.raises(PictureError) as raised:
        read_pictures(Config(size=32), content, style)
    assert str(raised.value).startswith(message)


def test_no_style_is_said_to_be_none() -> None:
    with pytest.raises(ConfigError, match="no style image; give at least one"):
        read_pictures(Config(size=32), PIXELS, [])
