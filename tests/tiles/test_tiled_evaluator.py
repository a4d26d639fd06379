"""Loss, terms and gradient in tiles are those of the whole image."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, tf
from nstgraph.errors import ConfigError, TilingError
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.search.search import Search
from nstgraph.tiles.tiled_evaluator import TiledEvaluator

# Every registered term: few layers and bins make for a small graph. Defaults are checked by check_term, in test_terms.
TERMS = {
    "coherence": "coherence:reach=3",
    "content": "content:layer=conv1_2",
    "style": "style:layers=image+conv1_1",
    "moments": "moments:layers=image",
    "histogram": "histogram:layers=image,bins=2",
    "laplacian": "laplacian",
    "luminance": "luminance:power=1.5",
    "palette": "palette:floor=2",
    "photo_colors": "photo_colors",
    "pixel_range": "pixel_range",
    "temporal": "temporal:unit=30",
    "tv": "tv:power=1.25,form=squared",
}


def assert_same(tiled, whole):
    """Equal but for the rounding of float32, measured at 2e-6 for the loss and 5e-7 for the gradient."""
    assert tiled.total == pytest.approx(whole.total, rel=1e-5)
    assert dict(tiled.terms) == pytest.approx(dict(whole.terms), rel=1e-5)
    assert tiled.gradient.dtype == np.float32
    error, scale = (float(np.abs(array).max()) for array in (tiled.gradient - whole.gradient, whole.gradient))
    assert error <= 1e-5 * scale
    assert scale > 0


@pytest.fixture(scope="module")
def everything(objective_of, smooth_picture):
    """Whole and tiled evaluation of all terms and two styles, one of them smaller than a tile; and an image."""
    content, styles = smooth_picture(75, 101, 1), [smooth_picture(64, 53, 2), smooth_picture(30, 90, 3)]
    with Evaluator(objective_of(" ".join(TERMS.values()), styles=2), cache_targets=False) as evaluator:
        evaluator.bind(content, styles)
        tiled = TiledEvaluator(evaluator)
        tiled.bind(content, styles, side=48)
        yield evaluator, tiled, smooth_picture(75, 101, 4)


def test_every_registered_term_is_here(core):
    assert sorted(TERMS) == core


@pytest.mark.parametrize("term", TERMS)
def test_every_term_is_the_same_in_tiles(everything, term):
    evaluator, tiled, image = everything
    evaluator.weights = {label: float(label == term) for label in TERMS}
    whole = evaluator(image)
    assert whole.total == pytest.approx(whole.terms[term]) != 0
    assert_same(tiled(image), whole)


SHALLOW = "content:layer=conv2_1 style:layers=pool1"


@pytest.mark.parametrize(
    ("padding", "pooling", "loss"),
    [
        ("reflect", "average", SHALLOW),
        ("replicate", "max", SHALLOW),
        ("zero", "average", SHALLOW),
        *(
            pytest.param(padding, pooling, "content:layer=conv3_1 style:layers=pool1+conv2_2", marks=pytest.mark.slow)
            for padding in ("reflect", "replicate", "zero")
            for pooling in ("average", "max")
        ),
    ],
)
def test_every_padding_and_pooling_is_the_same_in_tiles(objective_of, smooth_picture, padding, pooling, loss):
    pictures = smooth_picture(63, 81, 1), [smooth_picture(30, 57, 2)]
    image = smooth_picture(63, 81, 3)
    with Evaluator(objective_of(loss, padding=padding, pooling=pooling)) as evaluator:
        evaluator.bind(*pictures)
        tiled = TiledEvaluator(evaluator)
        tiled.bind(*pictures, side=32)
        assert_same(tiled(image), evaluator(image))


@pytest.fixture(scope="module")
def light(objective_of):
    """An objective of a few terms, whole and tiled."""
    with Evaluator(objective_of("content:layer=conv2_2 style:layers=conv1_1+conv3_1 tv")) as evaluator:
        yield evaluator, TiledEvaluator(evaluator)


@pytest.mark.parametrize(
    ("content", "style", "side"),
    [
        pytest.param((201, 165), (130, 171), 64, marks=pytest.mark.slow),  # both larger than a tile, all sides odd
        ((75, 101), (20, 24), 48),  # a style smaller than a tile
        ((20, 97), (65, 64), 32),  # content smaller than a tile in one direction
        ((40, 31), (33, 90), 500),  # tiles larger than all pictures
        ((65, 66), (66, 65), 16),  # last tiles of a single pixel
    ],
)
def test_pictures_of_any_size_in_tiles_of_any_size(light, smooth_picture, content, style, side):
    evaluator, tiled = light
    pictures = smooth_picture(*content, 1), [smooth_picture(*style, 2)]
    operations = len(evaluator.objective.graph.graph.get_operations())
    evaluator.bind(*pictures)
    tiled.bind(*pictures, side=side)
    image = smooth_picture(*content, 3)
    assert_same(tiled(image), evaluator(image))
    assert len(evaluator.objective.graph.graph.get_operations()) == operations


def test_tiles_need_no_binding_of_the_whole_evaluator(light, smooth_picture):
    evaluator, tiled = light
    pictures = smooth_picture(50, 60, 1), [smooth_picture(40, 40, 2)]
    image = smooth_picture(50, 60, 3)
    evaluator.bind(*pictures)
    whole = evaluator(image)
    evaluator.release()
    tiled.bind(*pictures, side=32)
    assert_same(tiled(image), whole)


def test_weights_of_the_evaluator_are_in_force_in_tiles(light, smooth_picture):
    evaluator, tiled = light
    pictures = smooth_picture(50, 60, 1), [smooth_picture(40, 40, 2)]
    image = smooth_picture(50, 60, 3)
    evaluator.bind(*pictures)
    tiled.bind(*pictures, side=32)
    before = tiled(image)
    evaluator.weights = {"style": 3.0, "tv": 0.0}
    try:
        after = tiled(image)
        assert_same(after, evaluator(image))
    finally:
        evaluator.weights = {}
    assert after.terms["style"] == pytest.approx(3 * before.terms["style"], rel=1e-6)
    assert after.terms["content"] == before.terms["content"]
    assert after.terms["tv"] == 0


def test_the_variable_holds_the_image_evaluated_last(light, smooth_picture):
    evaluator, tiled = light
    tiled.bind(smooth_picture(50, 60, 1), [smooth_picture(40, 40, 2)], side=32)
    for seed in (3, 4):
        image = smooth_picture(50, 60, seed)
        tiled(image)
        held = evaluator.session.run(evaluator.objective.graph.variable)
        np.testing.assert_array_equal(held, image)


@pytest.mark.parametrize("optimizer", ["lbfgsb", "lbfgs"])
def test_a_search_in_tiles_follows_the_one_on_the_whole_image(light, smooth_picture, optimizer):
    evaluator, tiled = light
    pictures = smooth_picture(50, 60, 1), [smooth_picture(40, 40, 2)]
    evaluator.bind(*pictures)
    tiled.bind(*pictures, side=32)
    searches = [Search(evaluate, pictures[0], 3, optimizer=optimizer) for evaluate in (evaluator, tiled)]
    for search in searches:
        search.run()
    whole, parts = ([step.total for step in search.steps] for search in searches)
    assert parts == pytest.approx(whole, rel=1e-4)
    assert len(whole) == 3
    assert whole[2] < whole[0]


@pytest.mark.parametrize("precision", ["bfloat16", pytest.param("float16", marks=pytest.mark.slow)])
def test_low_precision_in_tiles_is_as_near_as_its_rounding(objective_of, smooth_picture, precision):
    pictures = smooth_picture(41, 60, 1), [smooth_picture(40, 33, 2)]
    image = smooth_picture(41, 60, 3)
    loss = "content:layer=conv2_1 style:layers=conv1_1"
    with Evaluator(objective_of(loss, precision=precision)) as evaluator:
        evaluator.bind(*pictures)
        tiled = TiledEvaluator(evaluator)
        tiled.bind(*pictures, side=32)
        whole, parts = evaluator(image), tiled(image)
    assert dict(parts.terms) == pytest.approx(dict(whole.terms), rel=5e-3)
    assert parts.gradient.dtype == np.float32
    error = np.linalg.norm(parts.gradient - whole.gradient) / np.linalg.norm(whole.gradient)
    assert error < 0.02


@pytest.fixture(scope="module")
def fed():
    """An evaluator of a loss with placeholders of the caller's: a strength, and one with a default."""
    g = StyleGraph(WeightsFile(embedded()))
    with g.building():
        strength = tf.placeholder(tf.float32, [], "strength")
        bias = tf.placeholder_with_default(1.0, [], "bias")
        difference = g.generated["conv1_1"] - strength * g.content["conv1_1"]
        objective = Objective(g, {"own": bias * g.mean(tf.square(difference)) + strength})
    with Evaluator(objective) as evaluator:
        yield evaluator


