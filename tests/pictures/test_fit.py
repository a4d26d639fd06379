"""Sizes by aspect, rows and squares."""

from __future__ import annotations

import pytest

from nstgraph.pictures.fit import fitted


def test_a_fitted_size_keeps_its_aspect() -> None:
    assert (fitted((300, 400), 201), fitted((7, 3), 14), fitted((1000, 1), 100)) == ((151, 201), (14, 6), (100, 1))


@pytest.mark.parametrize(
    ("fit", "expected"), [("longest", (30, 40)), ("rows", (40, 53)), ("crop", (40, 40)), ("stretch", (40, 40))]
)
def test_what_has_the_size_is_what_the_fit_names(fit: str, expected: tuple[int, int]) -> None:
    assert fitted((300, 400), 40, fit) == expected
