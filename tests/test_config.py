from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from nstgraph.config import DEFAULT_LOSS, PADDINGS, POOLINGS, Config
from nstgraph.errors import ConfigError
from nstgraph.registry import as_loss

RANGES: dict[str, tuple[float, float, str]] = {
    "size": (16, 32768, "a whole number from 16 to 32768"),
    "style_scale": (0.05, 20.0, "a number from 0.05 to 20.0"),
    "steps": (1, 1_000_000, "a whole number from 1 to 1000000"),
    "scales": (0, 12, "a whole number from 0 to 12"),
    "history": (1, 1000, "a whole number from 1 to 1000"),
    "seed": (0, 2**32 - 1, "a whole number from 0 to 4294967295"),
}


def test_defaults_are_valid_and_the_default_loss_can_be_read() -> None:
    config = Config()
    assert (config.init, config.bounds, config.freeze, config.weights) == ("content", False, True, None)
    assert str(as_loss(config.loss)) == " ".join(DEFAULT_LOSS)


def test_every_setting_is_documented() -> None:
    entries = str(Config.__doc__).split("Attributes:")[1].split("\n        ")
    assert [entry.split(":")[0] for entry in entries[1:]] == [field.name for field in dataclasses.fields(Config)]


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
    with pytest.raises(ConfigError, match=rf"^{name} is 20\.0; choose a whole number from"):
        Config(**{name: 20.0})  # type: ignore[arg-type]


def test_style_scale_may_be_a_whole_number() -> None:
    assert Config(style_scale=2).style_scale == 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("pooling", "avg", "no pooling 'avg'; did you mean 'average'?"),
        ("pooling", "", "no pooling ''; choose from average, max"),
        ("pooling", None, "no pooling None; choose from average, max"),
        ("padding", "mirror", "no padding 'mirror'; choose from reflect, replicate, zero"),
        ("padding", 0, "no padding 0; choose from reflect, replicate, zero"),
        ("bounds", "no", "bounds is 'no'; choose True or False"),
        ("freeze", 1, "freeze is 1; choose True or False"),
    ],
)
def test_choices(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config(**{name: value})
    assert str(raised.value) == message


def test_all_choices_are_accepted() -> None:
    assert {Config(pooling=pooling).pooling for pooling in POOLINGS} == {"average", "max"}
    assert {Config(padding=padding).padding for padding in PADDINGS} == {"replicate", "reflect", "zero"}


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
        ({"qqq": 3}, "no setting 'qqq'; choose from bounds, freeze, history, init, loss, padding, pooling, "
                     "scales, seed, size, steps, style_scale, weights"),
        ({"steps": 0}, "steps is 0; choose a whole number from 1 to 1000000"),
    ],
)  # fmt: skip
def test_replace_refuses(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Config().replace(**changes)
    assert str(raised.value) == message
