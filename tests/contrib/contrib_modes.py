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
