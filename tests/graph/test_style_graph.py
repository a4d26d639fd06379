"""Names of the style graph, and what is shared between its pictures."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import StyleGraph, tf
from nstgraph.errors import LossError
from nstgraph.networks.weights_file import WeightsFile, embedded


@pytest.fixture
def g():
    return StyleGraph(WeightsFile(embedded()), styles=2)


def evaluate(g, tensor, **pictures):
    """Value of a tensor for pictures by view name."""
    with tf.Session(graph=g.graph) as session:
        g.network.load(session)
        return session.run(tensor, {view.image: pictures[view.name] for view in g.views if view.name in pictures})


def test_names_are_the_documented_contract(g):
    get = g.graph.get_tensor_by_name
    assert get("content:0") is g.content.image
    assert get("style:0") is g.styles[0].image is g.style.image
    assert get("style_1:0") is g.styles[1].image
    assert get("generated_image:0") is g.generated.image
    assert g.variable.name == "generated:0"
    with g.graph.as_default():
        assert [v.name for v in tf.trainable_variables()] == ["generated:0"]
        maps = g.content["conv2_1"]
    assert maps.name == "features/content/conv2_1:0"
    assert get("features/content/pool1:0").shape[-1] == 64


def test_the_default_graph_and_eager_mode_are_left_alone():
    import tensorflow

    before = tf.get_default_graph()
    StyleGraph(WeightsFile(embedded()))
    assert tf.get_default_graph() is before
    assert before.get_operations() == []
    assert tensorflow.executing_eagerly()
    assert float(tensorflow.constant(2.0) + 1) == 3


def test_the_same_sum_is_built_once(g):
    with g.graph.as_default():
        assert g.gram(g.style["conv1_1"]) is g.gram(g.style["conv1_1"])
    assert len(g.statistics) == 1
    assert g.statistics[0].views == (g.style,)


def test_style_mean_blends(g):
    with g.graph.as_default():
        even = g.style_mean(lambda view: g.mean(view.image))
        uneven = g.style_mean(lambda view: g.mean(view.image), (3, 1))
        with pytest.raises(LossError, match="needs 2 shares"):
            g.style_mean(lambda view: g.mean(view.image), (1, 1, 1))
        with pytest.raises(LossError, match="shares"):
            g.style_mean(lambda view: g.mean(view.image), (0, 0))
    dark, light = np.full((1, 16, 16, 3), 40, np.float32), np.full((1, 20, 17, 3), 200, np.float32)
    assert evaluate(g, even, style=dark, style_1=light) == pytest.approx(120)
    assert evaluate(g, uneven, style=dark, style_1=light) == pytest.approx(80)


def test_sums_refuse_what_has_no_positions(g):
    with g.graph.as_default():
        with pytest.raises(LossError, match=r"take \[1, height, width, channels\]"):
            g.sum(g.content.image[0])
        with pytest.raises(LossError, match="made from no picture"):
            g.mean(tf.zeros([1, 4, 4, 3]))
