"""Damaged weights files: each has its layers still, or is an error of one line."""

from __future__ import annotations

import pytest
from batches import faults


@pytest.mark.parametrize(("first", "beyond"), [(0, 60), pytest.param(0, 3_000, marks=pytest.mark.slow)])
def test_damaged_weights(first: int, beyond: int) -> None:
    assert faults("weights", first, beyond) == []


@pytest.mark.parametrize(("first", "beyond"), [(0, 105), pytest.param(0, 5_000, marks=pytest.mark.slow)])
def test_damaged_weights_of_other_formats(first: int, beyond: int) -> None:
    assert faults("other weights", first, beyond) == []
