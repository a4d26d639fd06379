"""The middle of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.errors import PictureError
from nstgraph.pictures.crop import Crop, middle
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
    cut = middle(whole, 1.0)
    np.testing.assert_array_equal(cut.rgb, whole.rgb[:, rows, columns])
    assert cut.alpha is not None and cut.rgb.base is None
    np.testing.assert_array_equal(cut.alpha, alpha[rows, columns])
    assert (cut.size, cut.name, cut.note) == ((20, 20), "p.png", "a note")


def test_a_square_is_kept_as_it_is() -> None:
    square = picture(30, 30)
    assert middle(square, 1.0) is square


def test_a_middle_that_is_opaque_has_no_transparency() -> None:
    alpha = np.ones((20, 60), np.float32)
    alpha[:, :5] = 0
    assert middle(picture(20, 60, alpha), 1.0).alpha is None


def test_a_middle_that_nobody_would_see_is_refused() -> None:
    alpha = np.zeros((20, 60), np.float32)
    alpha[:, :5] = 1
    with pytest.raises(PictureError, match=r"^the middle of p\.png is entirely transparent; crop it by hand"):
        middle(picture(20, 60, alpha), 1.0)


@pytest.mark.parametrize(
    ("aspect", "size", "expected"),
    [(16 / 9, (40, 60), (34, 60)), (1.5, (40, 60), (40, 60)), (0.5, (40, 60), (40, 20)), (2.0, (100, 30), (15, 30))],
)
def test_a_middle_has_the_aspect_that_was_asked_for(
    aspect: float, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    if min(expected) < 20:
        with pytest.raises(PictureError, match=r"^p\.png would be cropped to 30 x 15 pixels, below 20; choose another"):
            middle(picture(*size), aspect)
        return
    whole = picture(*size)
    cut = middle(whole, aspect)
    assert cut.size == expected
    top, left = (size[0] - expected[0]) // 2, (size[1] - expected[1]) // 2
    np.testing.assert_array_equal(cut.rgb, whole.rgb[:, top : top + expected[0], left : left + expected[1]])


def test_photos_are_cut_to_the_aspect_and_all_pictures_to_the_square() -> None:
    whole = picture(60, 80)
    assert (Crop().photo(whole), Crop().painting(whole)) == (whole, whole)
    assert (Crop(2.0).photo(whole).size, Crop(2.0).painting(whole).size) == ((40, 80), (60, 80))
    both = Crop(2.0, square=True)
    assert (both.photo(whole).size, both.painting(whole).size) == ((40, 40), (60, 60))
