from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from nstgraph.errors import LossError
from nstgraph.losses.parameters import convert

FLOATS, INTS, TEXTS, BOOLS = tuple[float, ...], tuple[int, ...], tuple[str, ...], tuple[bool, ...]


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        (float, "0.5", 0.5),
        (float, "-1e-3", -1e-3),
        (float, "2", 2.0),
        (float, 2, 2.0),
        (float, 0.1, 0.1),
        (float, np.float64(0.1), 0.1),
        (float, np.float32(0.5), 0.5),
        (int, "12", 12),
        (int, "-3", -3),
        (int, 12, 12),
        (int, 12.0, 12),
        (int, np.int64(12), 12),
        (int, 2**53 + 1, 2**53 + 1),
        (int, str(2**53 + 1), 2**53 + 1),
        (str, "gatys", "gatys"),
        (str, "", ""),
        (str, "a+b", "a+b"),
        (bool, True, True),
        (bool, False, False),
        *((bool, word, True) for word in ("true", "True", "YES", "on")),
        *((bool, word, False) for word in ("false", "False", "no", "OFF")),
        (FLOATS, "1+0.5+-2e-1", (1.0, 0.5, -0.2)),
        (FLOATS, "3", (3.0,)),
        (FLOATS, 3, (3.0,)),
        (FLOATS, [1, 2.5], (1.0, 2.5)),
        (FLOATS, "", ()),
        (FLOATS, (), ()),
        (INTS, ("4", 16), (4, 16)),
        (TEXTS, "a+b", ("a", "b")),
        (TEXTS, ["a+b"], ("a+b",)),
        (TEXTS, "a", ("a",)),
        (TEXTS, "", ()),
        (BOOLS, "yes+no", (True, False)),
    ],
)
def test_values_that_fit(kind: Any, value: Any, result: Any) -> None:
    converted = convert(value, kind, "term:parameter")
    assert converted == result and type(converted) is type(result)
    if isinstance(result, tuple):
        assert [type(item) for item in converted] == [type(item) for item in result]


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        *((float, value, "a number") for value in ("", "x", "1,5", "nan", "-inf", "1e999", "true", "1+2")),
        *((float, value, "a number") for value in (None, True, math.nan, math.inf, 10**400, 1j, [1.0], {})),
        *((int, value, "a whole number") for value in ("", "1.5", "1.0", "1e3", "nan", "1" + "0" * 400, "no")),
        *((int, value, "a whole number") for value in (None, False, 1.5, math.nan, -math.inf, 10**400, b"1", ())),
        *((bool, value, "true or false") for value in ("", "1", "maybe", 1, 0, 0.0, None, [])),
        *((str, value, "text") for value in (1, None, True, ("a",), b"a")),
    ],
)
def test_values_that_do_not_fit(kind: Any, value: Any, wanted: str) -> None:
    with pytest.raises(LossError) as raised:
        convert(value, kind, "term:parameter")
    assert str(raised.value) == f"term:parameter takes {wanted}, not {value!r}"


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (FLOATS, "1+x+3", "a number, not 'x'"),
        (FLOATS, "1+", "a number, not ''"),
        (FLOATS, (1, None), "a number, not None"),
        (FLOATS, None, "a number, not None"),
        (FLOATS, (True,), "a number, not True"),
        (INTS, "1+2.5", "a whole number, not '2.5'"),
        (TEXTS, ["a", 1], "text, not 1"),
        (TEXTS, {"a": 1}, "text, not {'a': 1}"),
        (BOOLS, "yes+1", "true or false, not '1'"),
    ],
)
def test_the_item_that_does_not_fit_is_named(kind: Any, value: Any, message: str) -> None:
    with pytest.raises(LossError) as raised:
        convert(value, kind, "term:list")
    assert str(raised.value) == f"term:list takes {message}"


def test_layers_are_checked_one_by_one() -> None:
    assert convert("conv5_4", str, "style:layer", is_layer=True) == "conv5_4"
    assert convert("conv1_1+pool5", TEXTS, "style:layers", is_layer=True) == ("conv1_1", "pool5")
    with pytest.raises(LossError, match=r"^no layer 'conv31' in VGG; did you mean 'conv3_1'\?$"):
        convert("conv31", str, "style:layer", is_layer=True)
    with pytest.raises(LossError, match=r"^no layer 'pool6' in VGG; did you mean 'pool\d'\?$"):
        convert(["conv1_1", "pool6"], TEXTS, "style:layers", is_layer=True)
    with pytest.raises(LossError, match=r"^style:layers takes text, not 3$"):
        convert([3], TEXTS, "style:layers", is_layer=True)
