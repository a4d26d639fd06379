"""What nodes of a file become, and that none takes more memory than the file accounts for."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import LossError, RunError, WeightsError
from nstgraph.inspect.flops import evaluated_once
from nstgraph.memory import peak_memory
from nstgraph.networks.graph_file import GraphFile

KERNEL = np.random.default_rng(1).normal(size=(3, 3, 3, 4)).astype(np.float32)


def saved(path, after):
    """Write a convolution with its ReLU, and what ``after`` makes of it, ``out``; returns the graph."""
    with tf.Graph().as_default() as graph:
        photo = tf.placeholder(tf.float32, [1, None, None, 3], "photo")
        maps = tf.nn.relu(tf.nn.conv2d(photo / 255, tf.constant(KERNEL), 1, "SAME"), name="maps")
        tf.identity(after(maps), name="out")
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return graph.as_graph_def()


def filled(*lengths):
    return tf.raw_ops.Fill(dims=tf.placeholder_with_default(np.int32(lengths), [len(lengths)]), value=1.0)


def as_shape(numbers):
    """A shape that is computed from numbers, all of which have to be there for it."""
    return tf.stack([1, -1, 2, 4 + tf.cast(tf.reduce_sum(numbers) * 0, tf.int32)])


LARGE = {
    "a constant": lambda maps: maps * tf.reduce_sum(filled(10**5, 10**5)),
    "many constants": lambda maps: maps * tf.add_n([tf.reduce_sum(filled(2**26)) for _ in range(8)]),
    "a product": lambda maps: maps * tf.reduce_sum(tf.fill([10**5, 1], 1.0) * tf.fill([1, 10**5], 1.0)),
    "channels": lambda maps: tf.nn.conv2d(maps, filled(1, 1, 4, 10**8), 1, "SAME"),
    "padding": lambda maps: tf.pad(maps, tf.constant([[0, 0], [0, 10**7], [0, 0], [0, 0]])),
    "tiles of tiles": lambda maps: tf.tile(tf.tile(maps, [1, 10**3, 1, 1]), [1, 1, 10**3, 1]),
    "by the picture's size": lambda maps: tf.image.resize_bilinear(maps, tf.shape(maps)[1:3] * 1000),
    "only for a shape": lambda maps: tf.reshape(maps, as_shape(filled(2**30))),
    "by the size of the maps": lambda maps: tf.reshape(
        maps, as_shape(tf.fill(tf.shape(tf.reduce_mean(maps, [1, 2], keepdims=True)) * 10**5, 1.0))
    ),
}


@pytest.mark.parametrize("kind", LARGE)
def test_tensors_that_are_too_large_are_refused_before_they_are_computed(tmp_path, kind):
    saved(tmp_path / "net.pb", LARGE[kind])
    view, before = StyleGraph(GraphFile(tmp_path / "net.pb")).content, peak_memory()
    with pytest.raises(WeightsError, match=r"net\.pb asks for [\d.]+ GB more for its operation .*; get another file$"):
        view["out"]
    assert peak_memory() - before < 0.5e9


def test_a_constant_that_claims_more_than_the_file_holds_is_refused(tmp_path):
    graph = saved(tmp_path / "net.pb", lambda maps: maps + tf.constant([1.5], name="one"))
    one = next(node for node in graph.node if node.name == "one")
    one.attr["value"].tensor.tensor_shape.dim[0].size = 10**12
    (tmp_path / "net.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(WeightsError, match=r"asks for 4000\.0 GB more for its operation one"):
        StyleGraph(GraphFile(tmp_path / "net.pb")).content["out"]


def test_sizes_too_large_to_be_written_are_told_in_words(tmp_path):
    def larger(maps):  # an even number times this is negative in 32 bits
        return tf.raw_ops.ResizeBilinear(images=maps, size=tf.shape(maps)[1:3] * (2**31 - 1))

    saved(tmp_path / "net.pb", larger)
    g = StyleGraph(GraphFile(tmp_path / "net.pb"))
    with pytest.raises(WeightsError, match="an operation ResizeBilinear, which is not for pictures of any size, and"):
        g.content["out"]
    with (
        g.graph.as_default(),
        pytest.raises(WeightsError, match=r"cannot be imported \(.* -8 must be"),
    ):
        g.network.features(tf.zeros([1, 8, 8, 3]), "features/still/")["out"]


def test_sizes_that_depend_on_what_the_picture_shows_are_refused(tmp_path):
    def unknown(maps):
        return maps * tf.reduce_sum(tf.fill(tf.cast(tf.reduce_mean(maps, [0, 1, 2]), tf.int32), 1.0, name="open"))

    saved(tmp_path / "net.pb", unknown)
    with pytest.raises(
        WeightsError,
        match=r"net\.pb has an operation open whose result may be of any size",
    ):
        StyleGraph(GraphFile(tmp_path / "net.pb")).content["out"]


def folded(maps):
    """Maps in a shape that not all pictures' have; then the number of channels depends on the picture."""
    return tf.reshape(maps, [1, 48, 48, -1], name="folded")


