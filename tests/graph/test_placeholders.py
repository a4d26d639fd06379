"""A style graph built into a caller's graph: its pictures, its variable, its scopes, its sessions."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import tensorflow

from nstgraph import Evaluator, Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import ConfigError
from nstgraph.fed_variables import fed_variables, load
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.search.search import Search

LOSS = "content:layer=conv1_1 2*style:layers=image+conv1_1"


@pytest.fixture(scope="module")
def weights():
    return WeightsFile(embedded())


@pytest.fixture
def graph():
    """A caller's graph, in which a test is."""
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.fixture(params=[False, True], ids=["ref", "resource"])
def variable(request, graph):
    """Function that makes a variable of one of TensorFlow's two kinds."""
    return lambda value, **options: tf.Variable(value, use_resource=request.param, **options)


def picture(height, width, seed):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


CONTENT, STYLE, IMAGE = picture(20, 24, 1), picture(18, 15, 2), picture(20, 24, 3)


def values(tensors, feed=None):
    """Values in a session of a caller, who runs the usual initializer, and then loads the weights of all networks."""
    with tf.Session() as session:
        session.run(tf.global_variables_initializer(), feed)
        load(session, fed_variables(session.graph))
        return session.run(tensors, feed)


def contract(g, objective):
    """Names that callers may rely on, but for the weights'."""
    placed = [g.content.image, g.styles[0].image, g.styles[1].image, g.generated.image]
    maps = [g.content["conv1_1"], g.styles[1]["pool1"]]
    losses = [*objective.terms.values(), objective.total, *objective.weights.values(), objective.gradient]
    return [tensor.name for tensor in (*placed, g.variable, *maps, *losses)]


CONTRACT = [
    "content:0", "style:0", "style_1:0", "generated_image:0", "generated:0", "features/content/conv1_1:0",
    "features/style_1/pool1:0", "loss/content:0", "loss/style:0", "loss/total:0", "weight/content:0", "weight/style:0",
    "gradient:0",
]  # fmt: skip


def test_tensors_and_a_variable_stand_in_for_placeholders(weights, variable):
    mine = variable(IMAGE, name="mine")
    content, style = tf.constant(CONTENT), tf.constant(STYLE)
    g = StyleGraph(weights, content=content, style=style, generated=mine)
    assert g.variable is mine and not g.variable_is_free
    assert g.graph is mine.graph
    got = values([g.content.image, g.style.image, g.generated.image, *(view["conv1_2"] for view in g.views)])
    for ours, given in zip(got, (CONTENT, STYLE, IMAGE), strict=False):
        np.testing.assert_array_equal(ours, given)
    own = StyleGraph(weights)
    feed = dict(zip((view.image for view in own.views), (IMAGE, CONTENT, STYLE), strict=True))
    maps = [view["conv1_2"] for view in own.views]
    with tf.Session(graph=own.graph) as session:
        own.network.load(session)
        for ours, expected in zip(got[3:], session.run(maps, feed), strict=True):
            np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-3)


def test_names_are_the_documented_contract_whatever_is_given(weights, variable):
    mine = variable(IMAGE, name="generated")
    styles = [tf.constant(STYLE), tf.constant(IMAGE)]
    g = StyleGraph(weights, content=tf.constant(CONTENT), style=styles, generated=mine)
    assert contract(g, Objective(g, parse_loss(LOSS))) == CONTRACT


def test_several_styles_are_a_list_with_placeholders_where_there_is_none(weights, graph):
    g = StyleGraph(weights, style=[tf.constant(STYLE), None, tf.constant(IMAGE)])
    assert [view.name for view in g.styles] == ["style", "style_1", "style_2"]
    assert [view.image.name for view in g.styles] == ["style:0", "style_1:0", "style_2:0"]
    first, second, third = values([view.image for view in g.styles], {"style_1:0": CONTENT})
    np.testing.assert_array_equal(first, STYLE)
    np.testing.assert_array_equal(second, CONTENT)
    np.testing.assert_array_equal(third, IMAGE)


