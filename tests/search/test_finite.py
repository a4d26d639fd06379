"""What counts as a number, and what is named where it is none."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.arrays import Values
from nstgraph.search.finite import is_finite, not_finite

FINE = np.ones(4, np.float32)


def values(terms, gradient=FINE):
    return Values(sum(terms.values()), terms, gradient)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (values({"a": 1.0, "b": np.nan}), "loss term 'b'"),
        (values({"a": np.inf, "b": -np.inf, "c": 1.0}), "loss term 'a' (and 'b')"),
        (values({"a": 1.0}, FINE * np.float32("nan")), "the gradient"),
        (values({"a": 1.0}, np.array([np.inf, -np.inf, 0], np.float32)), "the gradient"),
        (Values(np.nan, {}, FINE), "the loss"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_a_number_is_named(one, said):
    assert not is_finite(one)
    assert not_finite(one) == said


def test_numbers_are_finite():
    assert is_finite(values({"a": 1.0, "b": -2e30}, FINE * np.float32(1e30)))
