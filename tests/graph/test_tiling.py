"""Tiles, the order of statistics, and which terms can be tiled."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, LossTerm, Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import TilingError
from nstgraph.graph.receptive_field import ReceptiveField
from nstgraph.graph.tiling import Span, check_tileable, margin, spans, tiles, waves
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.tiles.tiled_evaluator import TiledEvaluator

SIZES = [(64, 64), (65, 97), (16, 200), (3, 5)]
SIDES = [1, 16, 30, 1000]
MARGINS = [ReceptiveField(4, 18, 21), ReceptiveField(1, 0, 1), ReceptiveField(8, 3, -2)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("margin", MARGINS)
def test_tiles_cover_every_pixel_once_and_start_at_strides(size, side, margin):
    counted = np.zeros(size, int)
    picture = np.arange(size[0] * size[1]).reshape(1, *size, 1)
    for tile in tiles(*size, side, margin):
        for span in (tile.rows, tile.columns):
            assert span.begin % margin.stride == span.outer.start % margin.stride == 0
        inner = tile.cut(picture)[0, tile.rows.begin : tile.rows.end, tile.columns.begin : tile.columns.end, 0]
        assert inner.shape == tuple(span.end - span.begin for span in (tile.rows, tile.columns))
        counted.ravel()[inner.ravel()] += 1
    assert (counted == 1).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("margin", MARGINS)
def test_tiles_see_all_of_the_margin_that_is_within_the_picture(size, margin):
    picture = np.zeros((1, *size, 1))
    for tile in tiles(*size, 16, margin):
        shape = tile.cut(picture).shape[1:3]
        for axis, span in enumerate((tile.rows, tile.columns)):
            assert span.outer.start == 0 or span.begin >= margin.before
            assert span.outer.stop - span.outer.start == shape[axis]
            assert span.outer.stop == size[axis] or shape[axis] - span.end >= margin.after


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("margin", MARGINS)
def test_sides_are_alike_and_at_most_what_was_asked_rounded_to_the_stride(size, side, margin):
    rounded = -(-side // margin.stride) * margin.stride
    for length in size:
        sides = [span.end - span.begin for span in spans(length, side, margin)]
        assert max(sides) <= rounded
        # All alike but the last, which takes what the rounding to strides has left over.
        assert len(set(sides[:-1])) <= 1
        assert sides[-1] <= sides[0]
        assert sides[0] - -(-length // len(sides)) < margin.stride * max(1, len(sides))


def test_one_tile_is_the_whole_picture():
    (tile,) = tiles(20, 33, 33, ReceptiveField(4, 18, 21))
    picture = np.zeros((1, 20, 33, 3))
    assert tile.cut(picture).shape == picture.shape
    assert (tile.rows, tile.columns) == (Span(slice(0, 20), 0, 20), Span(slice(0, 33), 0, 33))


@pytest.mark.parametrize("wraps", [(True, True), (False, True), (True, False), (False, False)])
@pytest.mark.parametrize("side", [16, 1000])
@pytest.mark.parametrize("margin", MARGINS)
def test_where_a_picture_wraps_tiles_have_their_margin_everywhere(side, margin, wraps):
    random = np.random.default_rng(0)
    size = (32, 24)
    picture, counted = random.normal(size=(1, *size, 2)), np.zeros((1, *size, 2))
    for tile in tiles(*size, side, margin, wraps):
        part = tile.cut(picture)
        top, left, bottom, right = tile.interior(*size)
        bottom, right = (end if end >= 0 else None for end in (bottom, right))
        for span, wrap, length in zip((tile.rows, tile.columns), wraps, part.shape[1:3], strict=True):
            assert not wrap or (span.begin >= margin.before and length - span.end >= margin.after)
            assert not wrap or span.begin % margin.stride == length % margin.stride == 0
        inner = np.zeros_like(part)
        inner[:, top:bottom, left:right] = 1
        tile.add(inner, counted)
        # What is added up over the margins is what cutting takes apart: one is the transpose of the other.
        numbers, whole = random.normal(size=part.shape), np.zeros_like(picture)
        tile.add(numbers, whole)
        assert (whole * picture).sum() == pytest.approx((numbers * part).sum())
        # Laid out from its own beginning, the picture goes on as it does in the tile.
        rolled = np.roll(picture, (-tile.rows.outer.start, -tile.columns.outer.start), (1, 2))
        times = [-(-length // side) for length, side in zip(part.shape[1:3], size, strict=True)]
        np.testing.assert_array_equal(np.tile(rolled, (1, *times, 1))[:, : part.shape[1], : part.shape[2]], part)
    assert (counted == 1).all()


@pytest.fixture
def g():
    graph = StyleGraph(WeightsFile(embedded()))
    with graph.graph.as_default():
        yield graph


def test_waves_put_every_statistic_after_those_it_is_built_on(g):
    image = g.generated.image
    first = g.sum(image)
    second = g.sum(tf.abs(image - first))
    of_style = g.sum(g.style.image * second)
    third = g.sum(tf.square(image - second))
    outcome = waves(list(reversed(g.statistics)))
    number = {statistic.tensor.name: i for i, wave in enumerate(outcome) for statistic in wave}
    assert len(number) == len(g.statistics) == 4
    first, second, third, of_style = (number[total.op.inputs[0].name] for total in (first, second, third, of_style))
    assert first < second < min(third, of_style)
    assert third != of_style


def test_a_wave_is_of_pictures_that_are_tiled_alike(g):
    for view in g.views:
        g.mean(view.image)
    outcome = [{view.name for statistic in wave for view in statistic.views} for wave in waves(g.statistics)]
    assert sorted(map(sorted, outcome)) == [["content", "generated"], ["style"]]


def test_the_margin_of_several_statistics_is_the_widest(g):
    g.mean(g.generated["conv1_1"])
    g.mean(g.generated["conv3_1"])
    shallow, both = margin(g.statistics[:1], g.locality), margin(g.statistics, g.locality)
    assert shallow == ReceptiveField(1, 1, 1)
    assert both.stride == 4
    assert both.before > shallow.before
    assert both.after > shallow.after


@pytest.mark.parametrize(
    ("function", "operation"),
    [
        (lambda g: tf.reduce_mean((g.generated["conv1_1"] - g.content["conv1_1"]) ** 2), "Mean"),
        (lambda g: tf.reduce_max(tf.reduce_sum(g.generated.image, axis=-1)), "Max"),
        (lambda g: g.mean((g.generated.image - tf.reduce_mean(g.generated.image, [1, 2], keepdims=True)) ** 2), "Mean"),
        (lambda g: g.mean(g.generated.image) * tf.reduce_min(g.generated.image), "Min"),
    ],
)
def test_a_term_that_reduces_by_itself_is_named_with_its_reduction(objective_of, function, operation):
    objective = objective_of(function)
    with pytest.raises(TilingError, match=rf"'probe' cannot be tiled: it reduces .* \({operation}, operation 'terms/"):
        check_tileable(objective)


def test_so_is_one_that_does_it_within_a_statistic_that_another_is_built_on(objective_of):
    def nested(g):
        image = g.generated.image
        return g.mean(tf.square(image - g.mean(image / tf.reduce_max(image, [1, 2], keepdims=True))))

    with pytest.raises(TilingError, match=r"'probe' cannot be tiled: it reduces .* \(Max"):
        check_tileable(objective_of(nested))


def test_all_such_terms_are_named():
    whole = LossTerm("whole", lambda g: tf.reduce_mean(g.generated.image), "here")
    objective = Objective(StyleGraph(WeightsFile(embedded())), whole() + 2 * whole() + parse_loss("tv"))
    with pytest.raises(
        TilingError, match=r"'whole' cannot be tiled: .*; loss term 'whole_1' cannot be tiled: "
    ) as outcome:
        check_tileable(objective)
    assert "tv" not in str(outcome.value)


def test_such_a_term_still_works_untiled(objective_of):
    flat = np.zeros((1, 16, 16, 3), np.float32)
    with Evaluator(objective_of(lambda g: tf.reduce_mean((g.generated.image - g.content.image) ** 2))) as evaluate:
        evaluate.bind(flat, [flat])
        assert evaluate(flat + 3).total == pytest.approx(9)
        with pytest.raises(TilingError, match="'probe' cannot be tiled"):
            TiledEvaluator(evaluate)
        assert evaluate(flat + 2).total == pytest.approx(4)


def test_positions_of_pictures_of_different_size_cannot_be_mixed(objective_of):
    objective = objective_of(lambda g: g.mean((g.generated.image - g.style.image) ** 2))
    with pytest.raises(TilingError, match="mixes positions of generated and style"):
        check_tileable(objective)


def test_reducing_over_channels_is_no_fault(objective_of):
    objective = objective_of(lambda g: g.mean(tf.reduce_max(g.generated.image, axis=-1, keepdims=True)))
    check_tileable(objective)
    assert objective.graph.statistics[0].views == (objective.graph.generated,)


SHALLOW = "coherence content:layer=image histogram:layers=image,bins=2 moments:layers=image style:layers=image"


@pytest.mark.parametrize(
    "loss",
    [f"{SHALLOW} palette photo_colors tv", pytest.param("default moments histogram:bins=2", marks=pytest.mark.slow)],
)
def test_all_terms_are_tileable(objective_of, loss):
    objective = objective_of(f"{loss} laplacian luminance")
    check_tileable(objective)
    assert len(objective.graph.statistics) > 10
