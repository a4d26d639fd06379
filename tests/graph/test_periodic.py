"""Pictures that wrap: the loss does not change when they are moved around, whole or in tiles."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nstgraph import Evaluator, Search, TiledEvaluator, tf
from nstgraph.errors import ConfigError, TilingError

LOSS = "content:layer=conv3_1 moments:layers=conv1_2 tv:power=2 coherence:reach=3 palette photo_colors"
MOVED = (12, 8)  # multiples of the stride, 4


def moved(image, wraps):
    return np.roll(image, [step if wrap else 0 for step, wrap in zip(MOVED, wraps, strict=True)], (1, 2))


@pytest.fixture(
    scope="module",
    params=["wrap", *(pytest.param(padding, marks=pytest.mark.slow) for padding in ("wrap-x", "wrap-y"))],
)
def evaluator(request, objective_of):
    with Evaluator(objective_of(LOSS, padding=request.param)) as evaluator:
        yield evaluator


def assert_same(one, other):
    assert dict(one.terms) == pytest.approx(dict(other.terms), rel=1e-5)
    assert one.gradient.shape == other.gradient.shape and one.gradient.dtype == np.float32
    assert np.abs(one.gradient - other.gradient).max() <= 1e-5 * np.abs(other.gradient).max()


# The margin is 36 pixels here, so that the last is periodic more than once within it.
@pytest.mark.parametrize("size", [(48, 64), (24, 20)])
def test_moved_around_it_is_the_same_picture(evaluator, smooth_picture, size):
    wraps = evaluator.objective.graph.wraps
    content, style, image = (smooth_picture(*size, seed) for seed in (1, 2, 3))
    here = evaluator.bind(content, [style])(image)
    there = evaluator.bind(moved(content, wraps), [style])(moved(image, wraps))
    assert_same(there, dataclasses.replace(here, gradient=moved(here.gradient, wraps)))
    aside = evaluator.bind(np.roll(content, MOVED, (1, 2)), [style])(np.roll(image, MOVED, (1, 2)))
    assert (aside.total == pytest.approx(here.total, rel=1e-5)) is (wraps == (True, True))


@pytest.mark.parametrize(
    ("size", "side"),
    [
        ((48, 64), 16),
        pytest.param((24, 20), 500, marks=pytest.mark.slow),
        pytest.param((48, 64), 500, marks=pytest.mark.slow),
        pytest.param((24, 20), 16, marks=pytest.mark.slow),
    ],
)
def test_in_tiles_it_is_the_same(evaluator, smooth_picture, size, side):
    content, style, image = (smooth_picture(*size, seed) for seed in (1, 2, 3))
    whole = evaluator.bind(content, [style])(image)
    assert_same(TiledEvaluator(evaluator).bind(content, [style], side=side)(image), whole)


@pytest.mark.parametrize("evaluator", ["wrap"], indirect=True)  # the one of the tests before
def test_it_is_the_middle_of_the_picture_laid_out_three_times_three(evaluator, objective_of, smooth_picture):
    content, style, image = (smooth_picture(40, 48, seed) for seed in (1, 2, 3))
    nine = [np.tile(picture, (1, 3, 3, 1)) for picture in (content, image)]
    middle = {"generated_interior:0": np.array([40, 48, 80, 96], np.int32)}
    with Evaluator(objective_of(LOSS)) as plain:
        large = plain.bind(nine[0], [style], middle)(nine[1])
        folded = large.gradient.reshape(1, 3, 40, 3, 48, 3).sum((1, 3))
        assert_same(evaluator.bind(content, [style])(image), dataclasses.replace(large, gradient=folded))


def test_the_gradient_is_the_slope_at_the_seam(objective_of, smooth_picture):
    with Evaluator(objective_of("moments:layers=conv2_1 tv:power=2", padding="wrap")) as evaluator:
        image = smooth_picture(24, 32, 3)
        gradient = evaluator.bind(styles=[smooth_picture(30, 30, 2)])(image).gradient
        step = np.zeros_like(image)
        step[:, [0, -1]] = np.sign(gradient[:, [0, -1]])
        ends = [evaluator(image + sign * np.float32(0.5) * step).total for sign in (1, -1)]
        assert ends[0] - ends[1] == pytest.approx((gradient * step).sum(), rel=0.01)


def test_the_variable_holds_the_picture_without_its_margin(evaluator, smooth_picture):
    image = smooth_picture(24, 32, 3)
    evaluator.bind(image, [image])(image)
    np.testing.assert_array_equal(evaluator.session.run(evaluator.objective.graph.variable), image)
    evaluator.assign(image + 1)
    np.testing.assert_array_equal(evaluator.session.run(evaluator.objective.graph.variable), image + 1)


@pytest.mark.slow
def test_low_precision_is_near_float32(objective_of, smooth_picture):
    content, style, image = (smooth_picture(32, 32, seed) for seed in (1, 2, 3))
    totals = []
    for precision in ("bfloat16", "float32"):
        with Evaluator(objective_of("moments:layers=conv2_1", padding="wrap", precision=precision)) as evaluator:
            whole = evaluator.bind(content, [style])(image)
            tiled = TiledEvaluator(evaluator).bind(content, [style], side=16)(image)
            assert tiled.total == pytest.approx(whole.total, rel=0.02)
            totals.append(whole.total)
    assert totals[0] == pytest.approx(totals[1], rel=0.05)


def test_a_mask_wraps_with_the_picture_beside_it(objective_of, smooth_picture):
    mask = np.zeros((24, 32, 3), np.uint8)
    mask[:, :9] = 255  # a region that ends at the seam

    def masked(g):
        shares = g.picture(mask, beside=g.generated).shrunk("conv2_1")[..., :1] / 255
        return g.sum(shares * tf.square(g.generated["conv2_1"] - g.content["conv2_1"]))

    with Evaluator(objective_of(masked, padding="wrap")) as evaluator:
        content, image = smooth_picture(24, 32, 1), smooth_picture(24, 32, 3)
        whole = evaluator.bind(content, [content])(image)
        assert_same(TiledEvaluator(evaluator).bind(content, [content], side=16)(image), whole)
        # The convolutions see two pixels at the end of the picture from the mask's edge at its beginning.
        assert np.abs(whole.gradient[:, :, -2:]).min() > 0
    with Evaluator(objective_of(masked)) as plain:
        assert (
            np.abs(plain.bind(content, [content])(image).gradient[:, :, -2:]).max() < np.abs(whole.gradient).max() / 9
        )


def test_a_search_leaves_no_seam(objective_of, smooth_picture):
    style = smooth_picture(48, 48, 2)
    with Evaluator(objective_of("moments:layers=conv2_1", padding="wrap")) as evaluator:
        search = Search(evaluator.bind(styles=[style]), np.full((1, 32, 32, 3), 128, np.float32), 3)
        search.run()
    assert len(search.steps) == 3 and search.image.shape == (1, 32, 32, 3)


def test_what_has_no_tiles_is_refused_by_name(objective_of):
    with pytest.raises(TilingError, match=r"^loss term 'probe' cannot be tiled: .*; a picture that wraps is a tile"):
        Evaluator(objective_of(lambda g: tf.reduce_max(g.generated.image), padding="wrap-x"))


@pytest.mark.parametrize(("size", "what"), [((50, 64), "height"), ((48, 66), "width")])
def test_sizes_that_are_no_whole_strides_are_refused(objective_of, smooth_picture, size, what):
    image = smooth_picture(*size, 1)
    with Evaluator(objective_of("content:layer=conv3_1", padding="wrap")) as evaluator:
        for bound in (evaluator, TiledEvaluator(evaluator)):
            with pytest.raises(ConfigError, match=f"^the {what} of a picture that wraps is a multiple of 4 here"):
                bound.bind(image)


def test_along_the_other_direction_any_size_will_do(objective_of, smooth_picture):
    image = smooth_picture(51, 64, 1)
    with Evaluator(objective_of("style:layers=conv2_1", padding="wrap-x")) as evaluator:
        whole = evaluator.bind(image, [image[:, ::-1]])(image)
        assert_same(TiledEvaluator(evaluator).bind(image, [image[:, ::-1]], side=32)(image), whole)


def test_a_content_image_that_the_graph_computes_is_refused(objective_of, smooth_picture):
    graph = tf.Graph()
    with graph.as_default():
        content = tf.placeholder_with_default(tf.zeros([1, 32, 32, 3]), [1, None, None, 3])
    said = "content image of a picture that wraps has to be given to bind"
    evaluator = Evaluator(objective_of("content:layer=conv1_1", padding="wrap", content=content))
    with evaluator, pytest.raises(ConfigError, match=said):
        evaluator.bind()
