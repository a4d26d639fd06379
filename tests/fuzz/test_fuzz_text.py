"""What people write: losses, parameters, settings and paths, of any text and of text that is nearly right."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from child import fault_of
from hypothesis import given, settings
from hypothesis import strategies as st

from nstgraph.config import Config
from nstgraph.losses.loss_text import as_loss, parse_loss
from nstgraph.losses.parameter_types import parameter_type
from nstgraph.losses.registry import registry
from nstgraph.networks.weights_file import WeightsFile
from nstgraph.pictures.load import load
from nstgraph.value_checks import setting_of


def cases(fast: int, slow: int, **values: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a test of a function that reads what it is given: of ``fast`` cases, or ``slow`` ones where that is slow."""

    def decorate(read: Callable[..., Any]) -> Any:
        @pytest.mark.parametrize("count", [fast, pytest.param(slow, marks=pytest.mark.slow)])
        def test(count: int) -> None:
            @settings(max_examples=count, derandomize=True, database=None, deadline=None)
            @given(st.fixed_dictionaries(values))
            def check(values: dict[str, Any]) -> None:
                assert fault_of(lambda: read(**values)) == ""

            check()

        return test

    return decorate


class Side(enum.Enum):
    """A choice."""

    LEFT = "l"
    RIGHT = 2


NAMES = st.sampled_from([*registry.names(), "default", "Style", "styl", ""])
NUMBERS = st.one_of(
    st.sampled_from(["1", "0.5", "1e3", "-2", "1e999", "nan", "inf", "1_0", "٣", "0x1", "", "9" * 5000, " "]),
    st.floats().map(str),
    st.integers().map(str),
)
KEYS = st.sampled_from(sorted({key for name in registry.names() for key in registry[name].parameters} | {"", "x"}))
VALUES = st.one_of(
    NUMBERS,
    st.sampled_from(["conv1_1", "conv3_1+pool4", "none", "true", "image", "+", "++", "a+", "mean", "'a, b'", "'a"]),
    st.text(max_size=8),
    st.text(alphabet="'\"+, =a\n", max_size=8),
)
TERMS = st.builds(
    lambda weight, star, name, colon, items: f"{weight}{star}{name}{colon}{','.join(items)}",
    st.one_of(st.just(""), NUMBERS),
    st.sampled_from(["*", "*", "", "**"]),
    NAMES,
    st.sampled_from([":", ":", "", "::"]),
    st.lists(st.builds(lambda key, sign, value: key + sign + value, KEYS, st.sampled_from(["=", "", "=="]), VALUES),
             max_size=4),
)  # fmt: skip
TEXT = st.one_of(st.text(), st.text(alphabet="*:,=+'\" .e0123456789_-\n\0styleconv", max_size=60))
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), TEXT, st.binary(max_size=20),
    st.lists(TEXT, max_size=3), st.lists(st.integers(), max_size=3).map(tuple), st.dictionaries(TEXT, TEXT, max_size=2),
    st.sampled_from([10**5000, -(10**5000), "x" * 10_000, object(), int, Side.LEFT, Path("a"), [[[]]], {1}, b""]),
)  # fmt: skip
TYPES = st.sampled_from([
    bool, int, float, str, Path, Literal["mean", "sum", 3], Side, tuple[float, ...], list[str], tuple[int, float],
    float | None, tuple[Side, ...], list[Path] | None,
])  # fmt: skip


@cases(40, 1500, texts=st.one_of(TEXT, st.lists(TEXT, max_size=3), ANYTHING), keep_colors=st.booleans())
def test_any_text_as_a_loss(texts: Any, keep_colors: bool) -> Any:
    return as_loss(texts, keep_colors=keep_colors)


@cases(40, 1500, texts=st.lists(TERMS, min_size=1, max_size=3))
def test_text_that_is_nearly_a_loss(texts: list[str]) -> Any:
    loss = parse_loss(texts)
    assert parse_loss(str(loss)) == loss
    return loss


SETTINGS = [field.name for field in dataclasses.fields(Config)]

NEARLY = st.one_of(ANYTHING, st.sampled_from(["auto", "off", "content", "max", "float32", "lbfgsb", "rgb", 0, 1, 512]))


@cases(30, 1000, chosen=st.dictionaries(st.sampled_from(SETTINGS), NEARLY, max_size=3))
def test_settings(chosen: dict[str, Any]) -> Any:
    return Config(**chosen)


@cases(20, 500, chosen=st.dictionaries(st.one_of(st.sampled_from(SETTINGS), st.text(max_size=9)), NEARLY, max_size=3))
def test_changed_settings(chosen: dict[str, Any]) -> Any:
    return Config().replace(**chosen)


CARRIED = st.sampled_from([*SETTINGS, "weights_sha256", "stages", "nstgraph"])


@cases(30, 1000, carried=st.one_of(ANYTHING, st.dictionaries(st.one_of(CARRIED, TEXT, st.integers()), NEARLY)))
def test_settings_that_are_read_back(carried: Any) -> Any:
    return Config.from_settings(carried)


@cases(20, 500, setting=st.sampled_from(dataclasses.fields(Config)), text=st.one_of(NUMBERS, TEXT))
def test_settings_from_a_command_line(setting: Any, text: str) -> Any:
    check = setting_of(setting).check
    assert isinstance(check.fault(check.parse(text)), str)


@cases(30, 700, annotation=TYPES, value=st.one_of(ANYTHING, VALUES))
def test_values_of_parameters(annotation: Any, value: Any) -> Any:
    kind = parameter_type(annotation)
    assert kind is not None
    return kind.convert(value, "term:parameter")


@cases(10, 300, path=st.one_of(TEXT, st.sampled_from(["a\nb", "\0", "\udcff", "x" * 5000, "..", "https://a\n/b"])))
def test_paths(path: str) -> Any:
    return [read(path) for read in (load, WeightsFile)]
