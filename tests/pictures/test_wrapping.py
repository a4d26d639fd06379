"""Where pictures wrap, and the sizes at which they do."""

from __future__ import annotations

import pytest

from nstgraph.pictures.fit import Size
from nstgraph.pictures.wrapping import Wraps, in_strides, wraps_of


@pytest.mark.parametrize(
    ("padding", "wraps"),
    [("wrap", (True, True)), ("wrap-x", (False, True)), ("wrap-y", (True, False)), ("reflect", (False, False))],
)
def test_a_padding_says_where_a_picture_wraps(padding: str, wraps: Wraps) -> None:
    assert wraps_of(padding) == wraps


@pytest.mark.parametrize(
    ("size", "stride", "wraps", "expected"),
    [
        ((97, 131), 4, (True, True), (96, 132)),
        ((97, 131), 4, (False, True), (97, 132)),
        ((97, 131), 4, (True, False), (96, 131)),
        ((97, 131), 1, (True, True), (97, 131)),
        ((5, 21), 16, (True, True), (16, 16)),
        ((97, 131), 4, (False, False), (97, 131)),
    ],
)
def test_a_side_that_wraps_is_the_nearest_number_of_strides(
    size: Size, stride: int, wraps: Wraps, expected: Size
) -> None:
    assert in_strides(size, stride, wraps) == expected
