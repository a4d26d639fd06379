"""What every network gives, whether it is VGG or comes from a file."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from nstgraph import StyleGraph, tf
from nstgraph.errors import LossError
from nstgraph.networks.graph_file import GraphFile
from nstgraph.networks.weights_file import WeightsFile, embedded


@pytest.fixture(scope="module")
def tower(tmp_path_factory):
    """A file with a network of three convolutions before its first pool, which VGG has not."""
    path = tmp_path_factory.mktemp("network") / "tower.pb"
    with tf.Graph().as_default() as graph:
        maps = tf.placeholder(tf.float32, [1, None, None, 3], "photo") / 255.0
        for number in range(3):
            kernel = np.random.default_rng(number).normal(size=(3, 3, maps.shape[-1], 4)).astype(np.float32)
            maps = tf.nn.relu(tf.nn.conv2d(maps, tf.constant(kernel), 1, "SAME"))
        tf.nn.max_pool2d(maps, 2, 2, "SAME", name="pool")
        path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


@pytest.fixture(params=["weights", "graph"])
def file(request, tower):
    return WeightsFile(embedded()) if request.param == "weights" else GraphFile(tower)


def test_networks_say_where_they_come_from_and_what_they_have(file):
    network = StyleGraph(file).network
    assert network.path == file.path and network.source == file.source
    assert network.sha256 == hashlib.sha256(file.path.read_bytes()).hexdigest()
    assert {"conv1_1", "conv1_2", "pool1"} <= set(network.layers)
    assert network.dtype == tf.float32


def test_networks_build_the_layers_asked_for_and_load_their_weights(file):
    g = StyleGraph(file)
    maps = {layer: g.content[layer] for layer in ("conv1_2", "pool1")}
    with tf.Session(graph=g.graph) as session:
        g.network.load(session)
        values = session.run(maps, {"content:0": np.full((1, 9, 12, 3), 100, np.float32)})
    assert values["conv1_2"].shape[1:3] == (9, 12) and values["pool1"].shape[1:3] == (5, 6)
    assert "conv1_2" in g.content.features and not g.style.features


def test_each_network_checks_the_names_of_its_own_layers(file, tower):
    view = StyleGraph(file).content
    if file.path == tower:
        assert view["conv1_3"].shape[-1] == 4
        with pytest.raises(LossError, match=r"tower\.pb has no layer 'conv2_2'; did you mean"):
            view["conv2_2"]
    else:
        assert view["conv2_2"].shape[-1] == 128
        with pytest.raises(LossError, match=r"VGG16 has no layer 'conv1_3'; did you mean"):
            view["conv1_3"]
    assert view["image"] is view.image
