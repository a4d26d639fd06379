"""Whose colours the pictures of a run have: searched for, by luminance, and by matched paintings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nstgraph import Config, Interrupted, Stylizer, read_settings, resume, stylize
from nstgraph.pictures.color_spaces import COLOR_SPACES
from nstgraph.pictures.picture import Picture
from nstgraph.pictures.recolor import moments
from nstgraph.pictures.resize import resize
from nstgraph.run.colors import Colors
from nstgraph.run.inputs import read_pictures

RANDOM = np.random.default_rng(0)
PHOTO = np.clip(resize(RANDOM.uniform(60, 190, (1, 5, 6, 3)).astype(np.float32), 36, 48), 0, 255)
PAINTING = np.clip(resize(RANDOM.uniform(30, 220, (1, 7, 7, 3)).astype(np.float32), 40, 40), 0, 255)
SMALL = Config(
    size=32, scales=1, steps=3, loss="content:layer=conv1_1 style:layers=conv1_1 palette", precision="float32"
)
WAYS = [(by, space) for by in ("luminance", "matching") for space in COLOR_SPACES]


def keeping(by: str, space: str = "auto") -> Config:
    return SMALL.replace(keep_colors=True, colors_by=by, color_space=space)


def chroma(rgb: np.ndarray, space: str) -> np.ndarray:
    return COLOR_SPACES[space].from_rgb(rgb)[..., 1:]


#: One of them; how each is converted and matched is tested beside it.
FIRST, *OTHERS = COLOR_SPACES
SPACES = [FIRST, *(pytest.param(space, marks=pytest.mark.slow) for space in OTHERS)]


@pytest.mark.parametrize("space", SPACES)
def test_a_search_for_luminance_is_shown_with_the_photos_chroma(space: str) -> None:
    seen: list[np.ndarray] = []
    config = keeping("luminance", space)
    result = stylize(PHOTO, PAINTING, config, callback=lambda step, image: seen.append(image.copy()))
    photo = resize(PHOTO, 24, 32)
    assert np.abs(chroma(result.image, space) - chroma(photo, space)).mean() < 0.5
    assert np.abs(chroma(seen[-1], space)).mean() < 0.1 * np.abs(chroma(photo, space)).mean()
    luminance = COLOR_SPACES[space].from_rgb(result.image)[..., 0]
    np.testing.assert_allclose(luminance, COLOR_SPACES[space].from_rgb(seen[-1].clip(0, 255))[..., 0], atol=2)
    assert np.abs(luminance - COLOR_SPACES[space].from_rgb(photo)[..., 0]).mean() > 0.3
    for given, kept in zip((PHOTO, PAINTING), result.pictures, strict=True):
        np.testing.assert_array_equal(given, kept)
    assert result.settings["color_space"] == space and result.settings["colors_by"] == "luminance"
    assert result.settings["loss"] == config.loss


@pytest.mark.parametrize("space", SPACES)
def test_a_painting_is_matched_to_the_photo_before(space: str) -> None:
    config = keeping("matching", space)
    given = read_pictures(config, PHOTO, [PAINTING, PHOTO])
    searched = Colors(config, given).searched
    assert searched.content is given.content
    for painting in searched.styles:
        have, wanted = moments(painting, COLOR_SPACES[space]), moments(given.content, COLOR_SPACES[space])
        np.testing.assert_allclose(have.mean, wanted.mean, atol=1)
        np.testing.assert_allclose(have.covariance, wanted.covariance, atol=0.05 * wanted.covariance.max())
    plain = stylize(PHOTO, searched.styles[0].rgb, SMALL)
    result = stylize(PHOTO, PAINTING, config)
    np.testing.assert_array_equal(result.image, plain.image)
    np.testing.assert_array_equal(result.pictures[1], PAINTING)


def test_what_is_searched_for_is_as_it_was() -> None:
    config = SMALL.replace(keep_colors=True)
    given = read_pictures(config, PHOTO, PAINTING)
    for one in (config, SMALL):
        colors = Colors(one, given)
        assert colors.searched is given and colors.shown(PHOTO) is PHOTO
    with Stylizer(config) as stylizer:
        assert "photo_colors" in stylizer.objective.terms and "palette" not in stylizer.objective.terms


def test_every_start_is_grey_where_luminance_is_searched_for() -> None:
    config = keeping("luminance")
    given = read_pictures(config, PHOTO, PAINTING)
    searched = Colors(config, given).searched
    for one in (searched.content, *searched.styles):
        assert np.ptp(one.rgb, axis=-1).max() < 0.01


def test_transparent_parts_do_not_count_and_stay() -> None:
    alpha = np.full((1, 36, 48, 1), 255, np.float32)
    alpha[:, :, 24:] = 0
    pixels = np.concatenate([PHOTO, alpha], axis=-1)
    pixels[:, :, 24:, :3] = [255, 0, 0]
    result = stylize(pixels, PAINTING, keeping("luminance"))
    assert result.alpha is not None and result.alpha.min() == 0
    half = Picture(PHOTO[:, :, :24], None, "half.png")
    config = keeping("matching")
    given = read_pictures(config, pixels, PAINTING)
    space = COLOR_SPACES[config.chosen_space]
    np.testing.assert_allclose(moments(given.content, space).mean, moments(half, space).mean, atol=1e-3)


@pytest.mark.parametrize("by", [pytest.param("luminance", marks=pytest.mark.slow), "matching"])
def test_a_run_that_goes_on_keeps_its_colours(by: str, tmp_path: Path) -> None:
    def cut(step: object, image: object) -> None:
        raise KeyboardInterrupt

    config = keeping(by)
    with pytest.raises(Interrupted) as caught:
        stylize(PHOTO, PAINTING, config, checkpoint=tmp_path / "f", callback=cut)
    space = config.chosen_space
    photo = chroma(resize(PHOTO, 24, 32), space)
    for result in (caught.value.result, resume(tmp_path / "f")):
        assert result.settings["colors_by"] == by and result.settings["color_space"] == space
        if by == "luminance":
            assert np.abs(chroma(result.image, space) - photo).mean() < 0.5
    assert len(result.history) == 3
    np.testing.assert_array_equal(result.pictures[0], PHOTO)


def test_a_picture_carries_how_its_colours_were_kept(tmp_path: Path) -> None:
    result = stylize(PHOTO, PAINTING, keeping("luminance"))
    settings = read_settings(result.save(tmp_path / "a.png"))
    again = Config.from_settings(settings)
    assert (again.keep_colors, again.colors_by, again.color_space) == (True, "luminance", again.chosen_space)
    plain = Config.from_settings(settings, keep_colors=False)
    assert (plain.colors_by, plain.color_space) == ("search", "auto")
    assert Config.from_settings(settings, colors_by="search").color_space == "auto"
    saved = np.asarray(Image.open(tmp_path / "a.png")).astype(np.float32)
    assert np.abs(saved - result.image[0]).max() <= 0.51
