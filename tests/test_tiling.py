"""Tiles, receptive fields, and statistics that are the same tiled and whole."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import TilingError
from nstgraph.loss import Loss, LossTerm
from nstgraph.reach import Reach
from nstgraph.tiling import check_tileable, statistics, tiles
from nstgraph.weights import Weights, embedded


def objective_of(function):
    graph = StyleGraph(Weights(embedded()))
    return Objective(graph, Loss(LossTerm("probe", function, "test")().terms))


@pytest.mark.parametrize("size", [(64, 64), (65, 97), (16, 200)])
@pytest.mark.parametrize("side", [16, 30, 1000])
def test_tiles_cover_every_pixel_once_and_start_at_strides(size, side):
    margin = Reach(4, 18, 21)
    counted = np.zeros(size, int)
    picture = np.arange(size[0] * size[1], dtype=np.float32).reshape(1, *size, 1)
    for tile in tiles(*size, side, margin):
        top, left, bottom, right = tile.inner
        assert top % 4 == left % 4 == tile.outer[0].start % 4 == tile.outer[1].start % 4 == 0
        cut = tile.cut(picture)
        counted.ravel()[cut[0, top:bottom, left:right, 0].astype(int).ravel()] += 1
        above, beyond = tile.outer[0].start, tile.outer[0].start + cut.shape[1]
        assert above == 0 or top >= margin.before
        assert beyond == size[0] or cut.shape[1] - bottom == margin.after
    assert (counted == 1).all()


@pytest.mark.parametrize(("padding", "pooling"), [("reflect", "average"), ("replicate", "max"), ("zero", "average")])
def test_statistics_over_tiles_are_those_of_the_whole_image(padding, pooling):
    graph = StyleGraph(Weights(embedded()), styles=2, pooling=pooling, padding=padding)
    objective = Objective(graph, parse_loss("content style:blend=1+2 moments histogram laplacian tv luminance"))
    random = np.random.default_rng(0)
    sizes = {"generated": (75, 101), "content": (75, 101), "style": (64, 53), "style_1": (41, 90)}
    pictures = {name: random.uniform(0, 255, (1, *size, 3)).astype(np.float32) for name, size in sizes.items()}
    with Evaluator(objective) as evaluator:
        whole = statistics(evaluator, pictures)
        tiled = statistics(evaluator, pictures, 32)
    assert len(whole) == len(graph.statistics) > 20
    for name, value in whole.items():
        np.testing.assert_allclose(tiled[name], value, rtol=1e-5, atol=1e-5 * np.abs(value).max(), err_msg=name)


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (lambda g: tf.reduce_mean((g.generated["conv1_1"] - g.content["conv1_1"]) ** 2), "Mean"),
        (lambda g: tf.reduce_max(tf.reduce_sum(g.generated.image, axis=-1)), "Max"),
        (lambda g: g.mean((g.generated.image - tf.reduce_mean(g.generated.image, [1, 2], keepdims=True)) ** 2), "Mean"),
    ],
)
def test_a_term_that_reduces_by_itself_is_named_with_its_reduction(function, operation):
    objective = objective_of(function)
    with pytest.raises(TilingError, match=rf"'probe' cannot be tiled: it reduces .* \({operation}"):
        check_tileable(objective)


def test_such_a_term_still_works_untiled():
    objective = objective_of(lambda g: tf.reduce_mean((g.generated.image - g.content.image) ** 2))
    flat = np.zeros((1, 16, 16, 3), np.float32)
    with Evaluator(objective) as evaluate:
        evaluate.bind(flat, [flat])
        assert evaluate(flat + 3).total == pytest.approx(9)
        with pytest.raises(TilingError, match="probe"):
            statistics(evaluate, {"generated": flat, "content": flat, "style": flat}, 8)


def test_positions_of_pictures_of_different_size_cannot_be_mixed():
    objective = objective_of(lambda g: g.mean((g.generated.image - g.style.image) ** 2))
    with pytest.raises(TilingError, match="mixes positions of generated and style"):
        check_tileable(objective)


def test_reducing_over_channels_is_no_fault():
    objective = objective_of(lambda g: g.mean(tf.reduce_max(g.generated.image, axis=-1, keepdims=True)))
    check_tileable(objective)
    assert objective.graph.statistics[0].views == (objective.graph.generated,)


def test_terms_of_the_shelf_are_tileable():
    graph = StyleGraph(Weights(embedded()))
    check_tileable(Objective(graph, parse_loss("default moments histogram laplacian luminance")))
    assert len(graph.statistics) > 10


@pytest.mark.parametrize("height", [65, 79, 97])
def test_a_last_tile_with_a_single_row_of_positions_is_counted(height):
    graph = StyleGraph(Weights(embedded()))
    objective = Objective(graph, parse_loss("laplacian:pools=16"))
    random = np.random.default_rng(0)
    pictures = {
        n: random.uniform(0, 255, (1, height, 48, 3)).astype(np.float32) for n in ("generated", "content", "style")
    }
    with Evaluator(objective) as evaluator:
        whole, tiled = (statistics(evaluator, pictures, side) for side in (None, 32))
    for name, value in whole.items():
        np.testing.assert_allclose(tiled[name], value, rtol=1e-5, err_msg=name)
