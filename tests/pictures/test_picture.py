"""Sizes of the pictures of a run."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.errors import PictureError
from nstgraph.pictures.picture import Picture, PictureSet


def picture(height, width):
    return Picture(np.zeros((1, height, width, 3), np.float32), None, f"{width}x{height}.png")


def test_styles_are_scaled_with_the_content():
    pictures = PictureSet(picture(300, 400), (picture(80, 80), picture(50, 100)), style_scale=1.5)
    assert pictures.sizes(200) == ((150, 200), ((300, 300), (150, 300)))
    assert PictureSet(picture(20, 40), (picture(20, 20),)).sizes(40) == ((20, 40), ((40, 40),))


@pytest.mark.parametrize(
    ("fit", "pixels", "content", "style"),
    [
        ("longest", 400, (300, 400), (400, 200)),
        ("shortest", 300, (300, 400), (600, 300)),
        ("rows", 300, (300, 400), (300, 150)),
        ("columns", 400, (300, 400), (800, 400)),
        ("crop", 400, (400, 400), (400, 400)),
        ("stretch", 400, (400, 400), (400, 400)),
    ],
)
def test_a_size_of_0_is_the_photos_own(fit, pixels, content, style):
    pictures = PictureSet(picture(300, 400), (picture(80, 40),), fit=fit)
    assert pictures.pixels(0) == pixels and pictures.pixels(64) == 64
    assert pictures.sizes(pixels) == (content, (style,))


def test_the_photos_own_size_is_checked_too():
    PictureSet(picture(20, 200), (picture(200, 200),)).check(0)
    with pytest.raises(PictureError, match="shrink to 3 x 40, below 20; crop it or raise the size from 40 to"):
        PictureSet(picture(40, 30), (picture(400, 30),)).check(0)


@pytest.mark.parametrize(
    ("fit", "size", "message"),
    [
        ("rows", (200, 40), "40x200.png is 40 x 200 pixels and would shrink to 13 x 64, below 20; .* to at least 100"),
        (
            "columns",
            (40, 200),
            "200x40.png is 200 x 40 pixels and would shrink to 64 x 13, below 20; .* to at least 100",
        ),
        ("shortest", (90, 90), "would shrink to 16 x 16, below 20; crop it or raise the size from 16 to at least 20"),
        ("stretch", (200, 40), "would shrink to 16 x 16, below 20; crop it or raise the size from 16 to at least 20"),
    ],
)
def test_what_would_be_too_small_by_its_fit_is_refused(fit, size, message):
    with pytest.raises(PictureError, match=message):
        PictureSet(picture(*size), (picture(90, 90),), fit=fit).check(64 if fit in ("rows", "columns") else 16)


def test_pictures_that_are_large_enough_pass():
    PictureSet(picture(20, 200), (picture(20, 20),)).check(200)
    PictureSet(picture(90, 90), (picture(20, 200),), style_scale=2).check(100)
    PictureSet(picture(20, 200), (picture(20, 200),), fit="shortest").check(20)


@pytest.mark.parametrize(
    ("content", "style", "scale", "message"),
    [
        ((1, 1), (50, 50), 1, "1x1.png is 1 x 1 pixels; use one of at least 20 x 20"),
        ((50, 50), (19, 90), 1, "90x19.png is 90 x 19 pixels; use one of at least 20 x 20"),
        ((20, 200), (50, 50), 1, "would shrink to 64 x 6, below 20; crop it or raise the size from 64 to at least 200"),
        ((50, 50), (60, 80), 0.1, "shrink to 6 x 4, below 20; crop it or raise size × style scale from 64 × 0.1 to at"),
    ],
)
def test_pictures_that_are_too_small_are_refused(content, style, scale, message):
    with pytest.raises(PictureError, match=message):
        PictureSet(picture(*content), (picture(*style),), style_scale=scale).check(64)
