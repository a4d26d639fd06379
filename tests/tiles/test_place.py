"""A place runs what it is asked for, and is fed what that needs."""

from __future__ import annotations

from nstgraph._tf import tf
from nstgraph.tiles.place import SessionCall


def test_a_run_asks_only_for_the_feeds_that_it_needs():
    with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
        a, b = tf.placeholder(tf.float32, [], "a"), tf.placeholder(tf.float32, [], "b")
        middle = tf.exp(a, "middle")
        fetches = [tf.add(middle, 1.0), [tf.multiply(middle, 2.0)]]
        assert SessionCall(session, fetches, [b, a])({"a:0": 0.0}) == [2.0, [2.0]]
        # What is fed needs nothing that it would be made from.
        assert SessionCall(session, fetches, [a, b, middle])({"middle:0": 5.0}) == [6.0, [10.0]]
