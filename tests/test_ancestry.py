"""Walks over small graphs whose answers can be read off."""

from __future__ import annotations

import pytest

from nstgraph import tf
from nstgraph.ancestry import ancestors, dependents, frozen_tensors


@pytest.fixture
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def names(tensors):
    return {tensor.op.name for tensor in tensors}


def test_ancestors_reach_back_to_the_sources_and_stop_where_told(graph):
    a, b = tf.placeholder(tf.float32, [], "a"), tf.placeholder(tf.float32, [], "b")
    c = tf.add(a, b, "c")
    d = tf.exp(c, "d")
    assert names(ancestors(d).values()) == {"a", "b", "c", "d"}
    assert names(ancestors(d, stop=[c]).values()) == {"c", "d"}


def test_dependents_follow_every_consumer(graph):
    a, b = tf.placeholder(tf.float32, [], "a"), tf.placeholder(tf.float32, [], "b")
    tf.exp(tf.add(a, b, "c"), "d")
    tf.exp(b, "e")
    assert dependents([a]) == {"c", "d"}
    assert dependents([b]) == {"c", "d", "e"}


def test_frozen_is_the_last_still_tensor_before_what_moves(graph):
    moving, data = tf.placeholder(tf.float32, [2], "moving"), tf.placeholder(tf.float32, [2], "data")
    target = tf.exp(tf.sqrt(data, "early"), "target")
    loss = tf.reduce_sum((moving - target) ** 2)
    gradient = tf.gradients(loss, moving)[0]
    assert names(frozen_tensors([loss, gradient], [moving], [data])) == {"target"}


def test_what_depends_on_neither_stays_in_the_graph(graph):
    moving, data = tf.placeholder(tf.float32, [], "moving"), tf.placeholder(tf.float32, [], "data")
    weight = tf.placeholder_with_default(2.0, [], "weight")
    variable = tf.Variable(tf.constant(3.0), use_resource=True, name="variable")
    loss = weight * variable * moving * tf.exp(data, "target")
    assert names(frozen_tensors([loss], [moving], [data])) == {"target"}


def test_a_fetch_that_does_not_move_is_frozen_itself(graph):
    moving, data = tf.placeholder(tf.float32, [], "moving"), tf.placeholder(tf.float32, [], "data")
    still = tf.exp(data, "still")
    assert names(frozen_tensors([still, moving + 1], [moving], [data])) == {"still"}


def test_what_cannot_be_fed_is_passed_over_for_what_it_is_made_from(graph):
    moving, data = tf.placeholder(tf.float32, [2], "moving"), tf.placeholder(tf.float32, [2], "data")
    doubled = tf.multiply(data, 2, "doubled")
    listed = tf.raw_ops.TensorListFromTensor(tensor=doubled, element_shape=tf.constant([], tf.int32))
    item = tf.raw_ops.TensorListGetItem(
        input_handle=listed, index=tf.cast(moving[0], tf.int32), element_shape=[], element_dtype=tf.float32
    )
    assert names(frozen_tensors([item], [moving], [data])) == {"doubled"}


@pytest.mark.parametrize("narrow", ["bfloat16", "float16"])
def test_a_cast_to_a_wider_type_stays_in_the_graph_and_its_input_is_frozen(graph, narrow):
    moving, data = tf.placeholder(tf.float32, [2], "moving"), tf.placeholder(tf.float32, [2], "data")
    target = tf.cast(tf.exp(tf.cast(data, narrow), "narrow"), tf.float32, "wide")
    loss = tf.reduce_sum((moving - target) ** 2)
    gradient = tf.gradients(loss, moving)[0]
    assert names(frozen_tensors([loss, gradient], [moving], [data])) == {"narrow"}
    # Also where it is fetched itself.
    assert names(frozen_tensors([target], [moving], [data])) == {"narrow"}


def test_other_casts_are_frozen_themselves(graph):
    moving, data = tf.placeholder(tf.float32, [], "moving"), tf.placeholder(tf.float32, [], "data")
    count = tf.placeholder(tf.int32, [], "count")
    narrowed = tf.cast(tf.exp(data), tf.bfloat16, "narrowed")
    counted = tf.cast(count, tf.float64, "counted")
    loss = tf.cast(tf.cast(moving, tf.bfloat16) * narrowed, tf.float64) * counted
    assert names(frozen_tensors([loss], [moving], [data, count])) == {"narrowed", "counted"}