def test_a_graph_is_taken_if_given_and_else_made(weights, graph):
    assert StyleGraph(weights, graph=graph).graph is graph
    assert StyleGraph(weights).graph is not graph
    tensor = tf.constant(CONTENT)
    with tf.Graph().as_default():
        g = StyleGraph(weights, style=tensor)
    assert g.graph is graph is g.content.image.graph is g.variable.graph


def test_bytes_are_pictures_too(weights, graph):
    content = tf.placeholder(tf.uint8, [1, None, None, 3], "photo")
    g = StyleGraph(weights, content=content)
    assert g.content.image.dtype == tf.float32
    whole = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(1, 2, 3, 3) * 14
    np.testing.assert_array_equal(values(g.content.image, {content: whole}), whole)


def test_static_shapes_are_kept(weights, variable):
    g = StyleGraph(weights, content=tf.constant(CONTENT), generated=variable(IMAGE))
    assert g.content["conv2_1"].shape == g.generated["conv2_1"].shape == (1, 10, 12, 128)
    assert g.style["conv2_1"].shape.as_list() == [1, None, None, 128]
    unknown = StyleGraph(weights, content=tf.placeholder(tf.float32), generated=variable(IMAGE))
    assert unknown.content.image.shape.as_list() == [1, None, None, 3]


def test_a_variable_that_is_not_given_starts_as_the_content(weights, graph):
    photo = tf.placeholder(tf.float32, [1, None, None, 3], "photo")
    g = StyleGraph(weights, content=photo / 2)
    assert g.variable.shape.as_list() == [1, None, None, 3]
    np.testing.assert_array_equal(values(g.variable, {photo: CONTENT}), CONTENT / 2)
    with tf.variable_scope("second"):
        fixed = StyleGraph(weights, content=tf.constant(STYLE))
    assert fixed.variable.shape == fixed.generated.image.shape == STYLE.shape
    np.testing.assert_array_equal(values(fixed.variable, {photo: CONTENT}), STYLE)
    assert [v.op.name for v in tf.trainable_variables()] == ["generated", "second/generated"]


def test_a_variable_without_content_takes_pictures_of_any_size(weights, graph):
    g = StyleGraph(weights, graph=graph)
    assert g.variable.shape.as_list() == g.generated.image.shape.as_list() == [1, None, None, 3]
    assert g.variable_is_free


@pytest.mark.parametrize("scope", [pytest.param("", marks=pytest.mark.slow), "painting"])
def test_a_variable_that_holds_no_picture_says_what_to_do(weights, graph, scope):
    with tf.variable_scope(scope) if scope else contextlib.nullcontext():
        g = StyleGraph(weights, graph=graph)
    objective = Objective(g, parse_loss("content:layer=conv1_1 tv"))
    pictures = {g.content.image: CONTENT}
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        g.network.load(session)
        assert session.run(g.variable).shape == (1, 0, 0, 3)
        name = f"{g.scope}generated"
        remedy = rf"{name} holds no picture yet; assign one to it, \[1, height, width, 3\], or feed {name}_image:0"
        with pytest.raises(tf.errors.InvalidArgumentError, match=remedy):
            session.run([objective.total, objective.gradient], pictures)
        fed = session.run(objective.total, {**pictures, g.generated.image: IMAGE})
        session.run(g.variable.initializer, {f"{name}_start:0": IMAGE})
        initialised = session.run(objective.total, pictures)
        g.variable.load(IMAGE[:, ::-1], session)
        assigned = session.run([g.variable, objective.total], pictures)
    assert fed == pytest.approx(initialised, rel=1e-6) != assigned[1]
    np.testing.assert_array_equal(assigned[0], IMAGE[:, ::-1])


@contextlib.contextmanager
def nested():
    with tf.variable_scope("outer"), tf.name_scope("inner"):
        yield


