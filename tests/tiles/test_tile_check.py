"""Terms of strangers are compared in tiles before a run relies on them."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_pictures import landscape, painting

from nstgraph import Config, Evaluator, Objective, StyleGraph, Stylizer, parse_loss, tf
from nstgraph.errors import TilingError
from nstgraph.graph import tiling
from nstgraph.losses.loss import LossTerm
from nstgraph.tiles.tile_check import check_tiles, difference
from nstgraph.tiles.tiled_evaluator import TiledEvaluator


@pytest.fixture
def trusting(monkeypatch):
    """What cannot be seen in a graph: a list of operations that has a fault."""
    monkeypatch.setattr(tiling, "_field", lambda statistic, locality: locality.field(statistic.views[0].image))
    for module in ("tiles.tiled_evaluator", "planning.measured_cost", "graph.periodic"):
        monkeypatch.setattr(f"nstgraph.{module}.check_tileable", lambda objective: None)


def vignette(g):
    """Dark towards the edges: in a tile, towards the tile's."""
    across = tf.linspace(-1.0, 1.0, tf.shape(g.generated.image)[2])[:, tf.newaxis]
    return g.mean(tf.square(g.generated.image / 255 - (1 - tf.square(across))))


def sound(g):
    return g.mean(tf.square(g.generated.image / 255 - 0.5))


VIGNETTE, SOUND = LossTerm("vignette", vignette, "here"), LossTerm("sound", sound, "here")


def test_a_term_that_is_another_one_in_tiles_is_named(trusting):
    with Evaluator(Objective(StyleGraph(), SOUND() + 0 * VIGNETTE())) as evaluator:
        evaluator.weights = {"sound": 3.0}
        tiled = TiledEvaluator(evaluator)
        check_tiles(evaluator, tiled, ["sound"])
        with pytest.raises(TilingError, match=r"loss term 'vignette' is another one in tiles, by .*; use --tile off"):
            check_tiles(evaluator, tiled, ["sound", "vignette"])
        assert evaluator.weights == {"sound": 3.0}


def test_a_plan_in_tiles_compares_them_and_one_without_does_not(trusting):
    pictures = landscape(96, 72), painting(80, 80)
    config = Config(size=96, scales=1, steps=2, loss=SOUND() + VIGNETTE(), precision="float32")
    with Stylizer(config.replace(tile=48)) as stylizer, pytest.raises(TilingError, match="'vignette'"):
        stylizer.plan(*pictures)
    with Stylizer(config.replace(tile="off")) as stylizer:
        assert len(stylizer(*pictures).history) == 2
    with Stylizer(config.replace(tile=48, loss=SOUND)) as stylizer:
        assert stylizer.plan(*pictures).stages[-1].tile == 48


def test_a_plan_of_pictures_that_wrap_compares_them_whatever_the_tiles(trusting):
    pictures = landscape(96, 72), painting(80, 80)
    config = Config(size=96, scales=1, steps=2, tile="off", padding="wrap", precision="float32")
    with (
        Stylizer(config.replace(loss=SOUND() + VIGNETTE())) as stylizer,
        pytest.raises(TilingError, match=r"'vignette' is another one in tiles, .*; use --padding reflect"),
    ):
        stylizer.plan(*pictures)
    with Stylizer(config.replace(loss=SOUND() + parse_loss("style:layers=pool1"))) as stylizer:
        assert stylizer.plan(*pictures).stages[-1].size == (72, 96)


def test_difference_is_relative_to_the_largest():
    assert difference(np.array([1.0, 9.0]), np.array([2.0, 10.0])) == pytest.approx(0.1)
    assert difference(np.array(0.0), np.array(0.0)) == 0
