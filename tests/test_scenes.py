from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageFilter

from nstgraph import scenes

SMALL = {"width": 192, "height": 144}
SKY = np.s_[:42, 40:]  # above the summits and beside the fir


@pytest.fixture(scope="module")
def landscape() -> np.ndarray:
    return scenes.landscape(**SMALL)


@pytest.fixture(scope="module")
def painting() -> np.ndarray:
    return scenes.painting(**SMALL)


def grey(picture: np.ndarray) -> np.ndarray:
    return picture[0] @ np.array([0.299, 0.587, 0.114], np.float32)


def bands(plane: np.ndarray) -> list[float]:
    """Deviation within bands one octave wide, the finest first."""
    image = Image.fromarray(plane.astype(np.uint8))
    blurred = [np.asarray(image.filter(ImageFilter.GaussianBlur(r)), np.float32) for r in (0, 1, 2, 4, 8)]
    return [float(np.std(fine - coarse)) for fine, coarse in pairwise(blurred)]


@pytest.mark.parametrize("draw", [scenes.landscape, scenes.painting])
def test_same_seed_same_picture_other_seed_another(draw: Callable[..., np.ndarray]) -> None:
    first = draw(64, 48, seed=3)
    np.testing.assert_array_equal(first, draw(64, 48, seed=3))
    assert np.abs(first - draw(64, 48, seed=4)).mean() > 3


@pytest.mark.parametrize("draw", [scenes.landscape, scenes.painting])
@pytest.mark.parametrize(("width", "height"), [(96, 48), (33, 57)])
def test_form(draw: Callable[..., np.ndarray], width: int, height: int) -> None:
    picture = draw(width, height)
    assert picture.shape == (1, height, width, 3)
    assert picture.dtype == np.float32
    assert picture.min() >= 0
    assert picture.max() <= 255
    assert picture.max() > 2, "the range is 0 to 255, not 0 to 1"


def test_tones_reach_from_dark_to_light(landscape: np.ndarray, painting: np.ndarray) -> None:
    for picture in (landscape, painting):
        dark, light = np.percentile(grey(picture), [2, 98])
        assert dark < 55
        assert light > 165


def test_painting_is_textured_at_every_scale(landscape: np.ndarray, painting: np.ndarray) -> None:
    # in blue, because there clouds and sky are almost alike
    painted, photographed = bands(painting[0, ..., 2][SKY]), bands(landscape[0, ..., 2][SKY])
    assert painted[0] > 14, "the regions without brush strokes have 10"
    for paint, sky in zip(painted, photographed, strict=True):
        assert paint > 7
        assert paint > 2 * sky


def test_landscape_is_a_sky_above_a_lake_that_mirrors_it(landscape: np.ndarray) -> None:
    sky = landscape[0, :20, 40:].mean(axis=(0, 1))
    assert sky[2] > sky[1] > sky[0]
    # the boat and the cabin are the only red things, one in the water and one on the shore
    red, green, blue = np.moveaxis(landscape[0], -1, 0)
    red_things = (red - blue > 50) & (red > 1.4 * green)
    assert red_things[100:118, 70:110].sum() > 10
    assert red_things[78:96, 140:175].sum() > 10


def test_painting_has_regions_of_different_colour(painting: np.ndarray) -> None:
    warmth = painting[0, ..., 0] - painting[0, ..., 2]
    assert warmth[130:].mean() > 60, "a golden field below"
    assert warmth[60:80].mean() < -30, "a blue sky above it"
    assert warmth[30:60, 30:65].mean() > warmth[60:80].mean() + 50, "a light in the sky"
