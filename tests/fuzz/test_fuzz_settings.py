"""Damaged pictures that carry settings, and damaged settings: a configuration is made, or an error of one line."""

from __future__ import annotations

import pytest
from batches import faults


@pytest.mark.parametrize(("first", "beyond"), [(0, 100), pytest.param(0, 5_000, marks=pytest.mark.slow)])
def test_damaged_settings(first: int, beyond: int) -> None:
    assert faults("settings", first, beyond) == []
