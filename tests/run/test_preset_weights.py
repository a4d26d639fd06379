"""The weights of presets: found where they were fetched to, or missed in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nstgraph import stylize
from nstgraph.config import Config
from nstgraph.errors import ConfigError, WeightsError
from nstgraph.networks.published import FILES
from nstgraph.run.preset_weights import with_weights_of
from nstgraph.user_folders import cache_folder

SEVEN = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1", "conv3_2", "conv3_3")

PHOTO = np.zeros((32, 32, 3), np.uint8)

#: Of VGG19, what conv5_1 needs and VGG16's first seven do not hold.
DEEP = "conv3_4, conv4_1, conv4_2, conv4_3, conv4_4, conv5_1"


@pytest.fixture(autouse=True)
def here(empty_folder: Path) -> Path:
    return empty_folder


def refusal(name: str, **given: Any) -> str:
    with pytest.raises(WeightsError) as raised:
        with_weights_of(name, Config.preset(name, optimizer="auto", **given))
    return str(raised.value)


def test_embedded_weights_have_what_thushv_needs() -> None:
    config = Config.preset("thushv", optimizer="auto")
    assert with_weights_of("thushv", config) is config


@pytest.mark.parametrize("name", ["gatys", "johnson", "cysmith", "anishathalye"])
def test_all_layers_that_are_missing_are_named_and_whose_weights_have_them(name: str) -> None:
    message = refusal(name)
    assert message == (
        f"preset {name} needs VGG19's {DEEP}, which compact_vgg.npz lacks; "
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5 has all layers: nstgraph weights fetch vgg19, or name a "
        "file with --weights"
    )


def test_of_another_network_the_layers_that_only_the_presets_own_has_are_missing(
    vgg_arrays: Callable[..., Any], here: Path
) -> None:
    np.savez(here / "w.npz", **vgg_arrays(*SEVEN, "conv4_1", "conv4_2", "conv4_3", "conv5_1"))
    assert "needs VGG19's conv3_4, conv4_4, which w.npz lacks; " in refusal("gatys", weights="w.npz")


def test_what_counts_are_the_layers_of_the_loss_that_is_given() -> None:
    loss = "content:layer=conv2_2 moments style:layers=image+conv3_1 tv"
    config = Config.preset("gatys", optimizer="auto", loss=loss)
    assert with_weights_of("gatys", config) is config
    assert "needs VGG19's conv3_4, which" in refusal("gatys", loss="content:layer=pool3")


def test_a_network_from_a_file_needs_no_weights() -> None:
    config = Config.preset("gatys", optimizer="auto", network="net.pb")
    assert with_weights_of("gatys", config) is config


def test_weights_that_were_fetched_are_found(vgg_arrays: Callable[..., Any]) -> None:
    config = Config.preset("gsurma", optimizer="auto", loss="content:layer=conv4_1")
    with pytest.raises(WeightsError, match="conv4_1, which compact"):
        with_weights_of("gsurma", config)
    cache_folder().mkdir(parents=True)
    np.savez(cache_folder() / "vgg16_weights.npz", **vgg_arrays(*SEVEN, "conv4_1"))
    assert with_weights_of("gsurma", config) is config


def test_of_several_weights_those_of_the_presets_network_are_taken(vgg_arrays: Callable[..., Any]) -> None:
    cache_folder().mkdir(parents=True)
    first, last = cache_folder() / "vgg16_weights.npz", cache_folder() / FILES["vgg19"].filename
    np.savez(first, **vgg_arrays(*SEVEN, "conv4_1"))
    deeper = vgg_arrays(*SEVEN, "conv4_1")
    with last.open("wb") as stream:  # whatever its name, its format shows
        np.savez(stream, **deeper, conv3_4_W=deeper["conv3_3_W"], conv3_4_b=deeper["conv3_3_b"])
    of_19 = Config.preset("gatys", optimizer="auto", loss="content:layer=conv4_1")
    assert with_weights_of("gatys", of_19).weights == last
    of_16 = Config.preset("gsurma", optimizer="auto", loss="content:layer=conv4_1")
    assert with_weights_of("gsurma", of_16) is of_16
    first.unlink()
    with pytest.raises(WeightsError, match=rf"^preset gsurma needs VGG16, and {last.name} is VGG19; .*fetch vgg16, or"):
        with_weights_of("gsurma", of_16)
    named = of_16.replace(weights=last)
    assert with_weights_of("gsurma", named) is named  # by whoever knows what that does
    shallow = Config.preset("gsurma", optimizer="auto", loss="content:layer=conv3_3")
    assert with_weights_of("gsurma", shallow) is shallow  # up to there, both are one network


@pytest.mark.parametrize(
    ("given", "loss"),
    [
        ({"loss": "style:layers=image"}, "style:layers=image"),  # its own is run on the command line
        pytest.param({}, "500*content:", marks=pytest.mark.slow),
    ],
)
def test_a_preset_in_python(given: dict[str, Any], loss: str) -> None:
    result = stylize(PHOTO, PHOTO + 90, preset="thushv", optimizer="auto", size=32, steps=2, **given)
    assert result.image.shape == (1, 32, 32, 3) and result.settings["pooling"] == "average"
    assert result.settings["fit"] == "crop" and result.settings["loss"].startswith(loss)
    with pytest.raises(WeightsError, match=f"needs VGG19's {DEEP}, which"):
        stylize(PHOTO, PHOTO, preset="gatys", optimizer="auto")
    with pytest.raises(ConfigError, match=r"^config and preset are both given; give single settings beside preset"):
        stylize(PHOTO, PHOTO, Config(), preset="thushv")
