"""What tests of networks share."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def arrays(vgg_arrays: Any) -> dict[str, Any]:
    """What a weights file with two layers holds."""
    return vgg_arrays("conv1_1", "conv1_2")  # type: ignore[no-any-return]
