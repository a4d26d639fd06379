"""Tensors, gradients and Jacobians as one vector."""

from __future__ import annotations

import contrib_modes
import numpy as np
import pytest
from contrib_modes import initialized

from nstgraph import tf
from nstgraph.contrib.opt import ExternalOptimizerInterface
from nstgraph.contrib.opt.packing import pack, packed_gradient, packed_jacobian

use_resource, variable = contrib_modes.use_resource, contrib_modes.variable


def test_tensors_are_flattened_and_put_one_after_the_other(variable):
    packed = pack([variable([[1.0, 2.0], [3.0, 4.0]]), tf.constant(5.0), variable([6.0])])
    with initialized() as session:
        np.testing.assert_array_equal(session.run(packed), [1, 2, 3, 4, 5, 6])


@pytest.mark.parametrize(
    ("dtypes", "packed"),
    [
        (["float32"], "float32"),
        (["float32"] * 2, "float32"),
        (["float64"] * 2, "float64"),
        (["float32", "float64"], "float64"),
        (["float16", "float32"], "float64"),
    ],
)
def test_the_type_is_the_tensors_if_it_is_one(variable, dtypes, packed):
    assert pack([variable([1.0], dtype=dtype) for dtype in dtypes]).dtype == packed


def test_nothing_is_packed_into_nothing():
    assert pack([]) is None and ExternalOptimizerInterface._pack([]) is None


def test_a_gradient_is_zero_for_what_does_not_matter(variable):
    used, unused = variable([1.0, 2.0]), variable([3.0])
    with initialized() as session:
        gradient = packed_gradient(tf.reduce_sum(tf.square(used)), [unused, used])
        np.testing.assert_array_equal(session.run(gradient), [0, 2, 4])


def test_a_jacobian_has_a_row_for_each_component_unless_it_is_a_scalars(variable):
    x = variable([[1.0, 2.0], [3.0, 4.0]])
    constraints = [
        (x[0, 0] * x[1, 1], [4, 0, 0, 1]),
        (tf.reshape(x[1, 0], [1]), [[0, 0, 1, 0]]),
        (tf.reduce_sum(x, 1, keepdims=True), [[1, 1, 0, 0], [0, 0, 1, 1]]),
    ]
    with initialized() as session:
        for value, expected in constraints:
            np.testing.assert_array_equal(session.run(packed_jacobian(value, [x])), expected)


def test_a_constraint_of_unknown_shape_is_refused(variable):
    x = variable([1.0, 2.0])
    with pytest.raises(ValueError, match="unknown shape"):
        packed_jacobian(tf.boolean_mask(x, tf.greater(x, 0)), [x])
