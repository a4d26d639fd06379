"""Pictures in the colours of others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nstgraph.pictures import recolor
from nstgraph.pictures.color_spaces import COLOR_SPACES
from nstgraph.pictures.picture import Picture
from nstgraph.pictures.recolor import grey, matched, moments, with_chroma

SPACES = pytest.mark.parametrize("name", COLOR_SPACES)


def picture(rgb: np.ndarray, alpha: np.ndarray | None = None) -> Picture:
    return Picture(rgb.astype(np.float32), alpha, "p.png")


@pytest.fixture
def photo(smooth_picture: Callable[..., np.ndarray]) -> Picture:
    return picture(60 + 0.5 * smooth_picture(30, 40, 1).clip(0, 255))


@pytest.fixture
def painting(smooth_picture: Callable[..., np.ndarray]) -> Picture:
    return picture(110 + 0.2 * smooth_picture(36, 28, 2).clip(0, 255) * np.array([1, 0.5, 1.2]))


@SPACES
def test_moments_are_those_of_what_is_seen(name: str, photo: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recolor, "_STRIP", 90)
    planes = COLOR_SPACES[name].from_rgb(photo.rgb)[0]
    whole = moments(photo, COLOR_SPACES[name])
    np.testing.assert_allclose(whole.mean, planes.reshape(-1, 3).mean(axis=0), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(whole.covariance, np.cov(planes.reshape(-1, 3).T, bias=True), rtol=1e-3)
    alpha = np.zeros((30, 40), np.float32)
    alpha[5:20, 10:] = 0.5
    seen = moments(picture(photo.rgb, alpha), COLOR_SPACES[name])
    part = planes[5:20, 10:].reshape(-1, 3)
    np.testing.assert_allclose(seen.mean, part.mean(axis=0), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(seen.covariance, np.cov(part.T, bias=True), rtol=1e-3)


@SPACES
def test_a_matched_painting_has_the_photos_moments(name: str, photo: Picture, painting: Picture) -> None:
    space = COLOR_SPACES[name]
    wanted = moments(photo, space)
    one = matched(painting.rgb, space, moments(painting, space), wanted)
    assert one.shape == painting.rgb.shape and one.dtype == np.float32 and one.min() >= 0 and one.max() <= 255
    have = moments(picture(one), space)
    np.testing.assert_allclose(have.mean, wanted.mean, atol=0.5)
    np.testing.assert_allclose(have.covariance, wanted.covariance, atol=0.03 * wanted.covariance.max())
    same = matched(photo.rgb, space, wanted, wanted)
    np.testing.assert_allclose(same, photo.rgb, atol=0.1)


@SPACES
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_grey_painting_stays_nearly_so(name: str, noise: float, photo: Picture, painting: Picture) -> None:
    space = COLOR_SPACES[name]
    random = np.random.default_rng(0)
    dull = picture(grey(painting.rgb, space) + noise * random.normal(size=painting.rgb.shape))
    one = matched(dull.rgb, space, moments(dull, space), moments(photo, space))
    wanted, have = moments(photo, space), moments(picture(one), space)
    np.testing.assert_allclose(have.mean, wanted.mean, atol=0.5)
    assert np.isfinite(one).all()
    chroma = space.from_rgb(one)[..., 1:]
    assert (chroma.std(axis=(0, 1, 2)) < 12).all()


@SPACES
def test_a_grey_picture_has_luminance_alone(name: str, photo: Picture, painting: Picture) -> None:
    space = COLOR_SPACES[name]
    plain = grey(photo.rgb, space)
    np.testing.assert_allclose(plain[..., 0], plain[..., 2], atol=0.01)
    np.testing.assert_allclose(space.from_rgb(plain)[..., 0], space.from_rgb(photo.rgb)[..., 0], atol=0.05)
    wanted = moments(photo, space)
    have = moments(picture(grey(painting.rgb, space, moments(painting, space), wanted)), space)
    assert have.mean[0] == pytest.approx(wanted.mean[0], abs=0.3)
    assert have.covariance[0, 0] == pytest.approx(wanted.covariance[0, 0], rel=0.03)
    flat = picture(np.full((1, 20, 20, 3), 80))
    assert np.ptp(grey(flat.rgb, space, moments(flat, space), wanted)) < 1e-3


@SPACES
def test_chroma_is_the_photos_and_luminance_the_pictures(
    name: str, photo: Picture, smooth_picture: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recolor, "_STRIP", 90)
    space = COLOR_SPACES[name]
    image = 90 + 0.3 * smooth_picture(30, 40, 3).clip(0, 255)
    planes = space.from_rgb(with_chroma(image.astype(np.float32), photo.rgb, space))
    np.testing.assert_allclose(planes[..., 0], space.from_rgb(image)[..., 0], atol=0.01 * space.white)
    wanted = space.from_rgb(photo.rgb)[..., 1:]
    close = np.abs(planes[..., 1:] - wanted).max(axis=-1) < 0.1
    assert close.mean() > 0.8
    assert (np.abs(planes[..., 1:]) <= np.abs(wanted) + 0.6).all()
