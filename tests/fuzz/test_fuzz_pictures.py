"""Damaged pictures of every format that is read: each is a picture still, or an error of one line."""

from __future__ import annotations

import pytest
from batches import faults


@pytest.mark.parametrize(("first", "beyond"), [(0, 250), pytest.param(0, 10_000, marks=pytest.mark.slow)])
def test_damaged_pictures(first: int, beyond: int) -> None:
    assert faults("pictures", first, beyond) == []
