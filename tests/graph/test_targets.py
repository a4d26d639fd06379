"""Where a graph is cut while a picture changes, in small graphs whose answers can be read off."""

from __future__ import annotations

import pytest

from nstgraph import tf
from nstgraph.graph.targets import targets_of


@pytest.fixture
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def names(tensors):
    return {tensor.op.name for tensor in tensors}


def test_a_target_is_the_last_still_tensor_before_what_moves(graph):
    moving, data = tf.placeholder(tf.float32, [2], "moving"), tf.placeholder(tf.float32, [2], "data")
    target = tf.exp(tf.sqrt(data, "early"), "target")
    loss = tf.reduce_sum((moving - target) ** 2)
    gradient = tf.gradients(loss, moving)[0]
    assert names(targets_of([loss, gradient], [moving], [data])) == {"target"}


def test_what_depends_on_neither_stays_in_the_graph(graph):
    moving, data = tf.placeholder(tf.float32, [], "moving"), tf.placeholder(tf.float32, [], "data")
    weight = tf.placeholder_with_default(2.0, [], "weight")
    variable = tf.Variable(tf.constant(3.0), use_resource=True, name="variable")
    loss = weight * variable * moving * tf.exp(data, "target")
    assert names(targets_of([loss], [moving], [data])) == {"target"}


def test_a_fetch_that_does_not_move_is_a_target_itself(graph):
    moving, data = tf.placeholder(tf.float32, [], "moving"), tf.placeholder(tf.float32, [], "data")
    still = tf.exp(data, "still")
    assert names(targets_of([still, moving + 1], [moving], [data])) == {"still"}


def test_what_cannot_be_fed_is_passed_over_for_what_it_is_made_from(graph):
    moving, data = tf.placeholder(tf.float32, [2], "moving"), tf.placeholder(tf.float32, [2], "data")
    doubled = tf.multiply(data, 2, "doubled")
    listed = tf.raw_ops.TensorListFromTensor(tensor=doubled, element_shape=tf.constant([], tf.int32))
    item = tf.raw_ops.TensorListGetItem(
        input_handle=listed, index=tf.cast(moving[0], tf.int32), element_shape=[], element_dtype=tf.float32
    )
    assert names(targets_of([item], [moving], [data])) == {"doubled"}


@pytest.mark.parametrize("narrow", ["bfloat16", "float16"])
def test_a_cast_to_a_wider_type_stays_in_the_graph_and_its_input_is_the_target(graph, narrow):
    moving, data = tf.placeholder(tf.float32, [2], "moving"), tf.placeholder(tf.float32, [2], "data")
    target = tf.cast(tf.exp(tf.cast(data, narrow), "narrow"), tf.float32, "wide")
    loss = tf.reduce_sum((moving - target) ** 2)
    gradient = tf.gradients(loss, moving)[0]
    assert names(targets_of([loss, gradient], [moving], [data])) == {"narrow"}
    # Also where it is fetched itself.
    assert names(targets_of([target], [moving], [data])) == {"narrow"}


def test_other_casts_are_targets_themselves(graph):
    moving, data = tf.placeholder(tf.float32, [], "moving"), tf.placeholder(tf.float32, [], "data")
    count = tf.placeholder(tf.int32, [], "count")
    narrowed = tf.cast(tf.exp(data), tf.bfloat16, "narrowed")
    counted = tf.cast(count, tf.float64, "counted")
    loss = tf.cast(tf.cast(moving, tf.bfloat16) * narrowed, tf.float64) * counted
    assert names(targets_of([loss], [moving], [data, count])) == {"narrowed", "counted"}


def test_what_is_only_waited_for_is_cut_as_well(graph):
    """Such as a check of shapes, which ``tf.image.ssim`` makes of both pictures."""
    moving, data = tf.placeholder(tf.float32, [None], "moving"), tf.placeholder(tf.float32, [None], "data")
    size = tf.shape(data, name="size")
    with tf.control_dependencies([tf.debugging.assert_equal(tf.shape(moving), size)]):
        loss = tf.reduce_sum(tf.square(moving - 1))
    targets = targets_of([loss], [moving], [data])
    with tf.Session(graph=graph) as session:
        values = session.run(targets, {data: [5.0, 6.0]})
        assert session.run(loss, {moving: [1.0, 3.0], **dict(zip(targets, values, strict=True))}) == 4
        with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
            session.run(loss, {moving: [1.0, 3.0, 4.0], **dict(zip(targets, values, strict=True))})
