from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nstgraph.config import Config, TextureConfig
from nstgraph.errors import ConfigError
from nstgraph.hashes import hash_of
from nstgraph.losses.default_loss import DEFAULT_LOSS
from nstgraph.losses.loss_text import as_loss
from nstgraph.networks.input_values import INPUT_VALUES
from nstgraph.networks.weights_file import embedded
from nstgraph.pictures.color_spaces import COLOR_SPACES
from nstgraph.terms.style import style
from nstgraph.terms.tv import tv
from nstgraph.value_checks import setting_of

PRECISIONS = ("auto", "bfloat16", "float16", "float32")

RANGES: dict[str, tuple[float, float, str]] = {
    "size": (16, 32768, "0 or a whole number from 16 to 32768"),
    "steps": (0, 1_000_000, "a whole number from 0 to 1000000"),
    "scales": (0, 12, "a whole number from 0 to 12"),
    "history": (0, 1000, "a whole number from 0 to 1000"),
    "memory": (0.0, 1e6, "a number from 0.0 to 1000000.0"),
    "seed": (0, 2**32 - 1, "a whole number from 0 to 4294967295"),
}


def test_defaults_are_valid_and_the_default_loss_can_be_read() -> None:
    config = Config()
    assert (config.init, config.bounds, config.weights) == ("content", False, None)
    assert str(as_loss(config.loss)) == " ".join(DEFAULT_LOSS)


def test_every_setting_is_documented() -> None:
    fields = dataclasses.fields(Config)
    entries = re.findall(r"^ {4}(\w+): (.+)$", str(Config.__doc__).split("Attributes:")[1], re.MULTILINE)
    assert entries == [(field.name, setting_of(field).help) for field in fields]
    assert all(setting_of(field).help.endswith(".") for field in fields)


@pytest.mark.parametrize("name", RANGES)
def test_the_ends_of_a_range_are_in_it_and_what_is_beyond_is_not(name: str) -> None:
    low, high, kind = RANGES[name]
    for value in (low, high):
        assert getattr(Config().replace(**{name: value}), name) == value
    step = 1 if isinstance(low, int) else 0.001
    for value in (low - step, high + step, -high, float("nan"), float("inf")):
        with pytest.raises(ConfigError) as raised:
            Config().replace(**{name: value})
        assert str(raised.value) == f"{name} is {value!r}; choose {kind}"


@pytest.mark.parametrize("name", RANGES)
@pytest.mark.parametrize("value", ["20", None, True, (20,), 20j])
def test_what_is_no_number_is_refused(name: str, value: Any) -> None:
    with pytest.raises(ConfigError) as raised:
        Config(**{name: value})
    assert str(raised.value) == f"{name} is {value!r}; choose {RANGES[name][2]}"


