"""Each figure tells a picture that has what it looks for from one that does not, in its own unit."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_pictures import landscape, painting

from nstgraph.bench import picture_figures as figures
from nstgraph.errors import ConfigError


def flat(red, green, blue, side=64):
    return figures.lab(np.full((1, side, side, 3), (red, green, blue), np.float32))


@pytest.fixture(scope="module")
def photo():
    return figures.lab(landscape(160, 128))


@pytest.fixture(scope="module")
def paint():
    return figures.lab(painting(160, 128))


def test_lab_of_known_colours():
    for rgb, expected in [((255, 255, 255), (100, 0, 0)), ((0, 0, 0), (0, 0, 0)), ((255, 0, 0), (53.2, 80.1, 67.2))]:
        assert flat(*rgb)[0, 0] == pytest.approx(expected, abs=0.1)
    assert flat(300, -20, 0)[0, 0] == pytest.approx(flat(255, 0, 0)[0, 0])


def test_chroma():
    assert figures.chroma(flat(90, 90, 90)) == pytest.approx(0, abs=0.1)
    assert figures.chroma(flat(255, 0, 0)) == pytest.approx(np.hypot(80.1, 67.2), abs=0.2)


def test_the_distance_of_colours_is_that_of_flat_pictures_on_an_average_direction(photo, paint):
    assert figures.colour_distance(photo, photo) == 0
    # The mean of a unit vector's component along directions all around is 1/2.
    assert figures.colour_distance(flat(0, 0, 0), flat(255, 255, 255)) == pytest.approx(50, rel=0.02)
    assert figures.colour_distance(photo[::-1, ::2], photo) < 1 < figures.colour_distance(photo, paint)


def test_only_hues_that_neither_picture_has_are_foreign(photo, paint):
    mixed = np.concatenate([photo, paint])
    assert figures.foreign_chroma(mixed, photo, paint) < 0.1
    grey = flat(120, 120, 120)
    assert figures.foreign_chroma(flat(30, 30, 30), grey, grey) == pytest.approx(0, abs=0.1)
    assert figures.foreign_chroma(flat(255, 0, 0), grey, flat(255, 0, 0)) == 0
    red = figures.chroma(flat(255, 0, 0))
    assert figures.foreign_chroma(flat(255, 0, 0), grey, grey) == pytest.approx(red, abs=1.5)


def test_dots_are_told_from_strokes_and_grain():
    y, x = np.mgrid[:128, :128]
    random = np.random.default_rng(0)

    def found(pattern):
        return figures.dots(np.stack([50 + pattern, 0 * pattern, 0 * pattern], -1), np.zeros((128, 128, 3)))

    lattice = 6 * np.sin(2 * np.pi * x / 5) + 6 * np.sin(2 * np.pi * y / 5)
    assert found(0 * lattice) == 0
    assert found(lattice) == pytest.approx(6, rel=0.25)
    assert found(12 * np.sin(2 * np.pi * (x + 0.3 * y) / 5)) < 0.3  # strokes side by side
    assert found(12 * np.sin(2 * np.pi * np.hypot(x - 64, y - 64) / 8)) < 0.3  # strokes that bend
    stripes = np.where(x % 48 < 24, np.sin(2 * np.pi * x / 5), np.sin(2 * np.pi * y / 5))
    assert found(12 * stripes) < 1  # one direction here, another one there
    assert found(random.normal(0, 6, (128, 128))) < 0.3
    assert found(lattice + random.normal(0, 6, (128, 128))) > 3


def test_dots_are_looked_for_where_the_photo_is_flat():
    y, x = np.mgrid[:128, :128]
    lattice = np.where(x < 64, 6 * np.sin(2 * np.pi * x / 5) + 6 * np.sin(2 * np.pi * y / 5), 0)
    result = np.stack([50 + lattice, 0 * lattice, 0 * lattice], -1)
    busy = np.random.default_rng(0).normal(50, 20, (128, 128, 3))
    one, other = busy.copy(), busy.copy()
    one[:, :64], other[:, 64:] = 50, 50
    assert figures.dots(result, one) > 4 and figures.dots(result, other) < 1


def test_content_kept(photo, paint):
    assert figures.content_kept(photo, photo) == pytest.approx(1)
    dimmed = photo * [0.5, 0, 0] + [30, 0, 0]
    assert figures.content_kept(dimmed, photo) > 0.95
    assert figures.content_kept(paint[: photo.shape[0], : photo.shape[1]], photo) < 0.4


def test_the_distance_of_strokes_is_that_of_the_scale_which_lacks_them(photo, paint):
    assert figures.style_distance(paint, paint) == (0, 0, 0)
    fine, middle, coarse = figures.style_distance(photo, paint)
    assert min(fine, middle, coarse) > 0.2
    from scipy.ndimage import gaussian_filter

    fine, middle, coarse = figures.style_distance(gaussian_filter(paint, (1.5, 1.5, 0)), paint)
    assert fine > 0.5 and fine > middle > coarse and coarse < 0.25


def test_without_the_library_it_is_said_how_to_get_it():
    with pytest.raises(ConfigError, match=r"^figures of pictures need scikit-image: .*\[bench\]'$"):
        figures.skimage("nothing_of_the_kind")
