"""Damaged files of settings, and what damaged pictures say they were made from: read, or an error of one line."""

from __future__ import annotations

import pytest
from batches import faults


@pytest.mark.parametrize("reader", ["toml", "records"])
@pytest.mark.parametrize(("first", "beyond"), [(0, 150), pytest.param(0, 5_000, marks=pytest.mark.slow)])
def test_damaged_text(reader: str, first: int, beyond: int) -> None:
    assert faults(reader, first, beyond) == []
