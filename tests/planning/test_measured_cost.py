"""What an evaluation costs, measured on real ones."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import ConfigError
from nstgraph.graph.receptive_field import ReceptiveField
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.memory import process_memory
from nstgraph.networks.find_weights import find_weights
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