@pytest.mark.parametrize("name", ["size", "steps", "scales", "history", "seed"])
def test_whole_numbers_are_not_given_as_floats(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{name} is 20\.0; choose (0 or )?a whole number from"):
        Config(**{name: 20.0})  # type: ignore[arg-type]


def test_the_photos_own_size_is_no_size() -> None:
    assert Config(size=0).size == 0
    for value in (False, 0.0, 15):
        with pytest.raises(ConfigError, match=r"^size is .*; choose 0 or a whole number from 16 to 32768$"):
            Config(size=value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("init", "message"),
    [
        ("noise:form=grey", "noise:form is 'grey'; choose from normal, uniform"),
        ("noise:mean=256", "noise:mean is '256'; choose vgg or a number from 0 to 255"),
        ("noise:strength=2", "noise has no parameter 'strength'; choose from deviation, form, mean"),
    ],
)
def test_noise_that_does_not_exist(init: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config(init=init)
    assert str(raised.value) == message


def test_what_names_a_picture_to_start_from() -> None:
    for init in ("content", "noise", "style", "noise:mean=vgg", "noise:form=uniform,deviation=3"):
        assert Config(init=init).starts == ()
    for init in ("noise.png", "contents", Path("noise")):
        assert Config(init=init).starts == (init,)
    assert Config(init="blend:a/b.png=1,noise=0.5,c.jpg=2,content=1").starts == ("a/b.png", "c.jpg")


def test_a_style_scale_is_one_for_all_or_one_for_each() -> None:
    for fits in (0.05, 20, (1.0, 0.5), (2,)):
        assert Config(style_scale=fits).style_scale == fits
    assert Config(style_scale=[1, 0.5]) == Config(style_scale=(1, 0.5))  # type: ignore[arg-type]
    for value in (0.04, 20.1, float("nan"), "1", None, True, (), (1, 0.01), (1, "2")):
        with pytest.raises(ConfigError) as raised:
            Config(style_scale=value)  # type: ignore[arg-type]
        assert str(raised.value) == (
            f"style_scale is {value!r}; choose a number from 0.05 to 20.0, or one for each style"
        )


def test_style_weights_are_shares_of_which_one_is_above_zero() -> None:
    assert Config().style_weights == ()
    assert Config(style_weights=[30, 0]) == Config(style_weights=(30, 0))  # type: ignore[arg-type]
    assert hash(Config(style_weights=[30, 0])) == hash(Config(style_weights=(30, 0)))  # type: ignore[arg-type]
    for value in ((1, -1), (float("nan"),), "30+70", 1.0, (True, 1)):
        with pytest.raises(
            ConfigError, match=r"^style_weights is .*; choose numbers from 0\.0 to .*, one for each style$"
        ):
            Config(style_weights=value)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"^style_weights is \(0, 0\); let at least one be above 0$"):
        Config(style_weights=(0, 0))


def test_numbers_may_be_whole() -> None:
    assert (Config(style_scale=2).style_scale, Config(memory=8).memory) == (2, 8)


def test_what_the_machine_decides_is_left_to_it_by_default() -> None:
    config = Config()
    assert (config.precision, config.tile, config.optimizer) == ("auto", "auto", "auto")
    assert (config.history, config.memory, config.steps, config.scales) == (0, 0.0, 0, 0)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("pooling", "avg", "pooling is 'avg'; choose from average, max"),
        ("pooling", "", "pooling is ''; choose from average, max"),
        ("pooling", None, "pooling is None; choose from average, max"),
        ("fit", "width", "fit is 'width'; choose from longest, shortest, rows, columns, crop, stretch"),
        ("crop", "16x9", "crop is '16x9'; write width:height, such as 16:9 or 1:1"),
        ("crop", "0:9", "crop is '0:9'; write width:height, such as 16:9 or 1:1"),
        ("crop", 1.5, "crop is 1.5; write width:height, such as 16:9 or 1:1"),
        ("padding", "mirror", "padding is 'mirror'; choose from reflect, replicate, zero, wrap, wrap-x, wrap-y"),
        ("padding", 0, "padding is 0; choose from reflect, replicate, zero, wrap, wrap-x, wrap-y"),
        ("bounds", "no", "bounds is 'no'; choose True or False"),
        ("bounds", 1, "bounds is 1; choose True or False"),
        ("precision", "half", "precision is 'half'; choose from auto, bfloat16, float16, float32"),
        ("precision", "float64", "precision is 'float64'; choose from auto, bfloat16, float16, float32"),
        ("precision", 32, "precision is 32; choose from auto, bfloat16, float16, float32"),
        ("optimizer", "L-BFGS", "optimizer is 'L-BFGS'; did you mean 'lbfgs'?"),
        ("optimizer", None, "optimizer is None; give a name, such as adam, as text"),
        ("optimizer", "adam:keep=no", "optimizer is 'adam:keep=no', whose keep is 'no'; choose from best, last"),
        ("tile", 31, "tile is 31; choose auto, off or pixels from 32"),
        ("tile", -64, "tile is -64; choose auto, off or pixels from 32"),
        ("tile", 64.0, "tile is 64.0; choose auto, off or pixels from 32"),
        ("tile", True, "tile is True; choose auto, off or pixels from 32"),
        ("tile", "64", "tile is '64'; choose auto, off or pixels from 32"),
        ("tile", None, "tile is None; choose auto, off or pixels from 32"),
    ],
)
def test_choices(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config(**{name: value})
    assert str(raised.value) == message


def test_all_choices_are_accepted() -> None:
    choices: dict[str, tuple[Any, ...]] = {
        "pooling": ("average", "max"),
        "padding": ("reflect", "replicate", "zero", "wrap", "wrap-x", "wrap-y"),
        "fit": ("longest", "shortest", "rows", "columns", "crop", "stretch"),
        "crop": (None, "16:9", "2.39:1", "1:1", "100:1"),
        "precision": PRECISIONS,
        "optimizer": ("auto", "lbfgs", "lbfgsb", "lbfgsb:rounds=10,evaluations=20", "adam", "adam:learning_rate=5"),
        "tile": ("auto", "off", 32, 5000),
    }
    for name, values in choices.items():
        assert [getattr(Config().replace(**{name: value}), name) for value in values] == list(values)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("init", None, "init is None; give content or noise or style or FILE"),
        ("init", np.zeros((4, 4, 3)), "init is of type ndarray; give content or noise or style or FILE"),
        ("init", "", "init is ''; give content or noise or style or FILE"),
        ("weights", 5, "weights is 5; give FILE"),
        ("network", ["net.pb"], "network is ['net.pb']; give FILE"),
        ("loss", 5, "loss is 5; write it as text, such as 'content 2*style', or add terms up"),
        ("size", [10**5000], "size is <list>; choose 0 or a whole number from 16 to 32768"),
        ("pooling", np.array([1, 2]), "pooling is array([1, 2]); choose from average, max"),
        ("tile", np.array([1, 2]), "tile is array([1, 2]); choose auto, off or pixels from 32"),
        (
            "loss",
            ("content", 2),
            "loss is ('content', 2); write it as text, such as 'content 2*style', or add terms up",
        ),
        ("loss", None, "loss is None; write it as text, such as 'content 2*style', or add terms up"),
    ],
)
def test_what_is_of_another_type_is_refused_in_words(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config(**{name: value})
    assert str(raised.value) == message


@pytest.mark.parametrize("loss", ["content style", ["content", "2*style"], tv, tv() + tv(power=2)])
def test_a_loss_may_be_text_or_terms(loss: Any) -> None:
    assert Config(loss=loss).loss is loss


def test_what_can_be_read_only_once_is_no_loss() -> None:
    with pytest.raises(ConfigError, match="loss is <generator"):
        Config(loss=(text for text in ["content", "style"]))  # type: ignore[arg-type]


@pytest.mark.parametrize("optimizer", ["auto", "lbfgsb", "lbfgsb:rounds=2,evaluations=9", "adam:learning_rate=3"])
def test_bounds_are_kept_by_all_optimisers_but_one(optimizer: str) -> None:
    assert Config(bounds=True, optimizer=optimizer).bounds
    with pytest.raises(ConfigError, match=r"^lbfgs cannot keep bounds; leave bounds out, or choose lbfgsb$"):
        Config(bounds=True, optimizer="lbfgs")
    with pytest.raises(ConfigError, match=r"^lbfgs cannot keep bounds"):
        Config(optimizer="lbfgs:evaluations=5").replace(bounds=True)


def test_a_history_is_of_those_that_keep_one() -> None:
    assert Config(history=3, optimizer="lbfgs:evaluations=5").history == 3
    with pytest.raises(ConfigError) as raised:
        Config(history=3, optimizer="adam:learning_rate=3")
    assert str(raised.value) == "adam keeps no corrections; leave history out, or choose lbfgs or lbfgsb"


def test_without_a_network_from_a_file_nothing_is_said_of_its_input() -> None:
    assert (Config().network, Config().input, Config().input_values) == (None, None, None)
    for settings in ({"input": "photo"}, {"input_values": "rgb"}, {"input": "photo", "input_values": "rgb"}):
        with pytest.raises(ConfigError) as raised:
            Config(**settings)  # type: ignore[arg-type]
        assert str(raised.value) == f"{next(iter(settings))} is only used with a network from a file; set network, too"


def test_a_network_from_a_file_may_be_told_its_input() -> None:
    config = Config(network="net.pb", input="photo:0", input_values="bgr-mean")
    assert (config.network, config.input, config.input_values) == ("net.pb", "photo:0", "bgr-mean")
    for values in INPUT_VALUES:
        assert Config(network=Path("net.pb"), input_values=values).input_values == values


@pytest.mark.parametrize(
    ("name", "value"), [("weights", "w.npz"), ("pooling", "max"), ("padding", "zero"), ("padding", "replicate")]
)
def test_a_network_from_a_file_brings_its_own(name: str, value: str) -> None:
    message = f"a network from a file has its own {name}; leave that out"
    with pytest.raises(ConfigError) as raised:
        Config(network="net.pb", **{name: value})  # type: ignore[arg-type]
    assert str(raised.value) == message
    with pytest.raises(ConfigError) as raised:
        Config(**{name: value}).replace(network="net.pb")  # type: ignore[arg-type]
    assert str(raised.value) == message


def test_what_is_the_default_may_be_said_beside_a_network_from_a_file() -> None:
    config = Config(network="net.pb", pooling="average", padding="reflect", weights=None)
    assert config == Config(network="net.pb")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_network_from_a_file_is_computed_in_float32(precision: str) -> None:
    if precision in ("auto", "float32"):
        assert Config(network="net.pb", precision=precision).precision == precision
        return
    with pytest.raises(ConfigError) as raised:
        Config(network="net.pb", precision=precision)
    assert str(raised.value) == "a network from a file is computed in float32; leave precision out"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"colors_by": "luminance"}, "colors_by is only used with keep_colors; set that, too"),
        ({"colors_by": "matching", "color_space": "lab"}, "colors_by is only used with keep_colors; set that, too"),
        (
            {"color_space": "ycbcr"},
            "color_space is only used with keep_colors and colors_by luminance or matching; set these, too",
        ),
        (
            {"color_space": "lab", "keep_colors": True},
            "color_space is only used with keep_colors and colors_by luminance or matching; set these, too",
        ),
        ({"colors_by": "chroma"}, "colors_by is 'chroma'; choose from search, luminance, matching"),
        ({"color_space": "hsv"}, "color_space is 'hsv'; choose from auto, lab, ycbcr"),
    ],
)
def test_settings_of_colours_that_would_do_nothing_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config(**settings)
    assert str(raised.value) == message


