from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import numpy as np
import pytest

from nstgraph.errors import LossError
from nstgraph.losses.parameter_types import as_number, parameter_type, text_of
from nstgraph.messages import shown
from nstgraph.pictures.load import Source


def convert(value: Any, annotation: Any, where: str) -> Any:
    """A value as the type that an annotation stands for."""
    known = parameter_type(annotation)
    assert known is not None
    return known.convert(value, where)


class Side(enum.Enum):
    LEFT = "l"
    RIGHT = "r"
    l = "both"  # noqa: E741


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
        (list[str], "a+b", ("a", "b")),
        (Sequence[float], [1, 2], (1.0, 2.0)),
        (tuple[int, float], "1+2", (1, 2.0)),
        (Path, "a/b.png", Path("a/b.png")),
        (Path, Path("c"), Path("c")),
        (Literal["mean", "sum"], "sum", "sum"),
        (Literal[1, 2], "2", 2),
        (tuple[Literal["a", "b"], ...], "b+a", ("b", "a")),
        (Side, "r", Side.RIGHT),
        (Side, "RIGHT", Side.RIGHT),
        (Side, "l", Side.LEFT),  # a value goes before a name
        (Side, Side.LEFT, Side.LEFT),
        (float | None, "none", None),
        (Optional[float], None, None),  # noqa: UP045 - as others write it
        (float | None, "2", 2.0),
        (tuple[int, ...] | None, "1+2", (1, 2)),
        (Annotated[int, "number of bins"], "3", 3),
        (np.float32, "0.5", 0.5),
        (np.int64, 3, 3),
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
        *((float, value, "a number") for value in (None, True, math.nan, math.inf, 10**400, [10**5000], 1j, [1.0], {})),
        *((int, value, "a whole number") for value in ("", "1.5", "1.0", "1e3", "nan", "1" + "0" * 400, "no")),
        *((int, value, "a whole number") for value in (None, False, 1.5, math.nan, -math.inf, 10**400, b"1", ())),
        *((bool, value, "true or false") for value in ("", "1", "maybe", 1, 0, 0.0, None, [])),
        *((str, value, "text") for value in (1, None, True, ("a",), b"a")),
    ],
)
def test_values_that_do_not_fit(kind: Any, value: Any, wanted: str) -> None:
    with pytest.raises(LossError) as raised:
        convert(value, kind, "term:parameter")
    assert str(raised.value) == f"term:parameter takes {wanted}, not {shown(value)}"


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
        (float | None, "nothing", "a number, not 'nothing'"),
        (Literal["mean", "sum"], "means", "one of mean, sum, not 'means'; did you mean 'mean'?"),
        (Literal["mean", "sum"], 3, "one of mean, sum, not 3"),
        (Side, "up", "one of l, r, both, not 'up'; choose from LEFT, RIGHT, both, l, r"),
        (tuple[int, float], "1", "2 values joined by + (a whole number, a number), not '1'"),
        (Path, 3, "a path, not 3"),
    ],
)
def test_the_item_that_does_not_fit_is_named(kind: Any, value: Any, message: str) -> None:
    with pytest.raises(LossError) as raised:
        convert(value, kind, "term:list")
    assert str(raised.value) == f"term:list takes {message}"


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "a whole number"),
        (tuple[float, ...], "numbers joined by +"),
        (float | None, "a number or none"),
        (Literal["a", "b"], "one of a, b"),
        (list[Path], "paths joined by +"),
        (bool, "true or false"),
    ],
)
def test_types_say_in_plain_words_what_they_take(annotation: Any, words: str) -> None:
    known = parameter_type(annotation)
    assert known is not None and known.words == words


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, "number"),
        (tuple[float, ...], "number"),
        (float | None, "number"),
        (bool, "switch"),
        (Literal["a", "b"], "choice"),
        (list[str], "text"),
        (str | None, "text"),
        (Path, "file"),
        (list[Path], "file"),
        (Source, "file"),
        (Source | None, "file"),
        (tuple[int, float], "number"),
        (tuple[int, Path], "file"),
        (tuple[int, str], "file"),
    ],
)
def test_types_say_whether_they_may_name_a_file(annotation: Any, kind: str) -> None:
    known = parameter_type(annotation)
    assert known is not None and known.kind == kind


@pytest.mark.parametrize(
    "annotation", [dict, dict[str, int], int | str, list[list[int]], set, complex, object, bytes, tuple[dict, ...]]
)
def test_other_types_are_not_supported(annotation: Any) -> None:
    assert parameter_type(annotation) is None


@pytest.mark.parametrize(
    ("annotation", "value"),
    [(Side, Side.RIGHT), (float | None, None), (Path, Path("a")), (tuple[int, float], (1, 0.5))],
)
def test_what_is_written_is_read_back(annotation: Any, value: Any) -> None:
    assert convert(text_of(value), annotation, "term:parameter") == value


def test_a_number_by_itself() -> None:
    assert as_number("1e-3", "the weight") == 0.001
    with pytest.raises(LossError, match=r"^the weight takes a number, not 'x'$"):
        as_number("x", "the weight")
