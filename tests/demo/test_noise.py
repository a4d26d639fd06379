import numpy as np
import pytest

from nstgraph.demo.noise import Noise, halved, smooth

Y, X = np.mgrid[0:32:0.125, 0:32:0.125]  # one period


def noise(seed):
    return Noise(np.random.default_rng(seed))


def test_same_seed_same_noise_other_seed_another():
    first = noise(3).fractal(X, Y, 3)
    np.testing.assert_array_equal(first, noise(3).fractal(X, Y, 3))
    assert np.abs(first - noise(4).fractal(X, Y, 3)).mean() > 0.5


def test_range():
    values = noise(0).at(X, Y)
    assert values.shape == X.shape and values.dtype == np.float32
    assert values.mean() == pytest.approx(0, abs=0.01) and values.std() == pytest.approx(1, abs=0.05)
    assert 2 < np.abs(values).max() < 7
    np.testing.assert_allclose(noise(0).at(X + 32, Y - 32), values, atol=1e-4)


def test_fractal_is_a_sum_of_octaves():
    np.testing.assert_array_equal(noise(0).fractal(X, Y, 1), noise(0).at(X, Y))
    assert noise(0).fractal(X[:1], Y[:, :1], 2).shape == X.shape
    assert noise(0).fractal(X, Y, 4, ridged=True).mean() > 0.2 > abs(noise(0).fractal(X, Y, 4).mean())


def test_smooth_rises_from_0_to_1_and_keeps_a_constant_constant():
    np.testing.assert_allclose(smooth(2, 4, np.array([-9, 2, 2.5, 3, 3.5, 4, 9])), [0, 0, 0.15625, 0.5, 0.84375, 1, 1])
    flat = smooth(0, 1, np.full((3, 4), 0.3))
    assert flat.shape == (3, 4) and np.ptp(flat) == 0


def test_halved_takes_means_over_2_by_2_pixels():
    picture = np.arange(4 * 6 * 3, dtype=float).reshape(4, 6, 3)
    half = halved(picture)
    assert half.shape == (2, 3, 3)
    np.testing.assert_allclose(half[1, 2], picture[2:, 4:].mean(axis=(0, 1)))
    np.testing.assert_array_equal(halved(np.full((4, 6, 3), 7.0)), np.full((2, 3, 3), 7.0))