def test_a_colour_space_is_chosen_where_one_is_needed() -> None:
    assert Config().chosen_space == Config(keep_colors=True).chosen_space == "auto"
    for by in ("luminance", "matching"):
        config = Config(keep_colors=True, colors_by=by)
        assert config.chosen_space in ("lab", "ycbcr") and not config.colors_are_searched
        for name in COLOR_SPACES:
            assert config.replace(color_space=name).chosen_space == name
    assert Config(keep_colors=True).colors_are_searched and not Config().colors_are_searched


def test_choices_are_checked_before_the_network() -> None:
    with pytest.raises(ConfigError, match=r"^pooling is 'mean'"):
        Config(network="net.pb", pooling="mean")


def test_replace_changes_a_copy() -> None:
    config = Config(size=256)
    changed = config.replace(steps=10, seed=3)
    assert (changed.size, changed.steps, changed.seed) == (256, 10, 3)
    assert config == Config(size=256) and config != changed
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.size = 128  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"step": 3}, "no setting 'step'; did you mean 'steps'?"),
        ({"steps": 3, "paddings": "zero"}, "no setting 'paddings'; did you mean 'padding'?"),
        ({"qqq": 3}, "no setting 'qqq'; choose from balance, blending, bounds, color_space, colors_by, "
                     "content_strength, crop, deterministic, feather, fit, history, init, input, input_values, "
                     "keep_colors, loss, mask, memory, network, optimizer, padding, pooling, precision, scales, seed, "
                     "size, steps, style_mask, style_scale, style_weights, tile, weights"),
        ({"steps": -1}, "steps is -1; choose a whole number from 0 to 1000000"),
    ],
)  # fmt: skip
def test_replace_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config().replace(**changes)
    assert str(raised.value) == message