@pytest.mark.parametrize(
    "then", [lambda maps: maps, lambda maps: tf.reduce_sum(tf.fill(tf.shape(maps)[3:] * 10**9, 1.0))]
)
def test_what_not_all_pictures_can_be_given_to_is_refused_unless_its_size_is_known(tmp_path, then):
    saved(tmp_path / "net.pb", lambda maps: then(folded(maps)))
    view = StyleGraph(GraphFile(tmp_path / "net.pb")).content
    assert view["maps"].shape[-1] == 4
    for _ in range(2):
        with pytest.raises(WeightsError, match=r"net\.pb has an operation folded, which is not for .*; ask for layers"):
            view["out"]


def test_a_network_for_pictures_of_one_size_is_imported_but_not_without_limits(tmp_path):
    def fixed(maps):
        return tf.reshape(maps, [1, 48, 48, 9], name="fixed")

    saved(tmp_path / "net.pb", lambda maps: tf.nn.max_pool2d(fixed(maps), 2, 2, "SAME"))
    view = StyleGraph(GraphFile(tmp_path / "net.pb")).content
    with tf.Session(graph=view.image.graph) as session:
        out = session.run(view["out"], {view.image: np.zeros((1, 72, 72, 3), np.float32)})
    assert out.shape == (1, 24, 24, 9)
    saved(tmp_path / "net.pb", lambda maps: tf.tile(fixed(maps), tf.shape(fixed(maps)) * 50))
    with pytest.raises(WeightsError, match=r"asks for [\d.]+ GB more for its operation Tile"):
        StyleGraph(GraphFile(tmp_path / "net.pb")).content["out"]


