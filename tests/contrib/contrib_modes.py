"""Graphs, variables and sessions for the tests of `nstgraph.contrib.opt`, and the mode of TensorFlow they run in."""

from __future__ import annotations

import functools
import os

import pytest

from nstgraph import tf

MODE = "NSTGRAPH_TEST_MODE"

if MODE in os.environ:
    getattr(tf, os.environ[MODE])()


#: The kinds of variables in each mode: what each of them brings is told in the plain mode.
KINDS = {"disable_v2_behavior": ["ref"], "disable_eager_execution": ["resource"]}.get(
    os.environ.get(MODE, ""), ["ref", "resource"]
)


@pytest.fixture(params=[kind == "resource" for kind in KINDS], ids=KINDS)
def use_resource(request):
    """The kind of variables that a test is about; TensorFlow has two."""
    return request.param


@pytest.fixture
def variable(use_resource):
    """Function that makes a variable of that kind, in the test's own graph."""
    with tf.Graph().as_default():
        yield functools.partial(tf.Variable, use_resource=use_resource)


def distance(*variables):
    """Squared, from (1, 1, ...)."""
    return tf.add_n([tf.reduce_sum(tf.square(variable - 1)) for variable in variables])


def twice(x):
    """The variable read in one place and another."""
    return tf.add_n([distance(x.read_value()) / 2, distance(x + 0) / 2])


def gathered(x):
    return distance(tf.gather(x, [0, 2])) + distance(tf.gather(x, 1))


def chosen(x):
    return tf.cond(tf.reduce_sum(x) > -100, lambda: distance(x), lambda: distance(x - 2))


def looped(x):
    return tf.while_loop(lambda i, _: i < 3, lambda i, total: (i + 1, total + distance(x)), (0, 0.0))[1]


def called(x):
    return tf.function(lambda: distance(x))()


ways_to_read = pytest.mark.parametrize("read", [distance, twice, gathered, chosen, looped, called])


def initialized():
    """A session whose variables have their initial values."""
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def minimized(optimizer, *variables, **options):
    """What the variables are after a search in a new session."""
    with initialized() as session:
        assert optimizer.minimize(session, **options) is None
        return session.run(list(variables))
