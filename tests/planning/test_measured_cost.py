"""What an evaluation costs, measured on real ones."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import ConfigError, LossError
from nstgraph.graph.receptive_field import ReceptiveField
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.memory import process_memory
from nstgraph.networks.find_weights import find_weights
from nstgraph.planning import measured_cost
from nstgraph.planning.measured_cost import measure


def peak(g):
    """A term that reduces over positions by itself."""
    return tf.reduce_max(g.generated.image)


PEAK = LossTerm("peak", peak, "here")()


def cost(loss, *, cache_targets=True, **options):
    graph = StyleGraph(find_weights(), **options)
    objective = Objective(graph, loss if isinstance(loss, Loss) else parse_loss(loss))
    with Evaluator(objective, cache_targets=cache_targets) as evaluator:
        return measure(evaluator)


@pytest.fixture(scope="module")
def shallow():
    return cost("content:layer=conv1_1")


@pytest.fixture(scope="module")
def deep():
    return cost("content:layer=conv1_1 content:layer=conv2_1")


def test_the_process_is_counted_and_no_picture_stays_bound():
    with Evaluator(Objective(StyleGraph(find_weights()), parse_loss("content:layer=conv1_1"))) as evaluator:
        image = np.zeros((1, 32, 32, 3), np.float32)
        evaluator.bind(image, [image])
        evaluator(image)
        before = process_memory()
        outcome = measure(evaluator)
        assert before / 2 < outcome.process < before + 1e9
        with pytest.raises(ConfigError, match="no pictures are bound"):
            evaluator(image)


def test_more_layers_take_more(shallow, deep):
    assert deep.memory > shallow.memory + 4 * 64  # conv1_2, at least
    assert deep.targets > shallow.targets
    assert deep.margin.before > shallow.margin.before and deep.margin.stride > shallow.margin.stride
    assert deep.seconds > 0 and shallow.seconds > 0


def test_target_feature_maps_are_counted_by_the_pixel(shallow, deep):
    assert shallow.targets == 4 * 64  # conv1_1, in float32
    assert deep.targets == 4 * (64 + 128 / 4)  # and conv2_1, half as wide and half as high
    assert shallow.memory > 2 * shallow.targets  # the generated image's maps and their gradient


def test_what_is_computed_anew_is_not_kept(shallow):
    assert cost("content:layer=conv1_1", cache_targets=False).targets < 30 < shallow.targets  # the pictures themselves


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_low_precision_halves_what_is_kept(shallow, precision):
    low = cost("content:layer=conv1_1", precision=precision)
    assert low.targets == shallow.targets / 2
    assert low.memory < shallow.memory


def test_targets_of_several_styles_do_not_grow_with_the_content_image():
    outcome = cost("style:layers=conv1_1", styles=2)
    assert outcome.targets == 0
    assert outcome.memory > 4 * 64


def test_a_loss_of_pixels_alone_takes_next_to_nothing(shallow):
    outcome = cost("tv")
    assert 12 <= outcome.memory < shallow.memory / 2
    assert (outcome.margin, outcome.why_not) == (ReceptiveField(1, 0, 1), "")


def test_a_term_that_cannot_be_tiled_is_told_apart(shallow):
    assert (shallow.margin, shallow.why_not) == (ReceptiveField(1, 1, 1), "")
    outcome = cost(parse_loss("content:layer=conv1_1") + PEAK)
    assert outcome.margin is None
    assert "'peak' cannot be tiled" in outcome.why_not and "Max" in outcome.why_not
    assert outcome.memory >= shallow.memory


def distance(g):
    return g.mean(tf.square((g.generated.image - g.content.image) / 255))


def noisy(g):
    image = g.generated.image
    return g.mean(tf.square(image + tf.random.normal(tf.shape(image), stddev=50.0, seed=1)))


def counting(g):
    calls = tf.get_variable("calls", initializer=0.0)
    return distance(g) + tf.assign_add(calls, 1.0)


def drawn(g):
    value = tf.py_function(lambda x: x * np.random.uniform(1, 2), [distance(g)], tf.float32)
    value.set_shape([])
    return value


@pytest.mark.parametrize(
    "function",
    [noisy, *(pytest.param(function, marks=pytest.mark.slow) for function in (counting, drawn))],
    ids=lambda function: function.__name__,
)
def test_a_term_that_differs_from_itself_is_refused_by_name(function):
    label = function.__name__
    message = rf"^loss term '{label}' is [\d.]+ and then [\d.]+ for the same picture, so that no search can lower it; "
    with pytest.raises(LossError, match=message):
        cost(parse_loss("tv") + LossTerm(label, function, "here")())


def test_a_term_that_draws_the_same_each_time_is_no_random_one():
    def fixed(g):
        image = g.generated.image
        return g.mean(tf.square(image + tf.random.stateless_normal(tf.shape(image), [1, 2])))

    assert cost(LossTerm("fixed", fixed, "here")()).seconds > 0


def nearest(g):
    """Each position is compared with all of the painting's."""
    own, painted = (tf.reshape(view["conv2_1"], [-1, 128])[::2] for view in (g.generated, g.style))
    best = tf.argmax(tf.matmul(own, painted, transpose_b=True), 1)
    return tf.reduce_mean(tf.square(own - tf.gather(painted, best))) / 1e4


def alike(g):
    """Each position is compared with all others."""
    maps = [tf.nn.l2_normalize(tf.reshape(v["conv3_1"], [-1, 256]), 1) for v in (g.generated, g.content)]
    own, photos = (tf.matmul(one, one, transpose_b=True) for one in maps)
    return tf.reduce_mean(tf.square(own - photos))


def plain(g):
    return tf.reduce_mean(tf.square(g.generated["conv2_1"] - g.content["conv2_1"]))


@pytest.mark.parametrize(
    "function", [nearest, pytest.param(alike, marks=pytest.mark.slow), plain], ids=lambda function: function.__name__
)
def test_memory_that_grows_faster_than_pixels_is_predicted(function):
    side, style = 192, 224
    with Evaluator(Objective(StyleGraph(find_weights()), LossTerm("probe", function, "here")())) as evaluator:
        outcome = measure(evaluator)
        taken = measured_cost._peak(evaluator, measured_cost._bind(evaluator, side, style))
    assert taken == pytest.approx(outcome.evaluation(side**2, style**2), rel=0.15)
    faster = outcome.evaluation(1024**2, 1024**2) > 2 * outcome.memory * 1024**2
    assert faster == (function is not plain)


@pytest.mark.slow
def test_the_largest_size_is_measured_only_where_it_fits_easily(monkeypatch):
    monkeypatch.setattr(measured_cost, "_EASILY", 0.0)
    without = cost(LossTerm("probe", alike, "here")())
    assert without.growth.pairs > 0


def test_what_can_be_tiled_grows_as_pixels_do_and_is_measured_at_one_size(shallow):
    assert shallow.growth is None and shallow.evaluation(1000, 50) == 1000 * shallow.memory


def test_without_memory_for_it_nothing_is_measured(monkeypatch):
    monkeypatch.setattr(measured_cost, "_NEEDED", 1e15)
    with pytest.raises(
        ConfigError, match=r"GB of memory are left, and the smallest run needs 1000000\.0 GB; close other"
    ):
        cost("tv")
