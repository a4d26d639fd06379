"""Sizes by aspect, rows and squares."""

from __future__ import annotations

import pytest

from nstgraph.pictures.fit import aspect_of, fitted


def test_a_fitted_size_keeps_its_aspect() -> None:
    assert (fitted((300, 400), 201), fitted((7, 3), 14), fitted((1000, 1), 100)) == ((151, 201), (14, 6), (100, 1))


@pytest.mark.parametrize(
    ("fit", "expected"),
    [
        ("longest", (30, 40)),
        ("shortest", (40, 53)),
        ("rows", (40, 53)),
        ("columns", (30, 40)),
        ("crop", (40, 40)),
        ("stretch", (40, 40)),
    ],
)
def test_what_has_the_size_is_what_the_fit_names(fit: str, expected: tuple[int, int]) -> None:
    assert fitted((300, 400), 40, fit) == expected
    if fit in ("shortest", "columns", "rows", "longest"):
        turned = fitted((400, 300), 40, {"rows": "columns", "columns": "rows"}.get(fit, fit))
        assert turned == expected[::-1]


@pytest.mark.parametrize(
    ("text", "aspect"),
    [("16:9", 16 / 9), ("1:1", 1), ("2.39:1", 2.39), ("1:100", 0.01), ("0.5:0.25", 2), ("1:101", None), ("0:0", None),
     ("16:0", None), ("16x9", None), ("16/9", None), ("-1:1", None), ("1:", None), ("", None), ("1e3:1e3", None),
     ("16:9:1", None), (" 16:9", None), ("16:9\n", None), ("\u0661:\u0661", None), ("inf:1", None)],
)  # fmt: skip
def test_aspects_are_read(text: str, aspect: float | None) -> None:
    assert aspect_of(text) == aspect
