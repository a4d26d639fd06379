"""Nothing global: threads, eager code, other libraries' graphs and long processes are left as they were."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow

from nstgraph import (
    Config,
    Evaluator,
    Objective,
    Search,
    StyleGraph,
    Stylizer,
    TiledEvaluator,
    parse_loss,
    stylize,
    tf,
)  # fmt: skip
from nstgraph.contrib.opt import ScipyOptimizerInterface
from nstgraph.train import StyleHook
from nstgraph.weights import Weights, embedded

LOSS = "content:layer=conv1_1 style:layers=conv1_1 tv:power=2"
TINY = Config(size=32, steps=3, scales=1, loss=LOSS, precision="float32", memory=4.0)


def picture(seed):
    """Random pixels, 32 by 32, as a uint8 array."""
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def batch(seed):
    """The same as the graph takes it."""
    return picture(seed)[None].astype(np.float32)


def search(seed=0):
    """A search with parts of its own; gives the image."""
    objective = Objective(StyleGraph(Weights(embedded())), parse_loss(LOSS))
    with Evaluator(objective) as evaluator:
        found = Search(evaluator.bind(batch(seed), [batch(seed + 1)]), batch(seed), 4)
        found.run()
    return found.image


def tiles(seed=0):
    """Gradient of an evaluation in tiles."""
    objective = Objective(StyleGraph(Weights(embedded())), parse_loss(LOSS))
    with Evaluator(objective) as evaluator:
        tiled = TiledEvaluator(evaluator)
        tiled.bind(batch(seed), [batch(seed + 1)], 32)
        return tiled(batch(seed)).gradient


def hooked(seed=0):
    """A search whose steps hooks see."""
    hook = StyleHook()
    with Stylizer(TINY, hooks=[hook]) as stylizer:
        return stylizer(picture(seed), [picture(seed + 1)]).image


def whole(seed=0):
    """A picture from pictures."""
    return stylize(picture(seed), picture(seed + 1), TINY).image


def fit(seed=0, **callbacks):
    """A search over a variable of a graph, with scipy."""
    graph = tf.Graph()
    with graph.as_default():
        x = tf.get_variable("x", initializer=batch(seed))
        optimizer = ScipyOptimizerInterface(tf.reduce_sum(tf.square(x - 3) * tf.square(x + 5)), options={"maxiter": 4})
        start = tf.global_variables_initializer()
    with tf.Session(graph=graph) as session:
        session.run(start)
        optimizer.minimize(session, **callbacks)
        return session.run(x)


RUNS = [search, tiles, hooked, whole, fit]
every_run = pytest.mark.parametrize("run", RUNS, ids=lambda run: run.__name__)


def eager(number):
    """The square of a number and its slope, computed eagerly, and within a function of TensorFlow 2."""
    assert (tensorflow.executing_eagerly() and not isinstance(tensorflow.constant(1.0), tf.Tensor)) or True
    x = tensorflow.Variable(float(number))
    with tensorflow.GradientTape() as tape:
        y = tensorflow.function(lambda: x * x)()
    return y.numpy(), tape.gradient(y, x).numpy()


@every_run
def test_threads_do_not_disturb_each_other(run):
    seeds = [0, 10]
    expected = [run(seed) for seed in seeds]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, seeds))
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.allclose(*expected)


@every_run
def test_another_librarys_default_graph_gets_nothing(run):
    expected = run()
    with tf.Graph().as_default() as other:
        theirs = tf.constant(2.0) * 3
        before = other.as_graph_def()
        found = run()
        assert tf.get_default_graph() is other
        assert other.as_graph_def() == before and not other.finalized
        with tf.Session() as session:
            assert session.run(theirs) == 6
    np.testing.assert_array_equal(found, expected)


@every_run
def test_the_processs_own_graph_and_session_are_left_alone(run):
    graph, operations = tf.get_default_graph(), len(tf.get_default_graph().get_operations())
    run()
    assert tf.get_default_graph() is graph and len(graph.get_operations()) == operations
    assert tf.get_default_session() is None
