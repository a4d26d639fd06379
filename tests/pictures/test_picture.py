import numpy as np
import pytest

from nstgraph.errors import PictureError
from nstgraph.pictures.load import load
from nstgraph.pictures.picture import check_size, fitted, resize, side_by_side


def noise(height=24, width=32, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def test_fitted_and_check_size():
    assert (fitted(300, 400, 201), fitted(7, 3, 14), fitted(1000, 1, 100)) == ((151, 201), (14, 6), (100, 1))
    assert check_size(load(noise(20, 40)), 80) == (40, 80)
    with pytest.raises(PictureError, match="array is 1 x 1 pixels; use one of at least 20 x 20"):
        check_size(load(noise(1, 1)), 100)
    with pytest.raises(PictureError, match=r"shrink to 100 x 10.*crop it or raise the size.*at least 200"):
        check_size(load(noise(20, 200)), 100)
    assert check_size(load(noise(20, 200)), 200) == (20, 200)


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
