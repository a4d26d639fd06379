"""Textures: pictures without a photo, and pictures that wrap, as runs."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_pictures import landscape, painting

from nstgraph import Config, Interrupted, Stylizer, TextureConfig, loss_term, resume, stylize, texture, tf
from nstgraph.bench.seam import seam_contrast
from nstgraph.errors import ConfigError, LossError, TilingError
from nstgraph.hooks import StyleHook
from nstgraph.losses.registry import registry
from nstgraph.pictures.load import load
from nstgraph.pictures.resize import resize
from nstgraph.run.inputs import read_pictures
from nstgraph.run.starting_image import enlarged, starting_image

STYLE = painting(80, 80)
LOSS = "moments:layers=conv1_2 0.2*palette 0.4*tv:power=2"
PLAIN = "moments:layers=conv1_1"  # for what does not depend on how the picture looks
SMALL = TextureConfig(size=48, steps=24, scales=2, loss=LOSS)


@pytest.fixture(scope="module")
def made():
    return texture(STYLE, SMALL)


def test_a_texture_is_square_and_says_what_it_is(made):
    assert made.image.shape == (1, 48, 48, 3) and made.alpha is None
    assert (made.settings["aspect"], made.settings["padding"], made.settings["init"]) == ("1:1", "wrap", "noise")
    assert [stage.split(",")[0] for stage in made.settings["stages"]] == ["24x24", "48x48"]
    assert made.history[-1].total < 0.2 * made.history[0].total


@pytest.mark.slow
def test_its_settings_make_it_again(made):
    again = texture(STYLE, TextureConfig.from_settings(made.settings))
    np.testing.assert_allclose(again.image, made.image, atol=1e-3)
    other = texture(STYLE, TextureConfig.from_settings(made.settings, seed=1))
    assert np.abs(other.image - made.image).mean() > 5


def test_it_has_no_seam_where_it_wraps(made):
    lines = [seam_contrast(np.roll(made.image, (step, step), (1, 2))) for step in range(1, 48)]
    low, high = np.percentile(lines, (1, 99), 0)
    assert (low <= seam_contrast(made.image)).all() and (seam_contrast(made.image) <= high).all()
    assert np.mean(seam_contrast(made.image)) == pytest.approx(1, abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize(("padding", "seams"), [("reflect", (True, True)), ("wrap-x", (False, True))])
def test_with_another_padding_it_has_seams(padding, seams):
    found = seam_contrast(texture(STYLE, SMALL, padding=padding).image)
    assert [ratio > 1.5 for ratio in found] == list(seams)


def test_the_palette_is_the_paintings(made):
    wanted, given = (np.asarray(picture, np.float32).reshape(-1, 3) for picture in (load(STYLE).rgb, made.image))
    np.testing.assert_allclose(given.mean(0), wanted.mean(0), atol=10)
    np.testing.assert_allclose(given.std(0), wanted.std(0), atol=12)


@pytest.mark.parametrize(
    ("aspect", "shape"),
    [
        pytest.param("2:1", (24, 48), marks=pytest.mark.slow),
        ("3:4", (48, 36)),
        pytest.param("4:2", (24, 48), marks=pytest.mark.slow),
    ],
)
def test_size_is_that_of_the_longer_side(aspect, shape):
    result = texture(STYLE, SMALL, aspect=aspect, steps=1, scales=1, loss=PLAIN)
    assert result.image.shape[1:3] == shape and result.settings["aspect"] == aspect


def test_several_styles_and_tiles(made):
    styles = [STYLE, landscape(60, 70)]
    small = SMALL.replace(steps=2, loss=PLAIN, precision="float32")
    runs = [texture(styles, small, tile=tile) for tile in ("off", 32)]
    assert "in tiles of 32 px" in runs[1].settings["stages"][-1]
    for one, other in zip(*(run.history for run in runs), strict=True):
        assert one.total == pytest.approx(other.total, rel=1e-4)


def test_its_comparison_shows_no_photo(tmp_path, made):
    made.save_comparison(tmp_path / "c.png")
    assert load(tmp_path / "c.png").size == (48, 48 + 8 + 48)


def test_a_texture_that_was_cut_off_goes_on(tmp_path, made):
    def stop(step, image):
        if step.step == 14:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as raised:
        texture(STYLE, SMALL, checkpoint=tmp_path / "f", callback=stop)
    assert raised.value.result.image.shape == (1, 48, 48, 3)
    result = resume(tmp_path / "f")
    assert result.settings == {**made.settings, "resumed": True} and len(result.history) == 24
    assert max(seam_contrast(result.image)) < 1.5


@pytest.mark.parametrize(
    ("loss", "label"), [("content:layer=conv1_2 palette", "content"), (f"{PLAIN} photo_colors", "photo_colors")]
)
def test_what_looks_at_the_photo_is_refused(loss, label):
    with pytest.raises(LossError, match=f"^loss term {label!r} looks at the photo, and a texture has none"):
        texture(STYLE, SMALL, loss=loss)


def test_a_photo_goes_with_other_settings():
    with pytest.raises(ConfigError, match=r"^config is that of a picture with a photo; give a TextureConfig"):
        texture(STYLE, Config(size=48))
    with pytest.raises(ConfigError, match=r"^the settings are those of a texture, which has no content image"):
        stylize(STYLE, STYLE, SMALL)
    with pytest.raises(ConfigError, match=r"^there is no content image; give one, or make a texture"):
        stylize(None, STYLE, size=48)


def test_a_panorama_that_is_turned_is_painted_as_before():
    photo = landscape(96, 72)
    photo = np.concatenate([photo, photo[:, :, ::-1]], 2)  # whose ends are alike
    config = Config(size=127, steps=6, scales=2, padding="wrap-x", loss=f"0.2*content:layer=conv2_1 {PLAIN}")
    seen = []
    result = stylize(photo, STYLE, config, callback=lambda step, image: seen.append(image.shape[1:3]))
    assert list(dict.fromkeys(seen)) == [(24, 64), (48, 128)]
    turned = stylize(np.roll(photo, 96, 2), STYLE, config)
    assert np.abs(np.roll(turned.image, 64, 2) - result.image).mean() < 1


def test_a_term_that_has_no_tiles_cannot_wrap(request):
    @loss_term
    def brightest(g):
        return tf.reduce_max(g.generated.image) / 255

    request.addfinalizer(lambda: registry.remove("brightest"))
    with pytest.raises(TilingError, match=r"^loss term 'brightest' cannot be tiled: .*use another padding"):
        Stylizer(SMALL.replace(loss="palette brightest"))


def test_hooks_and_traces_see_pictures_without_their_margin():
    seen = []

    class Recorder(StyleHook):
        def after_step(self, step, image):
            seen.append((step.total, image.shape))

    with Stylizer(SMALL.replace(steps=2, scales=1, loss=PLAIN), hooks=[Recorder()]) as stylizer:
        result = stylizer(None, STYLE, trace=True)
    assert seen == [(pytest.approx(step.total), (1, 48, 48, 3)) for step in result.history] and len(seen) == 2
    assert result.trace.step_stats.dev_stats


def test_what_is_enlarged_wraps():
    image = np.random.default_rng(0).uniform(0, 255, (1, 12, 16, 3)).astype(np.float32)

    wraps = (False, True)
    content = resize(image, 24, 32)
    larger = enlarged(image, content, (24, 32), wraps)
    moved = enlarged(np.roll(image, 3, 2), np.roll(content, 6, 2), (24, 32), wraps)
    np.testing.assert_allclose(moved, np.roll(larger, 6, 2), atol=0.01)
    config = Config(size=64, padding="wrap-x")
    pictures = read_pictures(config, np.tile(image[0], (2, 2, 1)).astype(np.uint8), STYLE)
    start = starting_image(config, pictures, (36, 48))
    np.testing.assert_allclose(start[:, :, :24], start[:, :, 24:], atol=0.01)