def test_sizes_that_are_computed_from_the_pictures_are_no_hindrance(tmp_path):
    def decoder(maps):
        larger = tf.image.resize_nearest_neighbor(maps, tf.shape(maps)[1:3] * 2)
        return tf.pad(larger, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")

    saved(tmp_path / "net.pb", decoder)
    view = StyleGraph(GraphFile(tmp_path / "net.pb")).content
    with tf.Session(graph=view.image.graph) as session:
        out = session.run(view["out"], {view.image: np.zeros((1, 9, 14, 3), np.float32)})
    assert out.shape == (1, 20, 30, 4)


def test_an_operation_that_does_not_fit_is_named(tmp_path):
    graph = saved(tmp_path / "net.pb", lambda maps: tf.nn.max_pool2d(maps, 2, 2, "SAME", name="pool"))
    next(node for node in graph.node if node.name == "pool").attr["strides"].list.i[1] = 0
    (tmp_path / "net.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(WeightsError, match=r"is damaged: its operation pool cannot be imported \(.*\); get the file"):
        StyleGraph(GraphFile(tmp_path / "net.pb")).content["out"]


def test_what_only_the_gradient_finds_is_told_in_words(tmp_path):
    def clipped(maps):
        return tf.raw_ops.ClipByValue(t=maps, clip_value_min=tf.zeros([0]), clip_value_max=1.0)

    saved(tmp_path / "net.pb", clipped)
    with pytest.raises(LossError, match=r"the loss has no gradient \(.*\); use other layers"):
        Objective(StyleGraph(GraphFile(tmp_path / "net.pb")), parse_loss("content:layer=out"))


def dilated(maps):
    """A convolution whose gradient only some processors have."""
    return tf.nn.conv2d(maps, np.ones((3, 3, 4, 4), np.float32), 1, "SAME", dilations=[1, 2, 2, 1])


def has_dilated_gradient():
    with tf.Graph().as_default(), tf.Session() as session:
        maps = tf.ones([1, 8, 8, 4])
        try:
            session.run(tf.gradients(dilated(maps), maps))
        except tf.errors.OpError:
            return False
        return True


def test_what_only_the_run_finds_is_told_in_words(tmp_path):
    if has_dilated_gradient():
        pytest.skip("this processor has gradients of dilated convolutions")
    saved(tmp_path / "net.pb", dilated)
    with pytest.raises(RunError, match="the loss cannot be evaluated: "):
        evaluated_once(Objective(StyleGraph(GraphFile(tmp_path / "net.pb")), parse_loss("content:layer=out")), 32, 32)


@pytest.mark.parametrize("scaled", [True, False])
def test_normalisation_of_the_first_networks_is_computed_as_today(tmp_path, scaled):
    """Graphs of before version 9 have an operation for it that today's may not have."""
    graph = saved(tmp_path / "net.pb", lambda maps: maps)
    mean, variance, offset, scale = np.random.default_rng(2).uniform(0.5, 2, (4, 4)).astype(np.float32)
    with tf.Graph().as_default() as constants:
        for name, value in zip("mvos", (mean, variance, offset, scale), strict=True):
            tf.constant(value, name=name)
    graph.node.extend(constants.as_graph_def().node)
    old = graph.node.add(name="old", op="BatchNormWithGlobalNormalization", input=["maps", "m", "v", "o", "s"])
    old.attr["T"].type = tf.float32.as_datatype_enum
    old.attr["variance_epsilon"].f = 0.01
    old.attr["scale_after_normalization"].b = scaled
    graph.versions.producer = 8
    (tmp_path / "net.pb").write_bytes(graph.SerializeToString())
    view = StyleGraph(GraphFile(tmp_path / "net.pb")).content
    image = np.random.default_rng(3).uniform(0, 255, (1, 9, 8, 3)).astype(np.float32)
    with tf.Session(graph=view.image.graph) as session:
        maps, normalized = session.run([view["maps"], view["old"]], {view.image: image})
    expected = (maps - mean) / np.sqrt(variance + 0.01) * (scale if scaled else 1) + offset
    np.testing.assert_allclose(normalized, expected, rtol=1e-4, atol=1e-5)


def test_a_default_that_nobody_feeds_is_a_constant(tmp_path):
    def either(maps):
        training = tf.placeholder_with_default(False, [], "training")
        off, on = tf.raw_ops.Switch(data=maps, pred=training)
        return tf.raw_ops.Merge(inputs=[off * 2, on * 3]).output

    saved(tmp_path / "net.pb", either)
    view = StyleGraph(GraphFile(tmp_path / "net.pb")).content
    with view.image.graph.as_default(), tf.Session() as session:
        gradient = tf.gradients(view["out"], view.image)[0]
        values = session.run([view["out"], view["maps"], gradient], {view.image: np.full((1, 8, 8, 3), 9, np.float32)})
    np.testing.assert_array_equal(values[0], 2 * values[1])
    assert np.abs(values[2]).max() > 0


def test_a_network_deeper_than_python_may_recurse_is_imported_in_any_order(tmp_path):
    graph = saved(tmp_path / "net.pb", lambda maps: maps)
    for number in range(1200):
        link = graph.node.add(name=f"link{number}", op="Relu", input=[f"link{number - 1}" if number else "out"])
        link.attr["T"].type = tf.float32.as_datatype_enum
    backwards = tf.GraphDef(node=list(graph.node)[::-1])
    (tmp_path / "net.pb").write_bytes(backwards.SerializeToString())
    view = StyleGraph(GraphFile(tmp_path / "net.pb")).content
    for number in (600, 1199, 3):
        assert view[f"link{number}"].shape[-1] == 4
    assert [op.type for op in view.image.graph.get_operations()].count("Relu") == 1201
