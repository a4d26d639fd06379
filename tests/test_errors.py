from __future__ import annotations

import re

import pytest

from nstgraph import errors
from nstgraph.errors import Interrupted, NstgraphError, RunError, fault_of


def documented_tree() -> dict[str, str | None]:
    """Every class drawn in the module's docstring, with the class that it is drawn below."""
    parents: dict[str, str | None] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if drawn := re.match(r" {4}((?:[│├└ ][─ ]{2} )*)(\w+)", line):
            depth = len(drawn[1]) // 4
            parents[drawn[2]] = above.get(depth - 1)
            above[depth] = drawn[2]
    return parents


def test_the_documented_tree_is_the_real_one() -> None:
    tree = documented_tree()
    assert sorted([*tree, "fault_of"]) == errors.__all__
    assert tree.pop("NstgraphError") is None and errors.NstgraphError.__bases__ == (Exception,)
    assert tree.pop("Interrupted") is None and Interrupted.__bases__ == (KeyboardInterrupt,)
    assert {name: getattr(errors, name).__bases__ for name in tree} == {
        name: (getattr(errors, str(parent)),) for name, parent in tree.items()
    }


def test_what_went_wrong_is_said_in_words() -> None:
    assert fault_of(NstgraphError("it broke; mend it")) == "it broke; mend it"
    assert fault_of(ValueError("one\ntwo")) == "ValueError: one two"


def test_interrupted_carries_the_result_past_handlers_of_errors() -> None:
    result = object()
    with pytest.raises(KeyboardInterrupt) as raised:
        try:
            raise Interrupted(result)
        except Exception:
            pytest.fail("Ctrl-C is not an error, and no handler of errors may swallow it")
    assert isinstance(raised.value, Interrupted) and raised.value.result is result
    assert str(raised.value) == "interrupted"


@pytest.mark.parametrize("result", [None, object()])
def test_a_failed_run_carries_what_it_had(result: object) -> None:
    with pytest.raises(NstgraphError, match=r"^out of memory; use a smaller --size$") as raised:
        raise RunError("out of memory; use a smaller --size", result)
    assert isinstance(raised.value, RunError) and raised.value.result is result


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("a\nb.png does not exist", r"a\nb.png does not exist"),
        ("\x1b[31m\x00\u2028\udcff", r"\x1b[31m\x00\u2028\udcff"),
        ("48 × 36 · 9.41\u202fAM.png", "48 × 36 · 9.41\u202fAM.png"),
        (f"cannot read {'x' * 10_000}; write y", f"cannot read {'x' * 235} ... {'x' * 238}; write y"),
    ],
)
def test_a_message_is_one_line_of_some_hundred_characters(message: str, line: str) -> None:
    assert str(NstgraphError(message)) == line and len(line) <= 500
