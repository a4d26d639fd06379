from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nstgraph.errors import CheckpointError
from nstgraph.graph.masks import Masks, Region

ONE, OTHER = np.zeros((2, 2), np.uint8), np.zeros((3, 3), np.uint8)


def test_which_mask_is_which_survives_as_json() -> None:
    masks = Masks((Region(ONE, {1: OTHER, 0: None}), Region(OTHER), Region(None, {0: ONE})), ONE)
    again = Masks.from_json(masks.as_json())
    assert again.as_json() == masks.as_json()
    first, second, third = again.regions
    assert first.mask is third.styles[0] is again.content_strength and second.mask is first.styles[1]
    assert first.mask is not second.mask and third.mask is None and list(first.styles) == [1, 0]
    assert Masks.from_json(Masks().as_json()) == Masks()


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"regions": []},
        {"regions": [3], "content_strength": None},
        {"regions": [{"mask": [], "styles": []}], "content_strength": None},
        {"regions": [{"mask": 0, "styles": [["a", 0]]}], "content_strength": None},
        {"regions": [{"mask": True, "styles": []}], "content_strength": None},
    ],
)
def test_what_is_damaged_is_refused(given: Any) -> None:
    with pytest.raises(CheckpointError, match=r"^the masks of the checkpoint are damaged; "):
        Masks.from_json(given)
