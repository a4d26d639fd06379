"""Damaged networks: each gives feature maps still, or is an error of one line."""

from __future__ import annotations

import pytest
from batches import faults


@pytest.mark.parametrize(("first", "beyond"), [(0, 20), pytest.param(0, 1_000, marks=pytest.mark.slow)])
def test_damaged_networks(first: int, beyond: int) -> None:
    assert faults("networks", first, beyond) == []
