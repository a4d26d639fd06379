"""Presets as settings: what is given beside them wins."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nstgraph.cli.output_options import Outputs
from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.losses.loss_text import as_loss
from nstgraph.pictures.picture import Picture, PictureSet
from nstgraph.presets import PRESETS, preset
from nstgraph.run.starting_image import starting_image

ROWS = (
    *("thushv", "analyticsvidhya", "geeksforgeeks", "gsurma", "gatys"),
    *("johnson", "cysmith", "anishathalye", "keras"),
)
CONFIG = {field.name for field in dataclasses.fields(Config)}
OUTPUTS = {field.name for field in dataclasses.fields(Outputs)}


def test_the_presets_are_those_of_the_table() -> None:
    assert tuple(PRESETS) == ROWS and all(name == one.name for name, one in PRESETS.items())


@pytest.mark.parametrize("name", ROWS)
def test_a_preset_is_settings_that_exist(name: str) -> None:
    settings = PRESETS[name].settings
    assert set(settings) <= CONFIG | OUTPUTS
    config = Config.preset(name)
    chosen = {field: getattr(config, field) for field in settings if field in CONFIG}
    assert chosen == {field: value for field, value in settings.items() if field in CONFIG}
    assert config == Config(**chosen)
    assert " ".join(settings["loss"]) == str(as_loss(config.loss))
    assert (config.scales, config.padding) == (1, "zero")
    Outputs(**{field: value for field, value in settings.items() if field in OUTPUTS})


@pytest.mark.parametrize("name", ROWS)
def test_what_is_given_beside_a_preset_wins(name: str) -> None:
    given = {"size": 512, "loss": "content", "pooling": "average", "padding": "reflect", "init": "style", "steps": 0}
    config = Config.preset(name, **given)
    assert {field: getattr(config, field) for field in given} == given
    assert config.optimizer == PRESETS[name].settings["optimizer"]


def test_what_rules_a_presets_setting_out_wins_as_well() -> None:
    assert not Config.preset("analyticsvidhya", optimizer="lbfgs").bounds
    assert Config.preset("analyticsvidhya", optimizer="lbfgsb").bounds
    with pytest.raises(ConfigError, match=r"^lbfgs cannot keep bounds"):
        Config.preset("analyticsvidhya", optimizer="lbfgs", bounds=True)
    other = Config.preset("johnson", network="net.pb")
    assert (other.network, other.pooling, other.padding) == ("net.pb", "average", "reflect")


@pytest.mark.parametrize(
    ("name", "message"),
    [("gaty", "no preset 'gaty'; did you mean 'gatys'?"), ("", "no preset ''; choose from analyticsvidhya, anish")],
)
def test_a_preset_that_does_not_exist(name: str, message: str) -> None:
    for refused in (preset, Config.preset):
        with pytest.raises(ConfigError) as raised:
            refused(name)
        assert str(raised.value).startswith(message)


def test_a_setting_that_does_not_exist_is_refused_beside_a_preset() -> None:
    with pytest.raises(ConfigError, match=r"^no setting 'sizes'; did you mean 'size'\?$"):
        Config.preset("gatys", sizes=3)


@pytest.mark.parametrize(
    ("name", "content", "style"),
    [
        ("thushv", (224, 224), (224, 224)),
        ("analyticsvidhya", (90, 120), (120, 60)),
        ("geeksforgeeks", (384, 512), (512, 256)),
        ("gsurma", (500, 500), (500, 500)),
        ("gatys", (384, 512), (512, 256)),
        ("johnson", (384, 512), (512, 256)),
        ("cysmith", (384, 512), (512, 256)),
        ("anishathalye", (90, 120), (120, 60)),
        ("keras", (400, 533), (400, 200)),
    ],
)
def test_sizes(name: str, content: tuple[int, int], style: tuple[int, int]) -> None:
    photo, painting = (Picture(np.zeros((1, *size, 3), np.float32), None, "") for size in ((90, 120), (80, 40)))
    config = Config.preset(name, optimizer="auto")
    pictures = PictureSet(photo, (painting,), (), config.style_scale, config.fit)
    assert pictures.sizes(pictures.pixels(config.size)) == (content, (style,))


@pytest.mark.parametrize(
    ("name", "mean", "deviation", "low", "high"),
    [
        ("gsurma", [127.5] * 3, 73.6, 0, 255),
        ("gatys", [127.5] * 3, 56, 0, 255),
        ("johnson", [123.68, 116.779, 103.939], 0.001, 103.9, 123.7),
        ("anishathalye", [123.68, 116.779, 103.939], 0.256, 102, 126),
    ],
)
def test_starts_from_noise(name: str, mean: list[float], deviation: float, low: float, high: float) -> None:
    photo = Picture(np.full((1, 200, 200, 3), 7, np.float32), None, "")
    image = starting_image(Config.preset(name, optimizer="auto"), PictureSet(photo, (photo,)), (200, 200))
    assert image.dtype == np.float32 and image.shape == (1, 200, 200, 3)
    exact = image.astype(np.float64)
    np.testing.assert_allclose(exact.mean((0, 1, 2)), mean, atol=4 * deviation / 200 + 1e-5)
    np.testing.assert_allclose(exact.std((0, 1, 2)), deviation, rtol=0.03)
    assert low <= image.min() < image.max() <= high


@pytest.mark.parametrize("name", [name for name in ROWS if PRESETS[name].settings["init"] == "content"])
def test_starts_from_the_photo(name: str) -> None:
    photo = Picture(np.random.default_rng(0).uniform(0, 255, (1, 40, 40, 3)).astype(np.float32), None, "")
    image = starting_image(Config.preset(name, optimizer="auto"), PictureSet(photo, (photo,)), (40, 40))
    np.testing.assert_array_equal(image, photo.rgb)
