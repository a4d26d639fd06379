"""Gradients that wait for the backward pass: the same values, in less memory, without waiting for each other."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, tf
from nstgraph.graph.backward_order import delay
from nstgraph.planning.measured_cost import _peak


def evaluated(objective, pictures, image):
    """Values, and bytes that TensorFlow holds at the peak."""
    with Evaluator(objective) as evaluator:
        evaluator.bind(*pictures)
        return evaluator(image), _peak(evaluator, image)


def test_a_loss_of_several_layers_needs_less_memory_for_the_same_gradient(objective_of, smooth_picture, monkeypatch):
    loss = "style:layers=conv1_1+conv1_2+conv2_1+conv2_2+conv3_1"
    pictures, image = (smooth_picture(96, 96, 1), [smooth_picture(64, 64, 2)]), smooth_picture(96, 96, 3)
    delayed, less = evaluated(objective_of(loss), pictures, image)
    monkeypatch.setattr("nstgraph.graph.objective.delay", lambda ends, starts: None)
    at_once, more = evaluated(objective_of(loss), pictures, image)
    assert delayed.total == at_once.total
    np.testing.assert_array_equal(delayed.gradient, at_once.gradient)
    # At the least, the first layer's gradient is not held while that of the second is computed. Measured: 0.61 of the
    # memory, and 0.92 where convolutions themselves hold nine times a layer, on processors without AVX-512.
    layer = 96 * 96 * 64 * 4
    assert less <= more - 0.95 * layer


@pytest.fixture
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def placeholder(name):
    return tf.placeholder(tf.float32, [1, 1, 1, 1], name)


def deep(tensor, name):
    return tf.exp(tf.sin(tf.sqrt(tf.exp(tf.sin(tensor)))), name)


def waits_for(op):
    return {control.name for control in op.control_inputs}


def run(graph, end, *feeds):
    with tf.Session(graph=graph) as session:
        return session.run(end, {feed: np.ones([1, 1, 1, 1]) for feed in feeds}).item()


def test_summands_wait_for_the_one_that_comes_last(graph):
    loss = placeholder("loss")
    early = tf.multiply(loss, 2.0, "early")
    passed = tf.reshape(tf.identity(early), [1, 1, 1, 1])
    end = tf.add_n([passed, deep(loss, "late")])
    before = run(graph, end, loss)
    delay([end], [loss])
    assert waits_for(early.op) == {"late"}
    assert waits_for(graph.get_operation_by_name("late")) == set()
    assert run(graph, end, loss) == before


def test_what_the_last_summand_is_made_from_does_not_wait(graph):
    loss = placeholder("loss")
    shared = tf.multiply(loss, 2.0, "shared")
    end = tf.add_n([shared, deep(shared, "late")])
    delay([end], [loss])
    assert waits_for(shared.op) == set()
    assert run(graph, end, loss) > 2


def test_nothing_before_the_start_is_touched(graph):
    image = placeholder("image")
    early = tf.multiply(image, 2.0, "early")
    loss = tf.add_n([early, deep(image, "late")], "loss")
    end = tf.add_n([tf.multiply(loss, early, "summand"), tf.reshape(early, [1, 1, 1, 1]), deep(loss, "last")])
    delay([end], [loss])
    assert waits_for(early.op) == set()
    assert waits_for(graph.get_operation_by_name("summand")) == {"last"}
    assert run(graph, end, image) > 2


def stacked(x):
    """The gradient of stack is one operation with an output for each of its inputs."""
    return tf.square(tf.reduce_sum(tf.stack([x, tf.square(x)], -1) * tf.constant([1.0, -0.3]), -1))


def unstacked_twice(x):
    a, b = tf.exp(0.1 * x), tf.sin(x)
    return tf.square(tf.reduce_sum(tf.stack([a, b, a * b], -1) * tf.constant([1.0, 0.5, 2.0]), -1))


def crossed(x):
    """Two sums of which each has a summand that is made from a summand of the other."""
    a, b = tf.exp(0.1 * x), tf.sin(x)
    return tf.square(tf.add_n([tf.sin(a), b])) + tf.square(tf.add_n([tf.cos(b), a]))


@pytest.mark.parametrize("function", [stacked, unstacked_twice, crossed], ids=lambda function: function.__name__)
@pytest.mark.parametrize("of", ["pixels", "means"])
def test_operations_never_wait_for_each_other(objective_of, smooth_picture, monkeypatch, function, of):
    def term(g):
        x = g.generated.image / 100
        return g.mean(function(x)) if of == "pixels" else tf.reduce_sum(function(g.mean(x, per_channel=True)))

    pictures, image = (smooth_picture(20, 24, 1), [smooth_picture(20, 20, 2)]), smooth_picture(20, 24, 3)
    values = []
    for _ in range(2):
        with Evaluator(objective_of(term)) as evaluator:
            evaluator.bind(*pictures)
            values.append(evaluator(image))
        monkeypatch.setattr("nstgraph.graph.objective.delay", lambda ends, starts: None)
    np.testing.assert_allclose(values[0].gradient, values[1].gradient, rtol=1e-6)
    assert values[0].total == values[1].total
    assert np.abs(values[0].gradient).max() > 0
