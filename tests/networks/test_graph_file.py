"""Networks from frozen files against the same files run by themselves in plain TensorFlow."""

from __future__ import annotations

import collections

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, TiledEvaluator, parse_loss, tf
from nstgraph.errors import ConfigError, LossError, WeightsError
from nstgraph.networks.graph_file import GraphFile
from nstgraph.networks.weights_file import WeightsFile, embedded

MEANS = np.array([123.68, 116.779, 103.939], np.float32)
LOSS = "0.5*content:layer=conv2_1 2*style:layers=conv1_1+conv2_2+conv3_1"

#: Operation by VGG's name of the layer, in the tower that `tower` builds.
TOWER = {
    "conv1_1": "stem/a/relu", "conv1_2": "stem/b/relu", "pool1": "stem/pool",
    "conv2_1": "body/a/relu", "conv2_2": "body/b/relu", "pool2": "body/pool",
    "conv3_1": "head/a/relu",
}  # fmt: skip


def convolution(maps, name, kernel, bias, use_resource=False):
    """A SAME convolution with its ReLU, of three operations and two variables."""
    with tf.variable_scope(name):
        weights = tf.get_variable("w", initializer=kernel, use_resource=use_resource)
        biases = tf.get_variable("b", initializer=bias, use_resource=use_resource)
        total = tf.nn.bias_add(tf.nn.conv2d(maps, weights, 1, "SAME"), biases, name="sum")
        return tf.nn.relu(total, name="relu")


def pool(maps, name):
    return tf.nn.max_pool2d(maps, 2, 2, "SAME", name=name)


def small(maps, name, channels, **options):
    """A convolution with random weights, which depend on its name."""
    random = np.random.default_rng(list(name.encode()))
    kernel = random.normal(0, 0.3, (3, 3, maps.shape[-1], channels)).astype(np.float32)
    return convolution(maps, name, kernel, random.normal(0, 0.1, channels).astype(np.float32), **options)


def tower(prepare=lambda photo: photo, shape=(1, None, None, 3), **options):
    """Five convolutions and two pools; returns the deepest maps."""
    maps = prepare(tf.placeholder(tf.float32, shape, "photo"))
    maps = small(small(maps, "stem/a", 4, **options), "stem/b", 5, **options)
    maps = small(small(pool(maps, "stem/pool"), "body/a", 6, **options), "body/b", 6, **options)
    return small(pool(maps, "body/pool"), "head/a", 7, **options)


def minus_means(photo):
    """What a file does that takes RGB of 0..255: the means are subtracted, and the channels turned about."""
    red, green, blue = tf.split(photo, 3, 3, name="channels")
    return tf.concat([blue - MEANS[2], green - MEANS[1], red - MEANS[0]], 3, name="prepared")


