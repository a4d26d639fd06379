"""A stranger's network file: whatever it holds, it does nothing, and what it is refused for is named."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from nstgraph import StyleGraph, tf
from nstgraph.cli.app import app
from nstgraph.errors import ConfigError, WeightsError
from nstgraph.networks import graph_nodes
from nstgraph.networks.graph_file import GraphFile

LARGEST = 2**31 - 1


def definition(after=tf.identity):
    """A convolution with its ReLU, ``maps``, and what ``after`` makes of it, ``out``."""
    with tf.Graph().as_default() as graph:
        photo = tf.placeholder(tf.float32, [1, None, None, 3], "photo")
        kernel = tf.constant(np.full((3, 3, 3, 4), 0.1, np.float32), name="kernel")
        maps = tf.nn.relu(tf.nn.conv2d(photo / 255, kernel, 1, "SAME", name="convolution"), name="maps")
        tf.identity(after(maps), name="out")
    return graph.as_graph_def()


def node(graph, name):
    return next(node for node in graph.node if node.name == name)


@pytest.fixture
def save(tmp_path):
    """Write a graph, or anything else, to ``net.pb``, and give its path."""

    def save(graph):
        path = tmp_path / "net.pb"
        path.write_bytes(graph if isinstance(graph, bytes) else graph.SerializeToString())
        return path

    return save


def cached(maps):
    """Numbers that come from a dataset which writes what it reads into files."""
    numbers = tf.raw_ops.TensorDataset(components=[tf.constant(1.0)], output_shapes=[[]])
    kept = tf.raw_ops.CacheDataset(
        input_dataset=numbers, filename="written", output_types=[tf.float32], output_shapes=[[]], name="harm"
    )
    return maps + tf.raw_ops.DatasetToSingleElement(dataset=kept, output_types=[tf.float32], output_shapes=[[]])[0]


@tf.function(autograph=False)
def doubled(maps):
    return maps + tf.strings.to_number(tf.io.read_file("secret", name="inside"))


HARMFUL = {
    "ReadFile": lambda maps: maps + tf.strings.to_number(tf.io.read_file("secret", name="harm")),
    "CacheDataset": cached,
    "DebugIdentity": lambda maps: tf.raw_ops.DebugIdentity(
        input=maps, tensor_name="maps:0", debug_urls=[f"file://{os.getcwd()}/written", "grpc://nobody:1"], name="harm"
    ),
    "PyFunc": lambda maps: tf.py_func(lambda numbers: numbers, [maps], tf.float32, name="harm"),
    "EagerPyFunc": lambda maps: tf.py_function(lambda numbers: numbers, [maps], tf.float32, name="harm"),
    "PartitionedCall": doubled,
    "RandomUniform": lambda maps: maps + tf.random.uniform([], name="harm"),
    "Print": lambda maps: tf.Print(maps, [maps], name="harm"),
}


@pytest.mark.parametrize("kind", HARMFUL)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_no_network_needs_is_refused_by_name_and_does_nothing(save, tmp_path, monkeypatch, kind):
    (tmp_path / "secret").write_text("1.5")
    monkeypatch.chdir(tmp_path)
    graph = definition(HARMFUL[kind])
    if kind == "CacheDataset":  # what it reads from is of no network either, and would be named first
        node(graph, "TensorDataset").op = "Identity"
        node(graph, "TensorDataset").attr.clear()
        node(graph, "TensorDataset").attr["T"].type = tf.float32.as_datatype_enum
    path = save(graph)
    harm = next(node.name for node in graph.node if node.op == kind)
    view = StyleGraph(GraphFile(path)).content
    with pytest.raises(WeightsError) as error:
        view["out"]
    message = str(error.value)
    assert message.startswith(f"{path} has the operation {harm} of type {kind}, which is not one that a network needs;")
    assert message.endswith("ask for layers before it, or name a later --input") and "\n" not in message
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.pb", "secret"]


def test_an_operation_named_as_one_of_the_files_functions_is_refused(save):
    graph = definition(doubled)
    function = graph.library.function[0].signature.name
    node(graph, "PartitionedCall").op = function
    with pytest.raises(WeightsError, match=f"has the operation PartitionedCall of type {function}, which is not one"):
        GraphFile(save(graph)).needed("out")


@pytest.mark.parametrize("command", ["graph show", "plan c.png s.png", "stylize c.png s.png -o o.png"])
def test_no_command_runs_anything_of_a_refused_file(picture_folder, command):
    path = picture_folder / "net.pb"
    path.write_bytes(definition(HARMFUL["DebugIdentity"]).SerializeToString())
    before = sorted(file.name for file in picture_folder.rglob("*"))
    result = CliRunner().invoke(app, [*command.split(), "--network", str(path), "-l", "content:layer=out"])
    assert result.exit_code == 2
    assert re.fullmatch(
        r"nstgraph: .*net\.pb has the operation harm of type DebugIdentity, which .*; .*\n", result.stderr
    )
    assert sorted(file.name for file in picture_folder.rglob("*")) == before


def test_what_no_layer_is_computed_from_is_never_imported(save, tmp_path, monkeypatch):
    def with_leftovers(maps):
        written = tf.io.write_file("written", tf.as_string(tf.reduce_sum(maps)), name="write")
        check = tf.Assert(tf.reduce_all(maps >= 0), [maps], name="check")
        with tf.control_dependencies([written, check]):
            return maps * 2

    monkeypatch.chdir(tmp_path)
    graph = definition(with_leftovers)
    node(graph, "convolution").device = "/job:worker/task:7/device:GPU:3"
    for attribute in ("_class", "_XlaCompile", "_gradient_op_type", "_output_shapes"):
        node(graph, "convolution").attr[attribute].s = b"unknown"
    built = StyleGraph(GraphFile(save(graph)))
    image = np.full((1, 8, 9, 3), 100, np.float32)
    with built.graph.as_default():
        gradient = tf.gradients(built.content["out"], built.content.image)[0]
    with tf.Session(graph=built.graph) as session:
        doubled, maps, _ = session.run(
            [built.content["out"], built.content["maps"], gradient], {built.content.image: image}
        )
    np.testing.assert_array_equal(doubled, 2 * maps)
    imported = {op.type for op in built.graph.get_operations() if not op.name.startswith("generated")}
    assert not {"WriteFile", "Assert", "If", "AsString"} & imported
    assert [file.name for file in tmp_path.iterdir()] == ["net.pb"]


def test_what_comes_before_the_input_is_never_imported(save):
    graph = definition()
    with tf.Graph().as_default() as before:
        tf.io.decode_jpeg(tf.io.read_file("secret"), 3, name="decoded")
    graph.node.extend(before.as_graph_def().node)
    node(graph, "photo").op = "Cast"
    node(graph, "photo").input.append("decoded")
    node(graph, "photo").attr["DstT"].type = tf.float32.as_datatype_enum
    assert GraphFile(save(graph), input="photo").layers == {"conv1_1": "maps"}


def damaged(name, **changes):
    """The graph with the tensor of a node changed, or a tensor added to its attributes."""
    graph = definition(lambda maps: maps + tf.constant([[1.0, 2.0, 3.0, 4.0]], name="row"))
    attributes = node(graph, name).attr
    for key, value in changes.items():
        if key == "shape":
            attributes["value"].tensor.tensor_shape.dim[0].size = value
        elif key == "type":
            attributes["value"].tensor.dtype = value
        elif key == "content":
            attributes["value"].tensor.tensor_content = value
        else:
            attributes[key].tensor.tensor_shape.dim.add(size=value)
    return graph


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("row", {"type": 3}),  # these three end the process if TensorFlow gets them
        ("row", {"shape": -1}),
        ("maps", {"another": -1}),
        ("row", {"content": b"12345"}),
        ("row", {"shape": 2}),
    ],
)
def test_tensors_that_are_not_what_they_claim_are_refused(save, name, changes):
    with pytest.raises(WeightsError, match=f"has the operation {name} of type .*, whose values are damaged; get"):
        GraphFile(save(damaged(name, **changes))).needed("out")


def test_a_network_has_numbers_only(save):
    with pytest.raises(WeightsError, match=r"has the operation kernel of type Const, whose .* is not of numbers"):
        graph = definition()
        node(graph, "kernel").attr["value"].tensor.dtype = tf.string.as_datatype_enum
        GraphFile(save(graph))
    graph = definition()
    node(graph, "photo").attr["dtype"].type = 77
    with pytest.raises(ConfigError, match=r"photo of .* takes no numbers"):
        GraphFile(save(graph))


@pytest.mark.parametrize("name", ["", "a b", "\x1b[31mred", "two\nlines"])
def test_names_that_no_operation_has_are_refused(save, name):
    graph = definition()
    graph.node.add(name=name, op="NoOp")
    with pytest.raises(WeightsError, match=r"net\.pb is damaged: it names an operation '.*'; get the file again$"):
        GraphFile(save(graph))


def test_two_operations_of_one_name_are_refused(save):
    graph = definition()
    graph.node.add().CopyFrom(graph.node[0])
    with pytest.raises(WeightsError, match="it has two operations photo; get the file again"):
        GraphFile(save(graph))


@pytest.mark.parametrize("source", ["maps:x", "maps:-1", ":0", ""])
def test_inputs_that_lead_nowhere_are_refused_or_left_out(save, source):
    graph = definition()
    node(graph, "out").input.append(source)
    file = GraphFile(save(graph))
    if file.operation("out"):
        with pytest.raises(WeightsError, match="has the operation out of type Identity, whose inputs are damaged"):
            file.needed("out")


def test_a_file_larger_than_any_graph_is_told_so_unread(save):
    path = save(definition())
    os.truncate(path, LARGEST + 1)
    with pytest.raises(WeightsError, match=r"larger than 2 GB, which no frozen graph \(\.pb\) can be; check --network"):
        GraphFile(path)


class Counted(dict):
    """Nodes that count how often one of them is looked at."""

    looked = 0

    def __getitem__(self, name):
        self.looked += 1
        return super().__getitem__(name)


def chain(length):
    graph = definition()
    for number in range(length):
        link = graph.node.add(name=f"link{number}", op="Relu", input=[f"link{number - 1}" if number else "maps"])
        link.attr["T"].type = tf.float32.as_datatype_enum
    backwards = tf.GraphDef(node=list(graph.node)[::-1])
    return backwards


def test_reading_and_importing_look_at_each_node_a_few_times(save):
    """With 8,000 nodes the wrong way round, reading took a minute when it looked through all of them for each."""
    looks = []
    for length in (300, 3000):
        file = GraphFile(save(chain(length)))
        file.nodes = Counted(file.nodes)
        known = {file.input}
        for number in range(length):
            known.update(node.name for node in file.needed(f"link{number}", known))
        looks.append(file.nodes.looked)
    assert looks[1] < 11 * looks[0] and looks[1] < 3 * 3000


def test_nodes_come_after_those_they_are_made_from(save):
    graph = chain(2000)
    nodes = {node.name: node for node in graph.node}
    order = graph_nodes.in_order(nodes, "photo")
    assert order[-2:] == ["link1998", "link1999"] and len(order) == len(nodes)
    file = GraphFile(save(graph))
    assert [node.name for node in file.needed("link1", {"maps"})] == ["link0", "link1"]


def test_loops_are_left_out(save):
    graph = definition()
    for name, source in (("one", "two"), ("two", "one"), ("self", "self"), ("after", "one")):
        graph.node.add(name=name, op="Relu", input=[source]).attr["T"].type = tf.float32.as_datatype_enum
    file = GraphFile(save(graph))
    assert file.operation("after") is None and file.operation("self") is None
    assert file.layers == {"conv1_1": "maps"}
