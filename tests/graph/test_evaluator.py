"""An objective's values in a session: its own or a caller's, of nstgraph's terms or a caller's own."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, TiledEvaluator, parse_loss, tf
from nstgraph.errors import ConfigError, LossError, TilingError, WeightsError
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.search.search import Search

LOSS = "0.5*content:layer=conv1_1 2*style:layers=image tv"  # one layer, since TensorFlow takes its time


def picture(height, width, seed):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


CONTENT, STYLE, IMAGE = picture(24, 32, 1), picture(20, 20, 2), picture(24, 32, 3)


@pytest.fixture(scope="module")
def weights():
    return WeightsFile(embedded())


@pytest.fixture(scope="module")
def objective(objective_of):
    return objective_of(LOSS)


@pytest.fixture
def graph():
    """A caller's graph, in which a test is."""
    with tf.Graph().as_default() as graph:
        yield graph


def names(tensors):
    return {tensor.name for tensor in tensors}


def assert_same(ours, theirs):
    assert dict(ours.terms) == pytest.approx(dict(theirs.terms), rel=1e-5)
    assert ours.total == pytest.approx(theirs.total, rel=1e-5)
    error = np.abs(ours.gradient - theirs.gradient).max()
    assert error < 1e-5 * np.abs(theirs.gradient).max()


def test_total_is_the_sum_of_the_weighted_terms(objective):
    with Evaluator(objective) as evaluate:
        evaluate.bind(CONTENT, [STYLE])
        first = evaluate(IMAGE)
        assert first.total == pytest.approx(sum(first.terms.values()), rel=1e-6)
        evaluate.weights["style"] = 6.0
        second = evaluate(IMAGE)
    assert second.terms["style"] == pytest.approx(3 * first.terms["style"], rel=1e-6)
    assert second.terms["content"] == pytest.approx(first.terms["content"], rel=1e-6)


