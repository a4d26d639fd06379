from __future__ import annotations

import pytest

from nstgraph import tf
from nstgraph.messages import did_you_mean, duration, one_line, shown


@pytest.mark.parametrize(
    ("name", "known", "ending"),
    [
        ("contnet", ["style", "content", "tv"], "; did you mean 'content'?"),
        ("styles", ["tv", "style"], "; did you mean 'style'?"),
        ("xyz", ["tv", "style", "content"], "; choose from content, style, tv"),
        ("", ["tv", "style"], "; choose from style, tv"),
        ("xyz", [], ""),
    ],
)
def test_did_you_mean(name: str, known: list[str], ending: str) -> None:
    assert did_you_mean(name, iter(known)) == ending


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"), (3599.4, "59 min 59 s"),
     (3599.6, "1 h 00 min"), (4805, "1 h 20 min"), (90_000, "25 h 00 min")],
)  # fmt: skip
def test_durations_are_written_in_one_way(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_an_error_becomes_one_line_of_bounded_length() -> None:
    assert one_line(ValueError("two\n  lines")) == "two lines"
    assert one_line(KeyError()) == "KeyError"
    assert one_line("x" * 1000) == "x" * 200


def test_of_tensorflows_errors_the_stack_traces_are_left_out() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        failing = tf.reshape(tf.constant([1.0, 2.0]), tf.placeholder_with_default([3], [1]), name="failing")
        with pytest.raises(tf.errors.InvalidArgumentError) as raised:
            session.run(failing)
    line = one_line(raised.value)
    assert "values" in line and "Original stack trace" not in line and "\n" not in line and "test_messages" not in line


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a 'b'", "\"a 'b'\""),
        ("a\n", r"'a\n'"),
        ((10**5000,), "<tuple>"),  # more digits than Python writes
        ([1, 10**5000], "<list>"),
        ("x" * 10_000, f"'{'x' * 47}...{'x' * 48}'"),
    ],
)
def test_values_are_shown_in_short(value: object, text: str) -> None:
    assert shown(value) == text
