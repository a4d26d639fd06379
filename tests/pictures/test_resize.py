"""Pictures at other sizes, and in a row."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.pictures.resize import resize, row_size, side_by_side


def test_resize():
    ramp = np.linspace(-0.5, 300.5, 64, dtype=np.float32)[None, :].repeat(48, 0)
    small = resize(ramp, 12, 16)
    assert small.shape == (12, 16) and small.dtype == np.float32
    assert small.mean() == pytest.approx(ramp.mean(), rel=1e-4) and np.all(np.diff(small[0]) > 0)
    assert resize(ramp, 48, 64) is ramp
    constant = np.full((1, 20, 30, 5), 77.3, dtype=np.float32)
    assert resize(constant, 33, 7).shape == (1, 33, 7, 5)
    assert np.allclose(resize(constant, 33, 7), 77.3, atol=1e-3)
    stripes = np.tile(np.float32([0, 255]), (64, 32))
    assert np.abs(resize(stripes, 16, 16)[:, 2:-2] - 127.5).max() < 5


def test_side_by_side():
    first, second = np.zeros((1, 20, 30, 3), np.float32), np.full((1, 40, 20, 3), 100, np.float32)
    row = side_by_side([first, second])
    assert row.shape == (1, 20, 30 + 8 + 10, 3) and row.dtype == np.float32
    assert row[0, :, :30].max() == 0 and row[0, :, 30:38].min() == 255
    assert np.allclose(row[0, :, 38:], 100, atol=1e-3)
    assert side_by_side([first, second], 40).shape == (1, 40, 60 + 8 + 20, 3)


# Of 5 pixels, the filter sees some more than once.
@pytest.mark.parametrize(("old", "new"), [((24, 20), (12, 10)), ((24, 20), (48, 30)), ((5, 7), (13, 3))])
@pytest.mark.parametrize("wraps", [(True, True), (False, True), (True, False)])
def test_a_picture_that_wraps_is_resized_as_one_of_many(old, new, wraps):
    image = np.random.default_rng(0).uniform(0, 255, (1, *old, 3)).astype(np.float32)
    times = [5 if wrap else 1 for wrap in wraps]
    many = resize(np.tile(image, (1, *times, 1)), *(side * count for side, count in zip(new, times, strict=True)))
    middle = tuple(slice(side * (count // 2), side * (count // 2 + 1)) for side, count in zip(new, times, strict=True))
    resized = resize(image, *new, wraps=wraps)
    np.testing.assert_allclose(resized, many[:, middle[0], middle[1]], atol=0.01)
    np.testing.assert_array_equal(resize(image[0, :, :, 0], *new, wraps=wraps), resized[0, :, :, 0])
    assert np.abs(resized - resize(image, *new)).max() > 1


def test_the_size_of_a_row_is_known_before_it_is_made():
    images = [np.zeros((1, height, width, 3), np.float32) for height, width in ((24, 32), (7, 200), (300, 2), (24, 32))]
    row = side_by_side(images)
    assert row.shape[1:3] == row_size([image.shape[1:3] for image in images])
