"""Strides and receptive fields, read off the graph."""

from __future__ import annotations

import pytest

from nstgraph import StyleGraph, tf
from nstgraph.errors import TilingError
from nstgraph.graph.locality import Locality
from nstgraph.graph.receptive_field import ReceptiveField
from nstgraph.networks.weights_file import WeightsFile, embedded


def reach(tensor, image):
    """What a tensor sees of a picture."""
    return Locality([image.name], set()).field(tensor)


@pytest.fixture(scope="module")
def graph():
    return StyleGraph(WeightsFile(embedded()))


def test_reach_of_the_layers_is_their_receptive_field(graph):
    with graph.graph.as_default():
        outcome = {layer: reach(graph.content[layer], graph.content.image) for layer in ("conv1_1", "pool1", "conv3_3")}
    assert outcome["conv1_1"] == ReceptiveField(1, 1, 1)
    assert outcome["pool1"] == ReceptiveField(2, 2, 3)
    assert outcome["conv3_3"].stride == 4
    # 40 pixels wide: position 0 sees 18 before its first pixel, which is 4 pixels wide itself, and as many after.
    assert outcome["conv3_3"].before + outcome["conv3_3"].after + 1 == 40


def test_reach_follows_what_a_plugin_does(graph):
    image = graph.generated.image
    with graph.graph.as_default():
        assert reach(image[:, 1:] - image[:, :-1], image) == ReceptiveField(1, 0, 1)
        wide = tf.nn.depthwise_conv2d(image, tf.ones([5, 5, 3, 1]), [1, 1, 1, 1], "SAME")
        assert reach(wide, image) == ReceptiveField(1, 2, 2)
        assert reach(tf.nn.avg_pool2d(wide, 4, 4, "VALID"), image) == ReceptiveField(4, 2, 5)
        with pytest.raises(TilingError, match="pool by 2 repeatedly"):
            reach(tf.nn.avg_pool2d(image, 4, 4, "SAME"), image)


def test_reach_of_low_precision_maps_is_the_same(graph):
    for precision in ("bfloat16", "float16"):
        low = StyleGraph(WeightsFile(embedded()), precision=precision)
        for layer in ("conv1_1", "pool2", "conv3_1"):
            with graph.graph.as_default():
                exact = reach(graph.content[layer], graph.content.image)
            with low.graph.as_default():
                assert reach(low.content[layer], low.content.image) == exact


def test_a_dilated_convolution_sees_as_far_as_its_holes_make_it(graph):
    image = graph.generated.image
    with graph.graph.as_default():
        dilated = tf.nn.conv2d(image, tf.ones([3, 3, 3, 2]), 1, "SAME", dilations=4)
        assert reach(dilated, image) == ReceptiveField(1, 4, 4)


def test_a_strided_convolution_that_starts_elsewhere_on_every_size_is_refused(graph):
    image = graph.generated.image
    with graph.graph.as_default():
        kernel = tf.ones([5, 5, 3, 1])
        assert reach(tf.nn.depthwise_conv2d(image, kernel, [1, 2, 2, 1], "VALID"), image) == ReceptiveField(2, 0, 4)
        with pytest.raises(TilingError, match="VALID"):
            reach(tf.nn.depthwise_conv2d(image, kernel, [1, 2, 2, 1], "SAME"), image)
