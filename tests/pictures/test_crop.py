"""The middle of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.errors import PictureError
from nstgraph.pictures.crop import middle_square
from nstgraph.pictures.picture import Picture

RANDOM = np.random.default_rng(0)


def picture(height: int, width: int, alpha: np.ndarray | None = None) -> Picture:
    return Picture(RANDOM.uniform(0, 255, (1, height, width, 3)).astype(np.float32), alpha, "p.png", "a note")


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [((20, 50), slice(0, 20), slice(15, 35)), ((51, 20), slice(15, 35), slice(0, 20))],
)
def test_the_square_in_the_middle_is_kept(size: tuple[int, int], rows: slice, columns: slice) -> None:
    alpha = RANDOM.uniform(0.1, 0.9, size).astype(np.float32)
    whole = picture(*size, alpha)
    cut = middle_square(whole)
    np.testing.assert_array_equal(cut.rgb, whole.rgb[:, rows, columns])
    assert cut.alpha is not None and cut.rgb.base is None
    np.testing.assert_array_equal(cut.alpha, alpha[rows, columns])
    assert (cut.size, cut.name, cut.note) == ((20, 20), "p.png", "a note")


def test_a_square_is_kept_as_it_is() -> None:
    square = picture(30, 30)
    assert middle_square(square) is square


def test_a_middle_that_is_opaque_has_no_transparency() -> None:
    alpha = np.ones((20, 60), np.float32)
    alpha[:, :5] = 0
    assert middle_square(picture(20, 60, alpha)).alpha is None


def test_a_middle_that_nobody_would_see_is_refused() -> None:
    alpha = np.zeros((20, 60), np.float32)
    alpha[:, :5] = 1
    with pytest.raises(PictureError, match=r"^the middle of p\.png is entirely transparent; crop it by hand"):
        middle_square(picture(20, 60, alpha))