def test_configurations_are_values_whatever_the_loss_is_given_as() -> None:
    losses: list[Any] = ["tv", ["content", "2*tv"], ("content",), tv, 2 * tv(power=2), style(layers=["conv1_1"]) + tv]
    for loss in losses:
        one, same = Config(loss=loss, size=64), Config(loss=loss, size=64)
        assert one == same and hash(one) == hash(same) and one != Config(loss=loss, size=65)
    assert len({Config(loss=loss) for loss in [*losses, *losses]}) == len(losses)
    assert Config(loss=2 * tv(power=2)) == Config(loss=2.0 * tv(power="2")) != Config(loss=2 * tv(power=3))


CARRIED = {
    "size": 96, "seed": 7, "loss": "0.5*tv:power=2", "tile": 64, "memory": 3.5, "precision": "bfloat16",
    "weights": "compact_vgg.npz", "weights_sha256": hash_of(embedded()), "network": None, "init": "noise",
    "nstgraph": "0.1.0", "tensorflow": "2.20.0", "scipy": "1.17.0", "stages": ["96x72"],
    "pictures": [], "changed_weights": [],
}  # fmt: skip


@pytest.mark.usefixtures("empty_folder")
def test_settings_that_a_picture_carries_make_a_configuration() -> None:
    expected = Config(
        loss="0.5*tv:power=2",
        size=96,
        seed=7,
        tile=64,
        memory=3.5,
        precision="bfloat16",
        weights=str(embedded()),
        init="noise",
    )
    assert Config.from_settings(CARRIED) == expected
    assert Config.from_settings({}) == Config()  # an older version's lack what came later
    assert Config.from_settings(CARRIED, size=32, weights=None) == expected.replace(size=32, weights=None)


