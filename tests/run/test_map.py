"""Many pictures in one process."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_pictures import landscape, painting

import nstgraph
from nstgraph import Config, Interrupted, Result, stylize
from nstgraph.errors import ConfigError, PictureError, RunError
from nstgraph.run import map as map_module
from nstgraph.run.stylizers import Stylizers

SMALL = Config(size=32, steps=2, scales=1, precision="float32", loss="style:layers=image")


@pytest.fixture(scope="module")
def photos():
    return [landscape(48, 36), landscape(40, 40)]


@pytest.fixture(scope="module")
def style():
    return painting(40, 40)


@pytest.fixture
def made(monkeypatch):
    """The stylizers that a map has made, in a list."""
    made = []

    class Counted(Stylizers):
        def get(self, config, styles):
            stylizer = super().get(config, styles)
            if stylizer not in made:
                made.append(stylizer)
            return stylizer

    monkeypatch.setattr(map_module, "Stylizers", Counted)
    return made


def test_results_are_those_of_single_runs_and_share_a_stylizer(photos, style, made):
    results = list(nstgraph.map([(photo, style) for photo in photos], SMALL))
    assert len(made) == 1
    for photo, result in zip(photos, results, strict=True):
        alone = stylize(photo, style, SMALL)
        assert np.array_equal(result.image, alone.image)
        assert dict(result.settings) == dict(alone.settings)


def test_a_second_picture_of_a_style_costs_its_own_evaluations_alone(photos, style, made):
    results = nstgraph.map([(photo, style) for photo in photos], SMALL)
    next(results)
    kept = made[0].evaluator.style_values
    computed = kept.computed
    assert next(results).evaluations >= 2
    assert kept.computed == computed


def test_settings_of_their_own_and_more_styles_take_another_stylizer(photos, style, made):
    photo = photos[0]
    pairs = [(photo, style), (photo, style, {"size": 40}), (photo, [style, style]), (photo, style, {"size": 32})]
    sizes = [result.image.shape[2] for result in nstgraph.map(pairs, SMALL, loss="tv")]
    assert sizes == [32, 40, 32, 32]
    assert len(made) == 4  # two stay open, so that the first is made once more


def test_what_fails_stands_in_its_place_and_ends_nothing(photos, style):
    def fail(step, image):
        raise ValueError("as asked")

    pairs = [("missing.png", style), (photos[0],), (photos[0], style, {"sise": 3}), (photos[0], style, 5)]
    missing, alone, unknown, none, good = nstgraph.map([*pairs, (photos[0], style)], SMALL)
    assert isinstance(missing, PictureError)
    assert "is no pair" in str(alone)
    assert "did you mean 'size'" in str(unknown)
    assert "are no settings" in str(none)
    assert isinstance(good, Result)
    (failed,) = nstgraph.map([(photos[0], style)], SMALL, callback=fail)
    assert isinstance(failed, RunError)
    assert isinstance(failed.result, Result)


def test_settings_are_refused_at_once_and_nothing_is_read_before_it_is_asked_for(style):
    with pytest.raises(ConfigError, match="no setting 'sise'"):
        nstgraph.map([], sise=3)
    with pytest.raises(ConfigError, match="config and preset"):
        nstgraph.map([], SMALL, preset="gatys")
    nstgraph.map(iter(int, 1), SMALL)  # an endless one


def test_ctrl_c_carries_the_best_picture(photos, style):
    def interrupt(step, image):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        list(nstgraph.map([(photos[0], style)], SMALL, callback=interrupt))
    assert len(caught.value.result.history) == 1