SCOPES = {
    "none": (contextlib.nullcontext, "", ""),
    "name": (lambda: tf.name_scope("painting"), "painting/", ""),
    "variable": (lambda: tf.variable_scope("painting"), "painting/", "painting/"),
    "nested": (nested, "outer/inner/", "outer/"),
    "slashed": (lambda: tf.variable_scope("a/b"), "a/b/", "a/b/"),
}


@pytest.mark.parametrize(("enter", "names", "variables"), SCOPES.values(), ids=SCOPES)
@pytest.mark.parametrize(
    "within", [pytest.param(True, id="within"), pytest.param(False, id="later", marks=pytest.mark.slow)]
)
def test_all_names_begin_with_the_scope(weights, graph, within, enter, names, variables):
    """Weights begin with the variable scope, in which they are shared: name scopes are not for shared variables."""
    with enter():
        g = StyleGraph(weights, graph=graph, styles=2)
        objective = Objective(g, parse_loss(LOSS)) if within else None
    objective = objective or Objective(g, parse_loss(LOSS))
    assert g.scope == names
    assert contract(g, objective) == [f"{names}{name}" for name in CONTRACT]
    assert {v.name.partition("vgg/")[0] for v in tf.global_variables() if "vgg/" in v.name} == {variables}
    assert tf.trainable_variables() == [g.variable]


def test_what_is_asked_for_later_lands_in_the_graphs_own_scope(weights):
    own = tf.Graph()
    with own.as_default(), tf.variable_scope("painting"):
        g = StyleGraph(weights, graph=own)
    maps = [g.content["conv1_1"]]  # outside of any graph
    with own.as_default(), tf.variable_scope("elsewhere"):
        maps.append(g.content["conv2_1"])
        sums = [g.gram(maps[1]), g.sum(maps[0], per_channel=True)]
    with tf.Graph().as_default() as other, tf.variable_scope("other"):
        maps.append(g.content["conv2_2"])
        sums.append(g.positions(maps[2]))
    names = [f"painting/features/content/{layer}:0" for layer in ("conv1_1", "conv2_1", "conv2_2")]
    assert [tensor.name for tensor in maps] == names
    kinds = ("gram", "sum", "positions")
    assert [tensor.name for tensor in sums] == [f"painting/statistics/{kind}/value:0" for kind in kinds]
    assert other.get_operations() == []
    with own.as_default():
        assert all(v.name.startswith("painting/") for v in tf.global_variables())


def test_control_dependencies_of_the_caller_do_not_reach_the_weights(weights, graph):
    g = StyleGraph(weights, graph=graph)
    refused = tf.placeholder(tf.float32, [], "never_fed")
    with tf.control_dependencies([refused]):
        g.content["conv1_1"]
    assert all(np.isfinite(value).all() for value in values(tf.global_variables()))


def test_graphs_in_one_variable_scope_share_weights(weights, graph):
    first = StyleGraph(weights, graph=graph)
    with tf.name_scope("second"):
        second = StyleGraph(weights, graph=graph)
    with tf.variable_scope("third"):
        third = StyleGraph(weights, graph=graph)
    for g in (first, second, third):
        g.style["conv1_2"]
        g.style["conv1_1"]
    names = sorted(v.op.name for v in tf.global_variables() if "vgg/" in v.name)
    shared = [f"vgg/{layer}/{part}" for layer in ("conv1_1", "conv1_2") for part in ("bias", "kernel")]
    assert names == sorted([*shared, *(f"third/{name}" for name in shared)])
    feeds = {g.style.image: STYLE for g in (first, second, third)}
    ours, same, other = values([g.style["conv1_2"] for g in (first, second, third)], feeds)
    np.testing.assert_array_equal(ours, same)
    np.testing.assert_array_equal(ours, other)


