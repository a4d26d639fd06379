"""Tensors as functions of the packed vector."""

from __future__ import annotations

import contrib_modes
import numpy as np
import pytest
from contrib_modes import distance, initialized, ways_to_read

from nstgraph import tf
from nstgraph.contrib.opt import ExternalOptimizerInterface

use_resource, variable = contrib_modes.use_resource, contrib_modes.variable


@ways_to_read
def test_tensors_are_evaluated_at_a_vector_and_variables_stay(variable, read):
    x, y = variable([5.0, -6.0, 7.0]), variable([[9.0]])
    loss = read(x) + distance(y)
    optimizer = ExternalOptimizerInterface(loss)
    with initialized() as session:
        evaluate = optimizer._make_eval_func([loss, optimizer._packed_var, y], session, {}, [])
        for vector in ([1, 1, 1, 1], np.arange(4), np.array([1.0, 1, 1, 3], np.float32)):
            value, packed, at_y = evaluate(np.asarray(vector))
            assert (value == 0) == (np.ptp(vector) == 0)
            np.testing.assert_array_equal(packed, vector)
            np.testing.assert_array_equal(at_y, [[vector[3]]])
            assert session.run(x).tolist() == [5, -6, 7] and session.run(y).tolist() == [[9]]


def test_one_tensor_gives_a_list_of_one(variable):
    x = variable([5.0, 6.0])
    optimizer = ExternalOptimizerInterface(distance(x))
    with initialized() as session:
        assert optimizer._make_eval_func(optimizer._loss, session, {}, [])(np.array([1, 3])) == [4]
        functions = optimizer._make_eval_funcs([x[0], x[1]], session, {}, [])
        assert [function(np.array([2, 3])) for function in functions] == [[2], [3]]


def test_the_callback_gets_the_fetches_alone(variable):
    x, seen = variable([5.0, 6.0]), []
    optimizer = ExternalOptimizerInterface(distance(x))
    with initialized() as session:
        tensors, fetches = [optimizer._loss, optimizer._packed_loss_grad], [x[0], tf.constant(7)]
        evaluate = optimizer._make_eval_func(tensors, session, {}, fetches, lambda *values: seen.append(values))
        loss, gradient = evaluate(np.array([2, 3]))
        assert loss == 5 and gradient.tolist() == [2, 4] and seen == [(2, 7)]


@ways_to_read
def test_the_feed_wins_over_the_vector_and_what_it_feeds_has_no_slope(variable, read):
    free, fed, goal = variable(5.0), variable([5.0, -6.0, 7.0]), tf.placeholder(tf.float32, [])
    optimizer = ExternalOptimizerInterface(distance(free - goal) + read(fed), inequalities=[tf.stack([free, fed[0]])])
    tensors = [fed[1], optimizer._packed_loss_grad, *optimizer._packed_inequality_grads]
    with initialized() as session:
        evaluate = optimizer._make_eval_func(tensors, session, {goal: 2.0, fed: [1, 3, 1]}, [])
        value, gradient, jacobian = evaluate(np.array([5, 9, 9, 9]))
    assert value == 3 and gradient.tolist() == [4, 0, 0, 0] and jacobian.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]


@ways_to_read
def test_an_evaluation_that_fails_leaves_variables_as_they_are(variable, read):
    x = variable([5.0, -6.0, 7.0])
    optimizer = ExternalOptimizerInterface(read(x))
    with initialized() as session:
        evaluate = optimizer._make_eval_func([optimizer._loss, tf.check_numerics(x, "no")], session, {}, [])
        with pytest.raises(tf.errors.InvalidArgumentError, match="no"):
            evaluate(np.array([np.inf, 1, 1]))
        assert session.run(x).tolist() == [5, -6, 7]


def test_it_adds_no_operation(variable):
    x = variable([5.0, 6.0])
    optimizer = ExternalOptimizerInterface(distance(x))
    with initialized() as session:
        session.graph.finalize()
        evaluate = optimizer._make_eval_func([optimizer._loss, optimizer._packed_loss_grad], session, {}, [x])
        assert evaluate(np.array([2, 3]))[0] == 5
