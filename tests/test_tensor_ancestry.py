"""Walks over small graphs whose answers can be read off."""

from __future__ import annotations

import pytest

from nstgraph import tf
from nstgraph.tensor_ancestry import ancestors, dependents, run_for


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


def test_a_run_includes_what_is_only_waited_for_and_says_which_feeds_it_needs(graph):
    a, b, c = (tf.placeholder(tf.float32, [], name) for name in "abc")
    with tf.control_dependencies([tf.exp(b, "waited_for")]):
        result = tf.multiply(a, 2.0, "result")
    ops, used = run_for([result], fed=[a, c])
    assert {"result", "waited_for", "b"} <= set(ops) and not {"a", "c"} & set(ops)
    assert used == {"a:0"}
    assert set(run_for([result.op])[0]) == set(ops) | {"a"}