def test_a_variable_scope_entered_again_has_another_name_scope_and_the_same_weights(weights, graph):
    for _ in range(2):
        with tf.variable_scope("painting", reuse=tf.AUTO_REUSE):
            g = StyleGraph(weights, graph=graph)
            g.content["conv1_1"]
    assert g.scope == "painting_1/"
    assert g.content["conv1_1"].name == "painting_1/features/content/conv1_1:0"
    assert len([v for v in tf.global_variables() if "vgg/" in v.name]) == 2


@pytest.mark.parametrize("shape", [(3, 3, 3, 64), (3, 3)], ids=["same shape", "other shape"])
def test_a_callers_own_variable_is_not_taken_for_a_weight(weights, graph, shape):
    tf.get_variable("vgg/conv1_1/kernel", shape)
    g = StyleGraph(weights, graph=graph)
    with pytest.raises(ConfigError, match=r"variable vgg/conv1_1/kernel.* another variable scope"):
        g.content["conv1_1"]
    with tf.variable_scope("free"):
        assert StyleGraph(weights, graph=graph).content["conv1_1"].shape[-1] == 64


def test_other_weights_are_refused_in_the_same_scope(weights, graph, vgg_arrays, tmp_path):
    np.savez(tmp_path / "other.npz", **vgg_arrays("conv1_1"))
    StyleGraph(weights, graph=graph).content["conv1_1"]
    other = WeightsFile(tmp_path / "other.npz")
    with pytest.raises(ConfigError, match=r"vgg/conv1_1/kernel:0 exists already; build .* in another variable scope"):
        StyleGraph(other, graph=graph).content["conv1_1"]
    with tf.variable_scope("other"):
        StyleGraph(other, graph=graph).content["conv1_1"]
    kernels = [v for v in tf.global_variables() if v.op.name.endswith("vgg/conv1_1/kernel")]
    ours, others = values(kernels)
    np.testing.assert_array_equal(ours, weights.read("conv1_1")[0])
    np.testing.assert_array_equal(others, other.read("conv1_1")[0])


def test_arrays_and_eager_tensors_are_told_to_be_bound(weights):
    with pytest.raises(ConfigError, match="ndarray given where a tensor of a graph is needed; leave arrays out, and"):
        StyleGraph(weights, content=CONTENT)
    with pytest.raises(ConfigError, match="ndarray given"):
        StyleGraph(weights, style=[STYLE])
    with pytest.raises(ConfigError, match="EagerTensor given"):
        StyleGraph(weights, style=tensorflow.constant(STYLE))
    with pytest.raises(ConfigError, match="Variable given"):
        StyleGraph(weights, generated=tensorflow.Variable(IMAGE))


@pytest.mark.parametrize("shape", [[20, 24, 3], [2, 20, 24, 3], [1, 20, 24, 4], [1, 3, 20, 24]])
def test_other_shapes_are_refused(weights, variable, shape):
    with pytest.raises(ConfigError, match=r"photo:0 has shape \(.*\); a picture is \[1, height, width, 3\]"):
        StyleGraph(weights, content=tf.zeros(shape, name="photo"))
    with pytest.raises(ConfigError, match=r"a picture is \[1, height, width, 3\]"):
        StyleGraph(weights, style=[tf.constant(STYLE), tf.zeros(shape)])
    with pytest.raises(ConfigError, match=r"mine:0 has shape .*a picture is"):
        StyleGraph(weights, generated=variable(tf.zeros(shape), name="mine"))


def test_tensors_of_several_graphs_are_refused(weights, graph):
    content = tf.constant(CONTENT)
    with tf.Graph().as_default() as other:
        style = tf.constant(STYLE, name="painting")
        with pytest.raises(ConfigError, match="painting:0 is in another graph"):
            StyleGraph(weights, content=content, style=style)
        with pytest.raises(ConfigError, match="is in another graph"):
            StyleGraph(weights, graph=other, content=content)


