"""Colour spaces, there and back, and what sRGB cannot show."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from skimage import color

from nstgraph.pictures.color_spaces import COLOR_SPACES, into_gamut

LAB, YCBCR = COLOR_SPACES["lab"], COLOR_SPACES["ycbcr"]
PIXELS = np.random.default_rng(0).uniform(0, 255, (1, 40, 50, 3)).astype(np.float32)
CORNERS = np.array([[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)], np.float32)


@pytest.mark.parametrize("name", COLOR_SPACES)
def test_there_and_back_is_the_same(name: str) -> None:
    space = COLOR_SPACES[name]
    for rgb in (PIXELS, CORNERS, PIXELS / 40):
        planes = space.from_rgb(rgb)
        assert planes.shape == rgb.shape and planes.dtype == np.float32
        back = space.to_rgb(planes)
        assert back.dtype == np.float32
        np.testing.assert_allclose(back, rgb, atol=0.02)


@pytest.mark.parametrize("name", COLOR_SPACES)
def test_grey_has_no_chroma_and_white_the_most_luminance(name: str) -> None:
    space = COLOR_SPACES[name]
    grey = np.repeat(np.linspace(0, 255, 9, dtype=np.float32)[:, None], 3, axis=1)
    planes = space.from_rgb(grey)
    np.testing.assert_allclose(planes[:, 1:], 0, atol=1e-3)
    np.testing.assert_allclose(planes[[0, -1], 0], [0, space.white], atol=1e-3)


def test_known_values_of_lab() -> None:
    known = {
        (255, 0, 0): (53.24, 80.09, 67.20),
        (0, 255, 0): (87.73, -86.18, 83.18),
        (0, 0, 255): (32.30, 79.19, -107.86),
    }
    for rgb, lab in known.items():
        np.testing.assert_allclose(LAB.from_rgb(np.array(rgb, np.float32)), lab, atol=0.05)
    np.testing.assert_allclose(LAB.from_rgb(PIXELS), color.rgb2lab(PIXELS / 255), atol=0.05)


def test_known_values_of_ycbcr() -> None:
    np.testing.assert_allclose(YCBCR.from_rgb(np.array([255, 0, 0], np.float32)), [76.245, -43.028, 127.5], atol=1e-3)
    whole = PIXELS[0].astype(np.uint8)
    of_jpeg = np.asarray(Image.fromarray(whole).convert("YCbCr")).astype(np.float32) - [0, 128, 128]
    assert np.abs(YCBCR.from_rgb(whole.astype(np.float32)) - of_jpeg).max() < 1.01


@pytest.mark.parametrize("name", COLOR_SPACES)
def test_what_cannot_be_shown_keeps_luminance_and_hue(name: str) -> None:
    space = COLOR_SPACES[name]
    planes = space.from_rgb(PIXELS) * np.array([0.9, 2.5, 2.5], np.float32)
    lost = (np.abs(space.to_rgb(planes) - 127.5) > 128).any(axis=-1)
    assert 0.2 < lost.mean() < 1
    rgb = into_gamut(planes, space)
    assert rgb.dtype == np.float32 and rgb.min() >= 0 and rgb.max() <= 255
    back = space.from_rgb(rgb)
    np.testing.assert_allclose(back[..., 0], planes[..., 0], atol=0.01 * space.white)
    chroma, wanted = (np.hypot(one[..., 1], one[..., 2]) for one in (back, planes))
    assert (chroma[lost] < wanted[lost]).all()
    coloured = lost & (chroma > 0.1 * space.white)
    cosine = (back[..., 1:] * planes[..., 1:]).sum(axis=-1) / np.maximum(chroma * wanted, 1e-6)
    assert cosine[coloured].min() > 0.995
    np.testing.assert_allclose(back[~lost], planes[~lost], atol=0.6)
    # As much chroma as can be shown: lost colours are at the border.
    assert (np.minimum(rgb, 255 - rgb).min(axis=-1)[lost] < 1.5).mean() > 0.95


@pytest.mark.parametrize("name", COLOR_SPACES)
def test_luminance_beyond_black_or_white_is_clipped(name: str) -> None:
    space = COLOR_SPACES[name]
    given = np.array([[-5, 30, 0], [1.2 * space.white, 0, 30]], np.float32)
    np.testing.assert_allclose(into_gamut(given, space), [[0, 0, 0], [255, 255, 255]], atol=4)
    np.testing.assert_array_equal(given[:, 0], np.array([-5, 1.2 * space.white], np.float32))