@pytest.mark.parametrize("cache", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_weights_changed_later_are_those_of_a_loss_built_with_them(objective, objective_of, cache):
    with Evaluator(objective_of("2*content:layer=conv1_1 0*style:layers=image 3*tv")) as evaluate:
        expected = evaluate.bind(CONTENT, [STYLE])(IMAGE)
    with Evaluator(objective, cache_targets=cache) as evaluate:
        evaluate.bind(CONTENT, [STYLE])
        evaluate.weights = {"content": 2.0, "style": 0.0, "tv": 3.0}
        assert_same(evaluate(IMAGE), expected)


def test_fed_weights_are_the_losss_own_until_they_are_changed(objective):
    with Evaluator(objective) as evaluate:
        own = dict(zip(objective.weights.values(), (0.5, 2.0, 1.0), strict=True))
        assert evaluate.fed_weights() == own
        evaluate.weights["tv"] = 7.0
        assert evaluate.fed_weights() == {**own, objective.weights["tv"]: 7.0}


def test_cached_targets_change_nothing_but_the_work(objective):
    with Evaluator(objective) as evaluate, Evaluator(objective, cache_targets=False) as slow:
        assert_same(evaluate.bind(CONTENT, [STYLE])(IMAGE), slow.bind(CONTENT, [STYLE])(IMAGE))


def test_an_evaluation_with_cached_targets_does_not_touch_the_pictures(objective):
    with Evaluator(objective) as evaluate:
        evaluate.bind(CONTENT, [STYLE])
        fetches = [objective.total, objective.gradient]
        feed = evaluate.bound
        assert list(feed) == objective.targets
        # Without the frozen tensors TensorFlow asks for the placeholders; with them it does not.
        evaluate.session.run(fetches, {objective.graph.generated.image: IMAGE, **feed})
        with pytest.raises(tf.errors.InvalidArgumentError, match="placeholder"):
            evaluate.session.run(fetches, {objective.graph.generated.image: IMAGE})


def test_released_pictures_are_not_bound_any_longer(objective):
    with Evaluator(objective) as evaluate:
        before = evaluate.bind(CONTENT, [STYLE])(IMAGE)
        evaluate.release()
        with pytest.raises(ConfigError, match="no pictures are bound; call bind first"):
            evaluate(IMAGE)
        evaluate.bind(CONTENT, [STYLE])
        np.testing.assert_array_equal(evaluate(IMAGE).gradient, before.gradient)


def test_targets_of_low_precision_are_kept_in_it(objective_of):
    kept = []
    for precision in ("bfloat16", "float32"):
        with Evaluator(objective_of("content:layer=conv2_1", precision=precision)) as evaluate:
            evaluate.bind(CONTENT, [STYLE])
            kept.append(sum(array.nbytes for array in evaluate.bound.values() if np.ndim(array) == 4))
    assert kept == [12 * 16 * 128 * 2, 12 * 16 * 128 * 4]


def test_a_new_pair_of_another_size_is_only_a_feed(objective):
    with Evaluator(objective) as evaluate:
        operations = len(objective.graph.graph.get_operations())
        for height, width in ((24, 32), (40, 17)):
            evaluate.bind(picture(height, width, 1), [picture(20, 30, 2)])
            values = evaluate(picture(height, width, 3))
            assert values.gradient.shape == (1, height, width, 3)
        assert len(objective.graph.graph.get_operations()) == operations


def test_the_variable_holds_the_image_evaluated_or_assigned_last(objective):
    with Evaluator(objective) as evaluate:
        evaluate.bind(CONTENT, [STYLE])
        for move, image in ((evaluate, IMAGE), (evaluate, CONTENT), (evaluate.assign, picture(9, 30, 4))):
            move(image)
            np.testing.assert_array_equal(evaluate.session.run(objective.graph.variable), image)


def test_the_variable_does_not_change_with_an_array_that_was_evaluated(objective_of):
    """TensorFlow may let a variable take over the memory of what it is assigned, which a feed shares with the array."""
    random = np.random.default_rng(0)
    objective = objective_of("tv:power=2")
    with Evaluator(objective) as evaluator:
        photo = random.uniform(0, 255, (1, 256, 256, 3)).astype(np.float32)
        evaluator.bind(photo, [photo])
        for _ in range(60):
            image = random.uniform(0, 255, (1, 256, 256, 3)).astype(np.float32)
            evaluator(image)
            expected = image.copy()
            image[:] = -1
            np.testing.assert_array_equal(evaluator.session.run(objective.graph.variable), expected)


def test_an_evaluators_own_session_is_closed_with_it(objective):
    with Evaluator(objective) as evaluate:
        evaluate.bind(CONTENT, [STYLE])
    with pytest.raises(RuntimeError, match="closed"):
        evaluate.assign(IMAGE)


def test_a_session_is_closed_if_the_weights_cannot_be_loaded(objective, monkeypatch):
    sessions = []

    def load(session):
        sessions.append(session)
        raise WeightsError("they are damaged")

    monkeypatch.setattr(objective.graph.network, "load", load)
    with pytest.raises(WeightsError):
        Evaluator(objective)
    with pytest.raises(RuntimeError, match="closed Session"):
        sessions[0].run(objective.total)


def test_a_callers_session_is_used_and_stays_open(objective):
    with Evaluator(objective) as evaluate:
        expected = evaluate.bind(CONTENT, [STYLE])(IMAGE)
    with tf.Session(graph=objective.graph.graph) as session:
        with Evaluator(objective, session=session) as evaluate:
            assert evaluate.session is session
            assert_same(evaluate.bind(CONTENT, [STYLE])(IMAGE), expected)
        np.testing.assert_array_equal(session.run(objective.graph.variable), IMAGE)


class Counted(tf.train.SessionRunHook):
    """Counts the runs that hooks see."""

    runs = 0

    def before_run(self, run_context):
        self.runs += 1


def test_a_monitored_session_will_do(weights, graph, objective):
    with Evaluator(objective) as evaluate:
        expected = evaluate.bind(CONTENT, [STYLE])(IMAGE)
    mine = Objective(StyleGraph(weights, graph=graph), parse_loss(LOSS))
    hook = Counted()
    with tf.train.MonitoredSession(hooks=[hook]) as session:
        with Evaluator(mine, session=session) as evaluate:
            assert_same(evaluate.bind(CONTENT, [STYLE])(IMAGE), expected)
            assert isinstance(evaluate.session, tf.Session)
        assert hook.runs == 0  # an evaluation is no step
        np.testing.assert_array_equal(session.run(mine.graph.variable), IMAGE)
        assert hook.runs == 1


def test_weights_that_have_values_in_a_session_keep_them(weights, graph):
    """Such as weights that a checkpoint has brought."""
    g = StyleGraph(weights, graph=graph)
    objective = Objective(g, g.mean(g.generated["conv1_2"]))
    variables = {v.op.name: v for v in tf.global_variables()}
    kept, untouched = variables["vgg/conv1_1/kernel"], variables["vgg/conv1_2/kernel"]
    with tf.Session() as session:
        session.run(tf.assign(kept, 0.5 * weights.read("conv1_1")[0]))
        with Evaluator(objective, session=session):
            half, bias, stored = session.run([kept, variables["vgg/conv1_1/bias"], untouched])
    np.testing.assert_array_equal(half, 0.5 * weights.read("conv1_1")[0])
    np.testing.assert_array_equal(bias, weights.read("conv1_1")[1])
    np.testing.assert_array_equal(stored, weights.read("conv1_2")[0])


@pytest.mark.parametrize("tiled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_an_initializer_that_is_run_later_costs_no_more_than_binding_again(weights, graph, tiled):
    objective = Objective(StyleGraph(weights, graph=graph), parse_loss(LOSS))
    initialize = tf.global_variables_initializer()
    with tf.Session() as session:
        evaluate = whole = Evaluator(objective, session=session)
        if tiled:
            evaluate = TiledEvaluator(whole)
        session.run(initialize)
        expected = evaluate.bind(CONTENT, [STYLE])(IMAGE)
        assert expected.total > 0
        session.run(initialize)
        with pytest.raises(ConfigError, match="weights are not loaded in this session; bind the") as told:
            evaluate(IMAGE)
        assert "\n" not in str(told.value)
        assert_same(evaluate.bind(CONTENT, [STYLE])(IMAGE), expected)


def test_weights_of_another_network_that_a_loss_sees_are_loaded_too(weights, graph):
    with tf.variable_scope("other"):
        other = StyleGraph(weights, graph=graph).network
    g = StyleGraph(weights, graph=graph)
    maps = other.features(g.generated.image, "other_features/")["conv1_1"]
    slope = tf.get_variable("slope", initializer=lambda: tf.reduce_max(other.variables[1]))
    objective = Objective(g, g.mean(tf.square(maps)) + g.mean(g.generated["conv1_1"]) + slope)
    with Evaluator(objective) as evaluate:
        total = evaluate.bind()(IMAGE).total
        ours, theirs, begun = evaluate.session.run([g.network.variables[0], other.variables[0], slope])
    assert np.isfinite(total) and begun == weights.read("conv1_1")[1].max()
    np.testing.assert_array_equal(ours, theirs)


def own_terms(g):
    """The terms content and style once more, and one of pale colours, as a caller may write them."""
    target, maps = g.content["conv1_1"], g.generated["conv1_1"]

    def gram(view, layer):
        return g.gram(view[layer]) / g.positions(view[layer])

    def error(layer):
        difference = gram(g.generated, layer) - gram(g.style, layer)
        return tf.reduce_sum(tf.square(difference)) / tf.reduce_sum(tf.square(gram(g.style, layer)))

    return {
        "content": 0.5 * g.mean(tf.square(maps - target)) / g.mean(tf.square(target)),
        "style": 2 * error("image"),
        "palette": tf.reduce_sum(tf.square(1 - g.mean(g.generated.image, per_channel=True) / 255)),
    }


@pytest.fixture(scope="module")
def own(weights):
    """An objective of a caller's own terms."""
    g = StyleGraph(weights)
    with g.graph.as_default():
        return Objective(g, own_terms(g))


def test_a_callers_terms_are_as_good_as_registered_ones(own, objective):
    assert list(own.terms) == ["content", "style", "palette"]
    assert own.terms["palette"].name == "loss/palette:0"
    assert own.defaults == dict.fromkeys(own.terms, 1.0)
    with Evaluator(own) as mine, Evaluator(objective) as theirs:
        mine.bind(CONTENT, [STYLE]).weights = {"palette": 0.0}
        theirs.bind(CONTENT, [STYLE]).weights = {"tv": 0.0}
        ours, registered = mine(IMAGE), theirs(IMAGE)
    assert ours.total == pytest.approx(registered.total, rel=1e-5)
    assert ours.terms["style"] == pytest.approx(registered.terms["style"], rel=1e-5)
    assert ours.terms["palette"] == 0
    np.testing.assert_allclose(ours.gradient, registered.gradient, atol=1e-5 * np.abs(registered.gradient).max())


def test_caching_targets_changes_nothing_of_a_callers_terms(own):
    with Evaluator(own) as evaluate, Evaluator(own, cache_targets=False) as slow:
        assert_same(evaluate.bind(CONTENT, [STYLE])(IMAGE), slow.bind(CONTENT, [STYLE])(IMAGE))
        assert names(slow.bound) == {"content:0", "style:0"}
        assert evaluate.bound and not names(evaluate.bound) & names(slow.bound)


def test_a_callers_terms_in_tiles_are_those_of_the_whole(own):
    pictures, image = (picture(41, 50, 1), [picture(35, 28, 2)]), picture(41, 50, 3)
    with Evaluator(own) as evaluate:
        tiled = TiledEvaluator(evaluate)
        tiled.bind(*pictures, side=16)
        assert_same(tiled(image), evaluate.bind(*pictures)(image))
        evaluate.weights = {"content": 3.0, "palette": 0.5}
        assert_same(tiled(image), evaluate(image))


def test_a_search_lowers_a_callers_loss(own):
    with Evaluator(own) as evaluate:
        search = Search(evaluate.bind(CONTENT, [STYLE]), IMAGE, 4)
        search.run()
        assert search.best < 0.7 * evaluate(IMAGE).total
    assert set(search.steps[0].terms) == set(own.terms)


def test_a_single_tensor_is_a_loss(weights, graph):
    g = StyleGraph(weights, graph=graph)
    objective = Objective(g, tf.reduce_sum(tf.square(g.generated.image - 7)))
    assert list(objective.terms) == ["own"]
    with Evaluator(objective) as evaluate:
        outcome = evaluate.bind()(IMAGE)
    assert outcome.total == pytest.approx(np.square(IMAGE - 7).sum(), rel=1e-5)
    np.testing.assert_allclose(outcome.gradient, 2 * (IMAGE - 7), rtol=1e-5)


@pytest.fixture(scope="module")
def masked(weights):
    """An objective with two inputs of the caller's: a mask, of which the loss sees the half, and a strength."""
    g = StyleGraph(weights)
    with g.building():
        mask = tf.placeholder(tf.float32, [1, None, None, 1], "mask")
        strength = tf.placeholder(tf.float32, [], "strength")
        halved = tf.multiply(mask, 0.5, "halved")
        difference = tf.square((g.generated.image - g.content.image) * halved)
        return Objective(g, {"masked": strength * g.mean(difference), "plain": g.mean(tf.square(g.generated.image))})


@pytest.mark.parametrize("cache", [True, False])
def test_placeholders_of_the_caller_are_bound_with_the_pictures(masked, cache):
    get = masked.graph.graph.get_tensor_by_name
    mask = np.random.default_rng(4).uniform(0, 1, (1, 24, 32, 1)).astype(np.float32)
    expected = 3 * np.square((IMAGE - CONTENT) * mask / 2).mean()
    assert names(masked.inputs) == {"content:0", "style:0", "mask:0", "strength:0"}
    with Evaluator(masked, cache_targets=cache) as evaluate:
        styles = [] if cache else [STYLE]
        evaluate.bind(CONTENT, styles, {get("mask:0"): mask, "strength:0": 3.0})
        assert ("mask:0" in names(evaluate.bound)) is not cache
        assert ("halved:0" in names(evaluate.bound)) is cache
        first = evaluate(IMAGE)
        assert first.terms["masked"] == pytest.approx(expected, rel=1e-5)
        evaluate.bind(CONTENT, styles, {get("mask:0"): mask, "strength:0": 6.0})
        assert evaluate(IMAGE).terms["masked"] == pytest.approx(2 * expected, rel=1e-5)
    assert first.terms["plain"] == pytest.approx(np.square(IMAGE).mean(), rel=1e-5)


@pytest.mark.parametrize("cache", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_pictures_that_the_graph_computes_need_no_binding(weights, graph, objective, cache):
    frame = tf.placeholder(tf.uint8, [None, None, 3], "frame")
    g = StyleGraph(weights, content=frame[None], style=tf.reverse(tf.constant(STYLE[:, :, ::-1]), [2]))
    mine = Objective(g, parse_loss(LOSS))
    whole = CONTENT.astype(np.uint8)
    with Evaluator(mine, cache_targets=cache) as evaluate, Evaluator(objective) as theirs:
        expected = theirs.bind(whole.astype(np.float32), [STYLE])(IMAGE)
        assert_same(evaluate.bind(feed_dict={frame: whole[0]})(IMAGE), expected)
        # Arrays still win over what the graph would compute.
        assert_same(evaluate.bind(CONTENT, feed_dict={})(IMAGE), theirs.bind(CONTENT, [STYLE])(IMAGE))


@pytest.mark.parametrize("use_resource", [False, True], ids=["ref", "resource"])
def test_a_search_moves_the_callers_variable_in_the_callers_session(weights, graph, use_resource):
    mine = tf.Variable(IMAGE, use_resource=use_resource)
    other = tf.Variable(2.0)
    g = StyleGraph(weights, content=tf.constant(CONTENT), style=tf.constant(STYLE), generated=mine)
    objective = Objective(g, {"style": other * own_terms(g)["style"]})
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        g.network.load(session)
        before = session.run(objective.total)
        with Evaluator(objective, session=session) as evaluate:
            search = Search(evaluate.bind(), session.run(mine), 3)
            search.run()
            evaluate.assign(search.image)
        assert session.run(objective.total) == pytest.approx(search.best, rel=1e-5)
        assert search.best < 0.9 * before
        assert session.run(other) == 2


@pytest.mark.parametrize("use_resource", [False, True], ids=["ref", "resource"])
def test_a_loss_that_reads_the_variable_itself_is_refused(weights, graph, use_resource):
    mine = tf.Variable(IMAGE, use_resource=use_resource, name="mine")
    g = StyleGraph(weights, generated=mine)
    past = g.mean(tf.square(g.generated.image)) + tf.reduce_mean(mine * 2)
    with pytest.raises(LossError, match=r"reads variable mine:0 itself; build it from g\.generated\.image"):
        Objective(g, {"both": past})
    with pytest.raises(LossError, match=r"'own' does not depend on g\.generated"):
        Objective(g, tf.reduce_mean(tf.square(mine)))


def test_terms_that_are_no_tensors_of_the_graph_are_refused(weights, graph):
    g = StyleGraph(weights)
    with pytest.raises(LossError, match=r"'elsewhere' is not a tensor of the style graph's tf\.Graph"):
        Objective(g, {"elsewhere": tf.constant(1.0)})
    with pytest.raises(LossError, match="'number' is not a tensor"):
        Objective(g, {"number": 1.0})
    with pytest.raises(LossError, match="'own' is not a tensor"):
        Objective(g, None)
    with pytest.raises(LossError, match=r"'own' returns a tensor of shape \(3,\)"):
        Objective(g, g.mean(g.generated.image, per_channel=True))


@pytest.mark.parametrize("cache", [True, False])
def test_a_placeholder_with_a_default_is_bound_too(weights, graph, cache):
    strength = tf.placeholder_with_default(1.0, [], "strength")
    g = StyleGraph(weights, graph=graph)
    objective = Objective(g, strength * g.mean(tf.square(g.generated.image)))
    with Evaluator(objective, cache_targets=cache) as evaluate:
        plain = evaluate.bind()(IMAGE).total
        assert evaluate.bind(feed_dict={strength: 2.0})(IMAGE).total == pytest.approx(2 * plain)
        assert evaluate.bind(feed_dict={"strength:0": 3.0})(IMAGE).total == pytest.approx(3 * plain)
        assert evaluate.bind()(IMAGE).total == pytest.approx(plain)


def test_tiles_of_pictures_of_a_fixed_size_are_refused(weights, graph):
    g = StyleGraph(weights, content=tf.constant(CONTENT))
    with Evaluator(Objective(g, parse_loss(LOSS))) as evaluate, pytest.raises(TilingError, match="is of a fixed size"):
        TiledEvaluator(evaluate)


def test_a_callers_content_of_open_size_and_its_variable_may_be_tiled(weights, graph, objective):
    g = StyleGraph(weights, content=tf.placeholder_with_default(CONTENT, [1, None, None, 3]))
    with Evaluator(Objective(g, parse_loss(LOSS))) as evaluate, Evaluator(objective) as theirs:
        tiled = TiledEvaluator(evaluate)
        tiled.bind(CONTENT, [STYLE], side=16)
        assert_same(tiled(IMAGE), theirs.bind(CONTENT, [STYLE])(IMAGE))


@pytest.mark.parametrize("label", ["total", "my loss", ""])
def test_labels_that_cannot_be_names_are_refused(weights, label):
    g = StyleGraph(weights)
    with g.building(), pytest.raises(LossError, match="cannot name a loss term"):
        Objective(g, {label: g.mean(g.generated.image)})


def test_labels_that_differ_in_case_alone_are_refused(weights):
    """TensorFlow takes such names for the same, and would number the second one."""
    g = StyleGraph(weights)
    with g.building():
        value = g.mean(g.generated.image)
    with pytest.raises(LossError, match="labels of Mine, mine differ only in case; choose names that differ otherwise"):
        Objective(g, {"Mine": value, "mine": value})


def test_losses_that_do_not_add_up_are_refused(weights):
    g = StyleGraph(weights)
    with g.building(), pytest.raises(LossError, match="'own' is float64; cast it to float32"):
        Objective(g, tf.cast(g.mean(g.generated.image), tf.float64))
    with pytest.raises(LossError, match="has no terms"):
        Objective(g, {})
