"""One picture as the graph sees it: layers by name, built when first asked for."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import StyleGraph, tf
from nstgraph.errors import LossError, WeightsError
from nstgraph.networks.weights_file import WeightsFile, embedded


@pytest.fixture
def g():
    return StyleGraph(WeightsFile(embedded()), styles=2)


def test_views_have_the_names_of_their_pictures(g):
    assert [view.name for view in g.views] == ["generated", "content", "style", "style_1"]
    assert g.content["image"] is g.content.image
    assert g.generated.interior is g.content.interior is not g.style.interior


def test_features_are_built_once_and_only_when_asked_for(g):
    with g.graph.as_default():
        count = len(g.graph.get_operations())
        maps = g.style["conv1_2"]
        assert len(g.graph.get_operations()) > count
        count = len(g.graph.get_operations())
        assert g.style["conv1_2"] is maps
        assert len(g.graph.get_operations()) == count
    assert set(g.style.maps) == {"image", "conv1_2"}
    assert set(g.style.features) == {"conv1_1", "conv1_2"}


def test_a_shallow_layer_is_a_deep_ones_own(g):
    g.content["conv2_1"]
    count = len(g.graph.get_operations())
    assert g.content["pool1"].name == "features/content/pool1:0"
    assert len(g.graph.get_operations()) == count


def test_layers_that_are_not_there_leave_no_trace(g):
    count = len(g.graph.get_operations())
    with pytest.raises(LossError, match="VGG16 has no layer 'conv1_9'; did you mean 'conv1_"):
        g.style["conv1_9"]
    with pytest.raises(WeightsError, match="lacks conv4_1"):
        g.style["conv4_1"]
    assert len(g.graph.get_operations()) == count


def test_one_graph_serves_every_size(g):
    maps = g.content["conv3_1"]
    with tf.Session(graph=g.graph) as session:
        g.network.load(session)
        for height, width in ((16, 24), (33, 57)):
            picture = np.random.default_rng(0).uniform(0, 255, (1, height, width, 3))
            got = session.run(maps, {g.content.image: picture})
            assert got.shape == (1, -(-height // 4), -(-width // 4), 256)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_low_precision_is_the_networks_alone(precision):
    g = StyleGraph(WeightsFile(embedded()), precision=precision)
    with g.graph.as_default():
        maps, pool = g.generated["conv2_1"], g.generated["pool1"]
        gradient = tf.gradients(g.mean(tf.square(maps)), g.generated.image)[0]
        assert {v.dtype.base_dtype for v in tf.global_variables()} == {tf.float32}
    assert {view.image.dtype for view in g.views} == {tf.float32}
    assert maps.dtype == pool.dtype == gradient.dtype == tf.float32
    assert maps.name == "features/generated/conv2_1:0"
    assert set(g.generated.features) == {"conv1_1", "conv1_2", "pool1", "conv2_1"}
    assert {m.dtype.name for m in g.generated.features.values()} == {precision}
    assert g.generated.features["conv2_1"].name == f"features/generated/conv2_1/{precision}:0"


def test_the_networks_maps_of_float32_are_the_views_own(g):
    assert g.style["conv1_2"] is g.style.features["conv1_2"]
