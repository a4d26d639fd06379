"""What holds for both of the demo's drawings."""

import numpy as np
import pytest

from nstgraph.demo.landscape import landscape
from nstgraph.demo.painting import painting

pytestmark = pytest.mark.parametrize("scene", [landscape, painting])


def test_same_seed_same_picture_other_seed_another(scene):
    first = scene(64, 48, seed=3)
    np.testing.assert_array_equal(first, scene(64, 48, seed=3))
    assert np.abs(first - scene(64, 48, seed=4)).mean() > 5


@pytest.mark.parametrize(("width", "height"), [pytest.param(96, 48, marks=pytest.mark.slow), (33, 57)])
def test_form(scene, width, height):
    picture = scene(width, height)
    assert picture.shape == (1, height, width, 3) and picture.dtype == np.float32
    assert picture.min() >= 0 and picture.max() <= 255