def test_placeholders_of_the_caller_are_fed_in_tiles(fed, smooth_picture):
    content, image = smooth_picture(50, 60, 1), smooth_picture(50, 60, 2)
    tiled = TiledEvaluator(fed)
    for strength in (0.5, 3.0):
        feeds = {"strength:0": strength}
        fed.bind(content, feed_dict=feeds)
        tiled.bind(content, feed_dict=feeds, side=32)
        assert_same(tiled(image), fed(image))


def test_what_is_missing_or_cannot_be_fed_in_tiles_is_named(fed, smooth_picture):
    content, tiled = smooth_picture(50, 60, 1), TiledEvaluator(fed)
    with pytest.raises(ConfigError, match="placeholder 'strength:0' needs a value"):
        tiled.bind(content, side=32)
    with pytest.raises(ConfigError, match="bias:0 cannot be fed in tiles; make it a placeholder"):
        tiled.bind(content, feed_dict={"strength:0": 1.0, "bias:0": 2.0}, side=32)
    with pytest.raises(ConfigError, match="names 'no:0', which is not a tensor"):
        tiled.bind(content, feed_dict={"no:0": 1.0}, side=32)
    with pytest.raises(ConfigError, match="2 style images given, and the graph was built for 1"):
        tiled.bind(content, [content, content], side=32)


def test_a_mask_that_is_not_cut_into_tiles_is_refused():
    g = StyleGraph(WeightsFile(embedded()))
    with g.building():
        mask = tf.placeholder(tf.float32, [1, None, None, 1], "mask")
        objective = Objective(g, {"masked": g.mean(tf.square(g.generated.image) * mask)})
    with Evaluator(objective) as evaluator, pytest.raises(TilingError, match=r"'masked' cannot be tiled: .*'mask:0'"):
        TiledEvaluator(evaluator)


def test_an_image_of_another_size_than_the_content_is_refused(light, smooth_picture):
    _, tiled = light
    pictures = smooth_picture(50, 60, 1), [smooth_picture(40, 40, 2)]
    tiled.bind(*pictures, side=32)
    with pytest.raises(ConfigError, match=r"\[1, 60, 70, 3\], and the content image \[1, 50, 60, 3\]; in tiles they"):
        tiled(smooth_picture(60, 70, 3))