def test_files_are_found_by_their_hash_or_here(empty_folder: Path) -> None:
    other = dict(CARRIED, weights="other.npz")
    assert Config.from_settings(other).weights == str(embedded())
    shutil.copy(embedded(), "other.npz")
    assert Config.from_settings(other).weights == "other.npz"
    (empty_folder / "net.pb").write_bytes(b"net")
    of_network = {"network": "net.pb", "weights": None, "weights_sha256": hash_of(Path("net.pb")), "init": "net.pb"}
    assert Config.from_settings(of_network) == Config(network="net.pb", init="net.pb")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"network": "net.pb"}, {"network": "net.pb", "precision": "auto", "weights": None}),
        ({"weights": "w.npz"}, {"weights": "w.npz", "precision": "bfloat16"}),
        ({"deterministic": True}, {"deterministic": True, "precision": "auto"}),
        ({"precision": "float32", "loss": "tv"}, {"precision": "float32", "loss": "tv"}),
    ],
)
@pytest.mark.usefixtures("empty_folder")
def test_what_is_given_beside_them_wins(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    config = Config.from_settings({**CARRIED, "pooling": "average"}, **changes)
    assert {name: getattr(config, name) for name in expected} == expected and config.seed == 7


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ([], "settings are of type list; give a mapping, such as Result.settings"),
        ({"sizes": 3}, "no setting 'sizes'; did you mean 'size'?"),
        ({"hooks": "x"}, "no setting 'hooks'; choose from "),
        ({3: 4}, "no setting 3; choose from "),
        ({"size": "64"}, "size is '64'; choose 0 or a whole number from 16 to 32768"),
        ({"size": 10**9}, "size is 1000000000; choose 0 or a whole number"),
        ({"loss": {"tv": 1}}, "loss is {'tv': 1}; write it as text"),
        ({"init": "gone.png"}, "the starting image 'gone.png' is not found here; give init itself"),
        ({"init": "/etc/passwd"}, "the starting image '/etc/passwd' is not found here; give init itself"),
        ({**CARRIED, "weights_sha256": "0" * 64},
         "'compact_vgg.npz', with the SHA-256 000000000000..., is not found here or where weights are looked for; "),
        ({**CARRIED, "weights_sha256": None}, "weights is 'compact_vgg.npz', which is no file's name with its SHA-256"),
        ({**CARRIED, "weights": "/x/compact_vgg.npz"}, "weights is '/x/compact_vgg.npz', which is no file's name"),
        ({"network": "n.pb", "weights_sha256": "0"}, "'n.pb', with the SHA-256 0..., is not found here; give network"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("empty_folder")
def test_settings_that_make_none(settings: Any, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config.from_settings(settings)
    assert str(raised.value).startswith(message)


def test_an_optimiser_that_is_given_leaves_out_what_does_not_go_with_it() -> None:
    bounded, kept = {"bounds": True, "optimizer": "lbfgsb"}, {"history": 5, "optimizer": "lbfgs"}
    assert Config.from_settings(bounded, optimizer="lbfgs:rounds=3,evaluations=9").bounds is False
    assert Config.from_settings(bounded, optimizer="adam").bounds is True
    assert Config.from_settings(kept, optimizer="adam").history == 0
    assert Config.from_settings(kept, optimizer="lbfgsb").history == 5
    assert Config.preset("analyticsvidhya", optimizer="lbfgs:rounds=3,evaluations=9").bounds is False
    with pytest.raises(ConfigError, match="optimizer is 'adm'"):
        Config.from_settings(kept, optimizer="adm")


def test_a_texture_has_defaults_of_its_own_and_is_a_config_in_all_else() -> None:
    texture = TextureConfig(size=64)
    assert (texture.aspect, texture.padding, texture.init) == ("1:1", "wrap", "noise")
    assert not any(term.startswith("content") or "*content" in term for term in texture.loss)
    others = {field.name for field in dataclasses.fields(Config)} - {"loss", "padding", "init", "size"}
    assert all(getattr(texture, name) == getattr(Config, name) for name in others)
    assert {"aspect", *others} < {field.name for field in dataclasses.fields(TextureConfig)}
    assert hash(texture) == hash(TextureConfig(size=64)) and texture != TextureConfig(size=64, aspect="2:1")
    assert TextureConfig.from_settings({"aspect": "2:1", "size": 40}, steps=3) == TextureConfig(
        aspect="2:1", size=40, steps=3
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        *(({"aspect": text}, f"aspect is {text!r}; write width:height in whole numbers up to 999, such as 2:1")
          for text in ("2", "2:", "0:1", "2x1", "1:1000", "1.5:1", "-1:2", 2, None, "2:1\n")),
        *(({"init": init}, "a texture has no photo to start from; let init be noise, style or a picture")
          for init in ("content", "blend:noise=1,content=1")),
        ({"crop": "2:1"}, "a texture has no photo to crop; give aspect in place of crop"),
        ({"keep_colors": True}, "a texture has no photo whose colours it could keep; leave keep_colors out"),
        ({"size": 0}, "a texture has no photo whose size it could have; give size in pixels"),
    ],
)  # fmt: skip
def test_settings_that_no_texture_has(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        TextureConfig(**settings)
    assert str(raised.value) == message


def test_settings_of_a_texture_are_not_those_of_a_picture_with_a_photo() -> None:
    with pytest.raises(ConfigError, match=r"^the settings are those of a texture; use nstgraph texture"):
        Config.from_settings({"aspect": "1:1", "size": 40})
    with pytest.raises(ConfigError, match=r"^a texture has no photo to start from"):
        TextureConfig.from_settings({"size": 40, "init": "content"})


@pytest.mark.parametrize("padding", ["wrap", "wrap-x", "wrap-y"])
def test_a_network_from_a_file_can_be_given_pictures_that_wrap(padding: str) -> None:
    assert Config(network="n.pb", padding=padding).padding == padding
