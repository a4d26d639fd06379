"""The pictures of a run as its settings want them: cropped, stretched, by rows, or of their own size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nstgraph import Config, Interrupted, resume, stylize
from nstgraph.errors import ConfigError, PictureError
from nstgraph.pictures.load import load
from nstgraph.pictures.resize import resize
from nstgraph.run.inputs import read_pictures
from nstgraph.run.starting_image import starting_image

RANDOM = np.random.default_rng(0)
PHOTO = RANDOM.integers(0, 256, (40, 60, 4), dtype=np.uint8)
PAINTING = RANDOM.integers(0, 256, (50, 40, 3), dtype=np.uint8)
SMALL = Config(size=32, scales=1, steps=3, loss="style:layers=image", precision="float32")


SIZES = [
    ("longest", 32, (21, 32)), ("shortest", 32, (32, 48)), ("rows", 32, (32, 48)), ("columns", 48, (32, 48)),
    ("crop", 32, (32, 32)), ("stretch", 32, (32, 32)), ("rows", 0, (40, 60)), ("crop", 0, (40, 40)),
]  # fmt: skip
ALIKE = [("longest", 0, (40, 60)), ("shortest", 0, (40, 60)), ("columns", 0, (40, 60)), ("stretch", 0, (60, 60))]


@pytest.mark.parametrize(
    ("fit", "size", "expected"), [*SIZES, *(pytest.param(*values, marks=pytest.mark.slow) for values in ALIKE)]
)
def test_result_and_transparency_have_the_size_that_was_asked_for(
    fit: str, size: int, expected: tuple[int, int]
) -> None:
    result = stylize(PHOTO, PAINTING, SMALL, fit=fit, size=size)
    assert result.alpha is not None
    assert (result.image.shape[1:3], result.alpha.shape) == (expected, expected)
    cut = PHOTO[:, 10:50] if fit == "crop" else PHOTO
    np.testing.assert_allclose(result.alpha, resize(cut[..., 3] / np.float32(255), *expected).clip(0, 1), atol=1e-6)
    assert result.settings["fit"] == fit and result.settings["size"] == size


def test_all_pictures_are_cropped_the_start_included(tmp_path: Path) -> None:
    Image.fromarray(PHOTO[:30, :, :3]).save(tmp_path / "start.png")
    config = SMALL.replace(fit="crop", init=tmp_path / "start.png")
    pictures = read_pictures(config, PHOTO, [PAINTING, PHOTO[..., :3]])
    every = (pictures.content, *pictures.styles, *pictures.starts)
    assert [picture.size for picture in every] == [(40, 40), (40, 40), (40, 40), (30, 30)]
    np.testing.assert_array_equal(pictures.styles[0].rgb[0], PAINTING[5:45].astype(np.float32))
    np.testing.assert_array_equal(starting_image(config, pictures, (30, 30))[0], PHOTO[:30, 15:45, :3])


def test_a_run_that_goes_on_keeps_its_fit(tmp_path: Path) -> None:
    def cut(step: object, image: object) -> None:
        raise KeyboardInterrupt

    config = SMALL.replace(fit="rows", size=0)
    whole = stylize(PHOTO, PAINTING, config)
    with pytest.raises(Interrupted):
        stylize(PHOTO, PAINTING, config, checkpoint=tmp_path / "f", callback=cut)
    result = resume(tmp_path / "f")
    assert result.image.shape == whole.image.shape == (1, 40, 60, 3)
    assert len(result.history) == 3


def test_noise_is_drawn_as_it_was_asked_for() -> None:
    pictures = read_pictures(SMALL, PHOTO, PAINTING)

    def drawn(init: str, seed: int = 0) -> np.ndarray:
        return starting_image(SMALL.replace(init=init, seed=seed), pictures, (64, 80))

    np.testing.assert_array_equal(drawn("noise"), drawn("noise:mean=127.5,form=normal,deviation=58"))
    assert np.abs(drawn("noise") - drawn("noise", seed=1)).mean() > 20
    flat = drawn("noise:mean=vgg,deviation=0")
    np.testing.assert_allclose(flat[0, 5, 7], [123.68, 116.779, 103.939], rtol=1e-6)
    even = drawn("noise:form=uniform,mean=100,deviation=10")
    assert 100 - 17.33 < even.min() < 84 and 116 < even.max() < 117.33


def test_a_blend_is_the_sum_of_its_parts(tmp_path: Path) -> None:
    Image.fromarray(PHOTO[:30, :, :3]).save(tmp_path / "start.png")
    parts = {"content": 1, "noise": 2, "style": 3, str(tmp_path / "start.png"): 4}
    init = "blend:" + ",".join(f"{name}={share}" for name, share in parts.items()) + ",deviation=20"
    config = SMALL.replace(init=init, seed=5)
    pictures = read_pictures(config, PHOTO, PAINTING)
    expected = np.zeros((1, 24, 32, 3), np.float32)
    for name, share in parts.items():
        alone = SMALL.replace(init=name if name != "noise" else "noise:deviation=20", seed=5)
        expected += share / 10 * starting_image(alone, read_pictures(alone, PHOTO, PAINTING), (24, 32))
    np.testing.assert_allclose(starting_image(config, pictures, (24, 32)), expected, rtol=1e-5)


def test_a_blend_is_kept_recorded_and_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(step: object, image: object) -> None:
        raise KeyboardInterrupt

    Image.fromarray(PHOTO[:30, :, :3]).save(tmp_path / "start.png")
    config = SMALL.replace(init=f"blend:{tmp_path / 'start.png'}=1,noise=3", steps=2)
    whole = stylize(PHOTO, PAINTING, config)
    assert whole.settings["init"] == "blend:start.png=1,noise=3"
    with pytest.raises(Interrupted):
        stylize(PHOTO, PAINTING, config, checkpoint=tmp_path / "f", callback=cut)
    (tmp_path / "start.png").rename(tmp_path / "gone.png")
    assert resume(tmp_path / "f").settings["init"] == whole.settings["init"]
    with pytest.raises(ConfigError, match=r"^the starting image 'start\.png' is not found here; give init itself"):
        Config.from_settings(whole.settings)
    (tmp_path / "gone.png").rename(tmp_path / "start.png")
    monkeypatch.chdir(tmp_path)
    assert Config.from_settings(whole.settings).init == f"blend:{tmp_path / 'start.png'}=1,noise=3"


def test_the_photo_is_cropped_before_anything_else_and_the_painting_is_not(tmp_path: Path) -> None:
    Image.fromarray(PHOTO[:, ::-1, :3]).save(tmp_path / "start.png")
    config = SMALL.replace(crop="1:1", init=tmp_path / "start.png", size=0)
    pictures = read_pictures(config, PHOTO, PAINTING)
    np.testing.assert_array_equal(pictures.content.rgb, load(PHOTO).rgb[:, :, 10:50])
    np.testing.assert_array_equal(pictures.starts[0].rgb[0], PHOTO[:, ::-1, :3][:, 10:50])
    np.testing.assert_array_equal(pictures.styles[0].rgb[0], PAINTING)
    result = stylize(PHOTO, PAINTING, config)
    assert result.image.shape == (1, 40, 40, 3) and result.settings["crop"] == "1:1"
    assert result.alpha is not None and result.alpha.shape == (40, 40)
    assert stylize(PHOTO, PAINTING, config, crop="2:1").image.shape == (1, 30, 60, 3)
    with pytest.raises(PictureError, match=r"^array would be cropped to 60 x 6 pixels, below 20; choose"):
        read_pictures(config.replace(crop="10:1"), PHOTO, PAINTING)
