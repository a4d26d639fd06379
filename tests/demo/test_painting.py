from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageFilter

from nstgraph.demo.painting import painting


@pytest.fixture(scope="module", params=[0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def picture(request):
    return painting(192, 144, seed=request.param)[0]


def bands(plane):
    """Deviation within bands one octave wide, the finest first."""
    image = Image.fromarray(plane.astype(np.uint8))
    blurred = [np.asarray(image.filter(ImageFilter.GaussianBlur(r)), np.float32) for r in (0, 1, 2, 4, 8)]
    return [np.std(fine - coarse) for fine, coarse in pairwise(blurred)]


def test_tones_reach_from_dark_to_light(picture):
    dark, light = np.percentile(picture.mean(axis=-1), [2, 98])
    assert dark < 60 and light > 170


def test_painting_is_textured_at_every_scale(picture):
    finest, *coarser = bands(picture[..., 2])
    assert finest > 12, "it is 8 without brush strokes and 16 with them"
    assert min(coarser) > 6, "it is 8 or more, and 3 in the sky of the landscape"


def test_strokes_lie_along_the_field(picture):
    field = picture[122:].mean(axis=-1)
    across, along = (np.abs(np.diff(field, axis=axis)).mean() for axis in (0, 1))
    assert across > 1.3 * along


def test_regions_differ_in_colour(picture):
    warmth = picture[..., 0] - picture[..., 2]
    assert warmth[130:].mean() > 100, "a golden field below"
    assert warmth[60:80].mean() < -50, "a blue sky above it"
    assert warmth[30:60, 30:65].mean() > 80, "a light in the sky"
