import numpy as np
import pytest

from nstgraph.demo.landscape import landscape


@pytest.fixture(scope="module", params=[0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def picture(request):
    return landscape(192, 144, seed=request.param)[0]


def test_tones_reach_from_dark_to_light(picture):
    dark, light = np.percentile(picture.mean(axis=-1), [2, 98])
    assert dark < 60 and light > 200


def test_sky_is_blue_and_meadow_green(picture):
    sky, meadow = picture[:20, 40:].mean(axis=(0, 1)), picture[132:].mean(axis=(0, 1))
    assert sky[2] > sky[1] > sky[0] and meadow[1] > meadow[0] > meadow[2]


def test_boat_and_cabin_are_the_red_things(picture):
    red, green, blue = np.moveaxis(picture, -1, 0)
    things = (red - blue > 50) & (red > 1.4 * green)
    boat, cabin = things[100:118, 70:110].sum(), things[78:96, 140:175].sum()
    assert boat > 25 and cabin > 50 and things.sum() < boat + cabin + 25


def test_lake_mirrors_the_mountains(picture):
    # between the firs on the left and the headland; the horizon is above row 86
    shore, lake = picture[48:82, 60:130].mean(axis=-1), picture[90:124, 60:130].mean(axis=-1)
    assert np.corrcoef(shore[::-1].ravel(), lake.ravel())[0, 1] > 0.5, "it is below 0 in a plain lake"