def frozen(path, build, *outputs):
    """Write the graph that ``build`` builds, with its variables as constants; returns the path."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        build()
        session.run(tf.global_variables_initializer())
        constant = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), outputs)
    path.write_bytes(constant.SerializeToString())
    return path


def by_itself(path, operations, image, source="photo:0"):
    """Values of operations of a frozen file for an image, with nothing but TensorFlow."""
    definition = tf.GraphDef.FromString(path.read_bytes())
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(definition, name="")
        return session.run([graph.get_tensor_by_name(f"{name}:0") for name in operations], {source: image})


def picture(height, width, seed):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


def values(graph, tensors, **pictures):
    """Values of tensors of a style graph for pictures by view name."""
    with tf.Session(graph=graph.graph) as session:
        return session.run(tensors, {view.image: pictures[view.name] for view in graph.views if view.name in pictures})


def assert_close(ours, theirs):
    assert ours.shape == theirs.shape
    assert np.abs(theirs).max() > 0
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * np.abs(theirs).max())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("networks")


@pytest.fixture(scope="module")
def whole(folder):
    """A file that takes RGB of 0..255."""
    return frozen(folder / "whole.pb", lambda: tower(minus_means), "head/a/relu")


@pytest.fixture(scope="module")
def bare(folder):
    """A file whose input goes straight into a convolution."""
    return frozen(folder / "bare.pb", tower, "head/a/relu")


def test_layers_found_by_counting_have_vggs_names(whole):
    network = GraphFile(whole)
    assert network.layers == TOWER
    assert network.input == "photo"
    assert network.source == f"{whole}, input photo"


def test_blocks_that_branch_and_meet_are_counted_along_their_longest_way(folder):
    def branches():
        maps = small(tf.placeholder(tf.float32, [1, None, None, 3], "photo") / 255, "in", 4)
        deep = small(small(maps, "deep", 4), "deeper", 4)
        return small(deep + small(maps, "shallow", 4), "out", 4)

    layers = GraphFile(frozen(folder / "branches.pb", branches, "out/relu")).layers
    assert layers["conv1_1"] == "in/relu"
    assert layers["conv1_3"] == "deeper/relu"
    assert layers["conv1_4"] == "out/relu"


@pytest.mark.parametrize("use_resource", [False, True], ids=["ref", "resource"])
def test_features_are_those_of_the_file_run_by_itself(tmp_path, use_resource):
    path = frozen(tmp_path / "net.pb", lambda: tower(minus_means, use_resource=use_resource), "head/a/relu")
    graph = StyleGraph(GraphFile(path))
    pictures = {"content": picture(20, 27, 1), "style": picture(33, 18, 2), "generated": picture(12, 16, 3)}
    tensors = {view.name: [view[layer] for layer in TOWER] for view in graph.views}
    for name, maps in values(graph, tensors, **pictures).items():
        for ours, theirs in zip(maps, by_itself(path, TOWER.values(), pictures[name]), strict=True):
            assert_close(ours, theirs)


def test_names_of_feature_maps_are_the_documented_contract(whole):
    with tf.Graph().as_default() as outer, tf.variable_scope("painting"):
        scoped = StyleGraph(GraphFile(whole), graph=outer)
    for graph, scope in ((StyleGraph(GraphFile(whole)), ""), (scoped, "painting/")):
        maps = graph.content["conv2_1"]
        assert maps.name == f"{scope}features/content/conv2_1:0"
        assert maps.dtype == tf.float32
        assert graph.style["body/a/relu"].name == f"{scope}features/style/body/a/relu:0"
        assert graph.content["conv2_1"] is maps


@pytest.mark.parametrize(
    ("convention", "convert"),
    {
        "rgb": lambda image: image,
        "rgb-mean": lambda image: image - MEANS,
        "bgr-mean": lambda image: (image - MEANS)[..., ::-1],
        "rgb-unit": lambda image: image / 255,
    }.items(),
)
def test_pictures_are_given_as_the_network_expects_them(bare, convention, convert):
    image = picture(14, 19, 1)
    graph = StyleGraph(GraphFile(bare, values=convention))
    ours = values(graph, graph.style["conv2_2"], style=image)
    assert_close(ours, by_itself(bare, ["body/b/relu"], convert(image))[0])


def test_a_file_that_computes_something_from_the_picture_first_takes_rgb(whole):
    image = picture(14, 19, 1)
    graph = StyleGraph(GraphFile(whole, input="photo:0"))
    explicit = StyleGraph(GraphFile(whole, values="rgb"))
    ours, same = (values(g, g.content["conv1_1"], content=image) for g in (graph, explicit))
    np.testing.assert_array_equal(ours, same)
    assert_close(ours, by_itself(whole, ["stem/a/relu"], image)[0])


def padded(photo):
    return tf.pad(tf.identity(photo), [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")


@pytest.mark.parametrize("prepare", [lambda photo: photo, padded], ids=["at once", "padded"])
def test_a_file_whose_input_goes_into_a_convolution_asks_what_it_expects(tmp_path, prepare):
    path = frozen(tmp_path / "net.pb", lambda: tower(prepare), "head/a/relu")
    with pytest.raises(ConfigError, match=r"photo of .*net\.pb goes into a convolution.*--input-values: rgb, rgb-mean"):
        GraphFile(path)
    assert GraphFile(path, values="rgb-unit").layers == TOWER


@pytest.mark.parametrize("name", ["prepared", "prepared:0"])
def test_the_input_may_be_any_tensor_in_the_middle(whole, name):
    image = picture(14, 19, 1)
    graph = StyleGraph(GraphFile(whole, input=name, values="rgb-mean"))
    assert graph.network.layers == tuple(TOWER)
    ours = values(graph, graph.content["conv3_1"], content=image)
    assert_close(ours, by_itself(whole, ["head/a/relu"], image - MEANS, "prepared:0")[0])
    with pytest.raises(ConfigError, match=r"prepared of .* goes into a convolution"):
        GraphFile(whole, input=name)


def test_operations_go_by_their_own_names(whole):
    graph = StyleGraph(GraphFile(whole))
    layers = ["body/a/relu", "body/a/relu:0", "conv2_1", "body/a/sum", "prepared", "channels:2"]
    image = picture(14, 19, 1)
    named, numbered, counted, before, prepared, blue = values(
        graph, [graph.content[layer] for layer in layers], content=image
    )
    np.testing.assert_array_equal(named, counted)
    np.testing.assert_array_equal(numbered, counted)
    np.testing.assert_array_equal(np.maximum(before, 0), counted)
    assert before.min() < 0
    np.testing.assert_allclose(prepared, (image - MEANS)[..., ::-1], rtol=1e-6)
    np.testing.assert_array_equal(blue, image[..., 2:])


def test_losses_take_operations_by_their_own_names(whole):
    loss = parse_loss("content:layer=body/a/relu 2*style:layers=stem/a/relu+head/a/sum")
    with Evaluator(Objective(StyleGraph(GraphFile(whole)), loss)) as evaluate:
        evaluate.bind(picture(16, 20, 1), [picture(18, 14, 2)])
        terms = evaluate(picture(16, 20, 3)).terms
    assert min(terms.values()) > 0


@pytest.mark.parametrize("order", [list(TOWER), list(TOWER)[::-1], ["conv2_1", "conv1_1", "conv3_1", "pool1"]])
def test_layers_asked_for_in_any_order_are_imported_once(whole, order):
    graph = StyleGraph(GraphFile(whole))
    for view in (graph.content, graph.style, graph.generated):
        for layer in order:
            view[layer]
    operations = graph.graph.get_operations()
    kinds = collections.Counter(op.type for op in operations)
    assert kinds["Conv2D"] == kinds["Relu"] == 5 * 3
    assert kinds["MaxPool"] == 2 * 3
    kernels = [op for op in operations if op.type == "Const" and op.name.endswith("/w")]
    assert len(kernels) == 5
    image = picture(13, 22, 1)
    ours = values(graph, [graph.style[layer] for layer in TOWER], style=image)
    for maps, alone in zip(ours, by_itself(whole, TOWER.values(), image), strict=True):
        assert_close(maps, alone)


def test_only_what_is_asked_for_is_imported(whole):
    graph = StyleGraph(GraphFile(whole))
    before = len(graph.graph.get_operations())
    graph.style["conv1_1"]
    assert [op.type for op in graph.graph.get_operations()].count("Conv2D") == 1
    count = len(graph.graph.get_operations())
    assert count > before
    graph.style["conv1_1"]
    assert len(graph.graph.get_operations()) == count


def test_dense_layers_of_a_fixed_size_are_no_hindrance(tmp_path):
    def dense():
        flat = tf.reshape(pool(tower(minus_means, (1, 16, 16, 3)), "pool"), [1, 2 * 2 * 7])
        kernel = tf.get_variable("dense/w", initializer=np.ones((28, 10), np.float32), use_resource=False)
        return tf.nn.softmax(tf.nn.relu(tf.matmul(flat, kernel)), name="classes")

    path = frozen(tmp_path / "net.pb", dense, "classes")
    graph, image = StyleGraph(GraphFile(path)), picture(21, 30, 1)
    # The file alone takes pictures of 16 by 16 only.
    free = frozen(tmp_path / "free.pb", lambda: tower(minus_means), "head/a/relu")
    ours = values(graph, graph.content["conv3_1"], content=image)
    assert_close(ours, by_itself(free, ["head/a/relu"], image)[0])


def test_a_file_that_is_missing_is_told_so(tmp_path):
    with pytest.raises(WeightsError, match=r"none\.pb does not exist; check --network"):
        GraphFile(tmp_path / "none.pb")
    with pytest.raises(WeightsError, match="is a folder; check --network"):
        GraphFile(tmp_path)


@pytest.mark.parametrize("kind", ["text", "picture", "weights", "empty", "empty graph"])
def test_a_file_that_is_no_graph_is_told_so(tmp_path, save_picture, kind):
    path = tmp_path / "net.pb"
    if kind == "picture":
        save_picture(path, 20, 30)
    else:
        contents = {"text": b"conv1_1: 64 channels\n", "weights": embedded().read_bytes()[:10_000]}
        path.write_bytes(contents.get(kind, tf.GraphDef().SerializeToString()))
    with pytest.raises(WeightsError, match=r"net\.pb is (not a frozen graph \(\.pb\)|empty).*--network"):
        GraphFile(path)


@pytest.mark.parametrize("use_resource", [False, True], ids=["ref", "resource"])
def test_a_graph_with_variables_is_to_be_frozen_first(tmp_path, use_resource):
    with tf.Graph().as_default() as graph:
        tower(use_resource=use_resource)
    (tmp_path / "net.pb").write_bytes(graph.as_graph_def().SerializeToString())
    with pytest.raises(WeightsError, match="has variables; freeze it"):
        GraphFile(tmp_path / "net.pb")


def test_an_input_that_is_not_there_is_told_with_the_closest(whole):
    with pytest.raises(ConfigError, match="has no operation 'foto'; did you mean 'photo'"):
        GraphFile(whole, input="foto:0")


def test_of_two_placeholders_one_is_to_be_named(tmp_path):
    def two():
        rate = tf.placeholder(tf.float32, [], "rate")
        return tf.multiply(tower(minus_means), rate, "out")

    path = frozen(tmp_path / "net.pb", two, "out")
    with pytest.raises(ConfigError, match=r"has 2 placeholders; name the input with --input"):
        GraphFile(path)
    assert GraphFile(path, input="photo").layers == TOWER


def test_a_network_without_convolutions_after_its_input_is_refused(tmp_path, whole):
    def dense():
        photo = tf.placeholder(tf.float32, [1, 8, 8, 3], "photo")
        return tf.nn.relu(tf.matmul(tf.reshape(photo, [1, 192]), tf.ones([192, 4])), name="out")

    with pytest.raises(WeightsError, match="no convolution with a ReLU that photo leads to; check --input"):
        GraphFile(frozen(tmp_path / "net.pb", dense, "out"))

    def only_a_pool():
        return tf.nn.max_pool2d(tf.placeholder(tf.float32, [1, 8, 8, 3], "photo"), 2, 2, "SAME", name="out")

    with pytest.raises(WeightsError, match="no convolution with a ReLU that photo leads to; check --input"):
        GraphFile(frozen(tmp_path / "pool.pb", only_a_pool, "out"))
    with pytest.raises(WeightsError, match="that head/a/relu leads to"):
        GraphFile(whole, input="head/a/relu")


def test_layers_that_are_not_there_are_told_with_the_closest(whole):
    graph = StyleGraph(GraphFile(whole))
    with pytest.raises(LossError, match=r"whole\.pb has no layer 'conv2_3'; did you mean 'conv2_"):
        graph.content["conv2_3"]
    with pytest.raises(LossError, match="has no layer 'body/a/rel'; did you mean 'body/a/relu'"):
        graph.content["body/a/rel"]
    with pytest.raises(LossError, match="has no layer 'body/a/w'"):  # it is there, but the same for every picture
        graph.content["body/a/w"]


def test_input_values_that_are_not_known_are_told_with_the_closest(bare):
    with pytest.raises(ConfigError, match=r"no input values 'bgr-means'; did you mean 'bgr-mean'\?$"):
        GraphFile(bare, values="bgr-means")


def test_the_digest_is_that_of_the_file(whole, bare):
    first, second = GraphFile(whole).sha256, GraphFile(bare, values="rgb").sha256
    assert len(first) == 64 and first != second


@pytest.fixture(scope="module")
def objective(whole):
    return Objective(StyleGraph(GraphFile(whole)), parse_loss(LOSS))


def plain_loss(path, content, style, image):
    """Content and style loss, and their gradient, written out in TensorFlow."""

    def features(photo):
        names = [f"{TOWER[layer]}:0" for layer in ("conv2_1", "conv1_1", "conv2_2", "conv3_1")]
        return tf.import_graph_def(tf.GraphDef.FromString(path.read_bytes()), {"photo:0": photo}, names)

    def gram(maps):
        flat = tf.reshape(maps, [-1, maps.shape[-1]])
        return tf.matmul(flat, flat, transpose_a=True) / tf.cast(tf.shape(flat)[0], tf.float32)

    def relative(value, target, reduce):
        return reduce(tf.square(value - target)) / reduce(tf.square(target))

    with tf.Graph().as_default(), tf.Session() as session:
        photo = tf.constant(image)
        (target, *_), (_, *painted), (maps, *ours) = (features(x) for x in (tf.constant(content), style, photo))
        losses = [relative(gram(x), gram(y), tf.reduce_sum) for x, y in zip(ours, painted, strict=True)]
        total = 0.5 * relative(maps, target, tf.reduce_mean) + 2 * tf.add_n(losses) / len(losses)
        return session.run([total, tf.gradients(total, photo)[0]])


def test_loss_and_gradient_are_those_of_plain_tensorflow(whole, objective):
    content, style, image = picture(19, 26, 1), picture(22, 15, 2), picture(19, 26, 3)
    total, gradient = plain_loss(whole, content, style, image)
    with Evaluator(objective) as evaluate:
        ours = evaluate.bind(content, [style])(image)
    assert ours.total == pytest.approx(total, rel=1e-5)
    np.testing.assert_allclose(ours.gradient, gradient, atol=1e-5 * np.abs(gradient).max())


def test_content_and_style_are_targets(objective):
    pictures, image = (picture(18, 24, 1), [picture(14, 17, 2)]), picture(18, 24, 3)
    shapes = [tensor.shape.as_list() for tensor in objective.targets if tensor.shape.rank]
    assert [1, None, None, 6] in shapes
    assert [4, 4] in shapes and [6, 6] in shapes and [7, 7] in shapes
    with Evaluator(objective) as evaluate, Evaluator(objective, cache_targets=False) as slow:
        evaluate.bind(*pictures)
        assert not {view.image.name for view in objective.graph.views[1:]} & {t.name for t in evaluate.bound}
        cached, anew = evaluate(image), slow.bind(*pictures)(image)
    assert cached.total == pytest.approx(anew.total, rel=1e-6)
    assert_close(cached.gradient, anew.gradient)


def test_tiles_give_what_the_whole_gives(objective):
    pictures, image = (picture(49, 38, 1), [picture(23, 41, 2)]), picture(49, 38, 3)
    with Evaluator(objective) as evaluate:
        expected = evaluate.bind(*pictures)(image)
        tiled = TiledEvaluator(evaluate)
        tiled.bind(*pictures, side=16)
        ours = tiled(image)
    assert dict(ours.terms) == pytest.approx(dict(expected.terms), rel=1e-5)
    error = np.abs(ours.gradient - expected.gradient).max()
    assert error < 1e-5 * np.abs(expected.gradient).max()


def test_a_frozen_vgg_is_the_vgg_that_is_built_here(tmp_path):
    weights = WeightsFile(embedded())

    def vgg():
        maps = tf.placeholder(tf.float32, [1, None, None, 3], "photo") - MEANS
        for layer in ("conv1_1", "conv1_2", "pool1", "conv2_1", "conv2_2", "pool2", "conv3_1"):
            maps = pool(maps, layer) if layer.startswith("pool") else convolution(maps, layer, *weights.read(layer))

    file = GraphFile(frozen(tmp_path / "vgg.pb", vgg, "conv3_1/relu"))
    built = StyleGraph(weights, padding="zero", pooling="max")
    layers, image = ["conv1_1", "pool1", "conv2_2", "conv3_1"], picture(21, 26, 1)
    imported = StyleGraph(file)
    theirs = values(imported, [imported.content[layer] for layer in layers], content=image)
    ours = [built.content[layer] for layer in layers]
    with tf.Session(graph=built.graph) as session:
        built.network.load(session)
        for mine, other in zip(session.run(ours, {built.content.image: image}), theirs, strict=True):
            assert_close(mine, other)


def test_the_graphs_version_is_left_alone(whole):
    graph = StyleGraph(GraphFile(whole))
    before = graph.graph.graph_def_versions.producer
    graph.content["conv3_1"]
    assert graph.graph.graph_def_versions.producer == before > 0


def test_sizes_that_the_file_tells_of_its_own_picture_do_not_matter(tmp_path):
    path, image = tmp_path / "net.pb", picture(22, 29, 1)
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tower(minus_means, (1, 16, 16, 3))
        session.run(tf.global_variables_initializer())
        shapes = graph.as_graph_def(add_shapes=True)
        constant = tf.graph_util.convert_variables_to_constants(session, shapes, ["head/a/relu"])
    path.write_bytes(constant.SerializeToString())
    with Evaluator(Objective(StyleGraph(GraphFile(path)), parse_loss("style:layers=conv3_1"))) as evaluate:
        evaluate.bind(image, [picture(14, 31, 2)])
        assert evaluate(picture(22, 29, 3)).total > 0


def test_operations_that_are_to_be_placed_beside_others_are_imported_without_them(tmp_path):
    def beside():
        maps = small(tf.placeholder(tf.float32, [1, None, None, 3], "photo") / 255, "a", 4)
        with tf.colocate_with(maps.op):
            small(maps, "b", 4)

    graph = StyleGraph(GraphFile(frozen(tmp_path / "net.pb", beside, "b/relu")))
    assert graph.content["conv1_1"].shape[-1] == graph.content["conv1_2"].shape[-1] == 4


@pytest.mark.parametrize("layer", ["stem/a/relu:5", "stem/a/relu:x", "channels:3"])
def test_outputs_that_are_not_there_are_told_so(whole, layer):
    with pytest.raises(LossError, match=f"has no layer '{layer}'; its operation has"):
        StyleGraph(GraphFile(whole)).content[layer]


def test_an_input_is_the_only_output_of_its_operation(whole):
    with pytest.raises(ConfigError, match=r"channels:1 of .* is one output of several"):
        GraphFile(whole, input="channels:1", values="rgb")


def test_an_input_of_bytes_is_told_to_be_passed_by(tmp_path):
    def of_bytes():
        photo = tf.placeholder(tf.uint8, [1, None, None, 3], "photo")
        small(tf.cast(photo, tf.float32, name="floats") - MEANS, "a", 4)

    path = frozen(tmp_path / "net.pb", of_bytes, "a/relu")
    with pytest.raises(ConfigError, match=r"photo of .* takes uint8, .*--input"):
        GraphFile(path)
    assert StyleGraph(GraphFile(path, input="floats")).content["conv1_1"].shape[-1] == 4


def test_feature_maps_of_a_file_in_low_precision_are_float32(tmp_path):
    def half():
        photo = tf.placeholder(tf.float32, [1, None, None, 3], "photo") / 255
        maps = tf.nn.conv2d(tf.cast(photo, tf.float16), tf.ones([3, 3, 3, 4], tf.float16), 1, "SAME")
        return tf.nn.relu(maps, name="out"), tf.Variable(1.0)

    graph = StyleGraph(GraphFile(frozen(tmp_path / "net.pb", half, "out")))
    for maps in (graph.content["conv1_1"], graph.content["out:0"]):
        assert maps.dtype == tf.float32
    assert graph.content["conv1_1"].name == "features/content/conv1_1:0"