def test_the_generated_image_has_to_be_a_variable_of_float32(weights, variable):
    with pytest.raises(ConfigError, match="photo:0 is not a variable, and the generated image has to be one"):
        StyleGraph(weights, generated=tf.placeholder(tf.float32, [1, None, None, 3], "photo"))
    with pytest.raises(ConfigError, match=r"variable mine:0 is float64.*; make it float32"):
        StyleGraph(weights, generated=variable(IMAGE.astype(np.float64), name="mine"))


def test_the_callers_initializer_initialises_everything_and_weights_are_loaded_after_it(weights, graph):
    g = StyleGraph(weights, graph=graph, content=tf.constant(CONTENT))
    g.content["conv1_2"]
    outcome = dict(zip((v.op.name for v in tf.global_variables()), values(tf.global_variables()), strict=True))
    np.testing.assert_array_equal(outcome.pop("generated"), CONTENT)
    assert len(outcome) == 4
    for layer in ("conv1_1", "conv1_2"):
        for part, stored in zip(("kernel", "bias"), weights.read(layer), strict=True):
            np.testing.assert_array_equal(outcome[f"vgg/{layer}/{part}"], stored)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(tf.report_uninitialized_variables()).size == 0
        assert np.isnan(session.run(g.network.variables[0])).all()


def test_weights_that_are_not_loaded_say_so_whatever_is_computed_from_them(weights, graph):
    g = StyleGraph(weights, content=tf.constant(CONTENT))
    maps = g.content["conv1_2"]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        with pytest.raises(
            tf.errors.InvalidArgumentError, match=r"bias is not loaded .* call network\.load\(session\)"
        ):
            session.run(maps)
        g.network.load(session)
        once = session.run(maps)
        assert np.isfinite(once).all()
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not loaded"):
            session.run(maps)
        g.network.load(session)
        np.testing.assert_array_equal(session.run(maps), once)


OPTIMIZERS = {"adam": lambda: tf.train.AdamOptimizer(2.0), "descent": lambda: tf.train.GradientDescentOptimizer(6e4)}


@pytest.mark.parametrize("optimizer", ["adam", pytest.param("descent", marks=pytest.mark.slow)])
def test_optimizers_of_tensorflow_lower_the_loss(weights, variable, optimizer):
    g = StyleGraph(weights, content=tf.constant(CONTENT), style=tf.constant(STYLE), generated=variable(IMAGE))
    Objective(g, parse_loss(LOSS))
    total = g.graph.get_tensor_by_name("loss/total:0")
    train = OPTIMIZERS[optimizer]().minimize(total)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        g.network.load(session)
        totals = [session.run(total)]
        for _ in range(10):
            session.run(train)
            totals.append(session.run(total))
        kernel = session.run(next(v for v in tf.global_variables() if v.op.name == "vgg/conv1_1/kernel"))
    assert totals[-1] < 0.9 * totals[0]
    np.testing.assert_array_equal(kernel, weights.read("conv1_1")[0])


def test_a_graph_that_is_final_serves_evaluators_and_searches(weights, variable):
    mine = variable(IMAGE)
    g = StyleGraph(weights, content=tf.constant(CONTENT), generated=mine)
    objective = Objective(g, parse_loss(LOSS))
    g.graph.finalize()
    with Evaluator(objective) as evaluate:
        evaluate.bind(styles=[STYLE])
        search = Search(evaluate, IMAGE, 3)
        search.run()
        assert search.steps[-1].total < evaluate(IMAGE).total
        evaluate.assign(search.image)
        np.testing.assert_array_equal(evaluate.session.run(mine), search.image)
        evaluate.bind(styles=[picture(30, 16, 4)])
        assert evaluate(IMAGE).total > 0


def test_names_of_weights_that_are_taken_by_others_are_told(weights, graph):
    tf.Variable(0.0, name="vgg/conv1_1/kernel")  # which, unlike tf.get_variable's, is shared with nobody
    with pytest.raises(ConfigError, match="vgg/conv1_1/kernel is taken"):
        StyleGraph(weights, graph=graph).content["conv1_1"]
