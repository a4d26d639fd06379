"""The optimizer interface of TensorFlow 1 that subclasses bring their own search to."""

from __future__ import annotations

import inspect

import contrib_modes
import numpy as np
import pytest
from contrib_modes import distance, gathered, initialized, minimized, ways_to_read

from nstgraph import tf
from nstgraph.contrib.opt import ExternalOptimizerInterface

use_resource, variable = contrib_modes.use_resource, contrib_modes.variable


class Descent(ExternalOptimizerInterface):
    """Gradient descent, which gets quadratics right."""

    def _minimize(
        self,
        *,
        initial_val,
        loss_grad_func,
        equality_funcs,
        equality_grad_funcs,
        inequality_funcs,
        inequality_grad_funcs,
        packed_bounds,
        step_callback,
        optimizer_kwargs,
    ):
        point = initial_val
        for _ in range(optimizer_kwargs.get("steps", 30)):
            _, gradient = loss_grad_func(point)
            point = point - optimizer_kwargs.get("rate", 0.25) * gradient
            step_callback(point)
        return point


class Probe(ExternalOptimizerInterface):
    """Keeps what the hook is given and what the functions in it answer at (0, 1, 2, ...); goes there."""

    def _minimize(self, **given):
        point = np.arange(given["initial_val"].size, dtype=float)
        self.given = given
        self.loss, self.gradient = given["loss_grad_func"](point)
        self.answers = {
            name: [function(point) for function in given[name]] for name in given if name.endswith("_funcs")
        }
        return point


def test_the_hook_is_called_by_keyword(variable):
    optimizer = Probe(distance(variable([5.0, 6.0])), steps=3, rate=0.5)
    minimized(optimizer)
    assert set(optimizer.given) == set(inspect.signature(Descent._minimize).parameters) - {"self"}
    assert optimizer.given["optimizer_kwargs"] == {"steps": 3, "rate": 0.5}
    assert optimizer.given["packed_bounds"] is None
    assert len(optimizer.answers) == 4 and not any(optimizer.answers.values())
    assert callable(optimizer.given["step_callback"])


def test_a_search_is_brought_by_a_subclass(variable):
    x = variable([5.0, -3.0])
    np.testing.assert_allclose(minimized(Descent(distance(x)), x)[0], [1, 1], atol=1e-4)


def test_variables_are_packed_flat_in_the_order_of_the_list(variable):
    matrix, scalar, row = variable([[5.0, 6.0], [7.0, 8.0]]), variable(9.0), variable([[2.0, 3.0, 4.0]])
    optimizer = Probe(distance(matrix, scalar, row), [row, matrix, scalar])
    outcome = minimized(optimizer, row, matrix, scalar)
    np.testing.assert_array_equal(optimizer.given["initial_val"], [2, 3, 4, 5, 6, 7, 8, 9])
    for value, expected in zip(outcome, ([[0, 1, 2]], [[3, 4], [5, 6]], 7), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_variables_and_their_places_are_public(variable):
    scalar, matrix = variable(9.0), variable(np.ones((2, 2), np.float32))
    optimizer = Probe(distance(matrix, scalar), var_list=[scalar, matrix])
    assert len(optimizer._vars) == 2 and optimizer._vars[0] is scalar and optimizer._vars[1] is matrix
    assert list(optimizer._packing_slices) == [slice(0, 1), slice(1, 5)]


def test_the_loss_comes_with_its_gradient(variable):
    optimizer = Probe(distance(variable([5.0, 6.0]), variable(7.0)))
    minimized(optimizer)
    assert optimizer.loss == pytest.approx(1 + 0 + 1) and np.ndim(optimizer.loss) == 0
    np.testing.assert_allclose(optimizer.gradient, [-2, 0, 2])


def test_the_gradient_is_zero_where_the_loss_does_not_depend_on_a_variable(variable):
    used, unused = variable([5.0, 6.0]), variable([7.0, 8.0])
    optimizer = Probe(distance(used), [unused, used])
    minimized(optimizer)
    np.testing.assert_allclose(optimizer.gradient, [0, 0, 2, 4])


def test_all_trainable_variables_are_searched_unless_told_otherwise(variable):
    first, fixed, second = variable(5.0), variable(6.0, trainable=False), variable(7.0)
    outcome = minimized(Descent(distance(first, fixed, second)), first, fixed, second)
    np.testing.assert_allclose(outcome, [1, 6, 1], atol=1e-4)


def test_only_listed_variables_are_searched(variable):
    first, second = variable(5.0), variable(7.0)
    outcome = minimized(Descent(distance(first, second), [second]), first, second)
    np.testing.assert_allclose(outcome, [5, 1], atol=1e-4)


@pytest.mark.parametrize("dtypes", [("float32", "float32"), ("float64", "float64"), ("float32", "float64")])
def test_variables_keep_their_dtypes(variable, dtypes):
    first, second = (variable([5.0, 6.0], dtype=dtype) for dtype in dtypes)
    loss = distance(*(tf.cast(each, tf.float64) for each in (first, second)))
    outcome = minimized(Descent(loss), first, second)
    assert tuple(value.dtype.name for value in outcome) == dtypes
    np.testing.assert_allclose(outcome, np.ones((2, 2)), atol=1e-4)


def test_constraints_are_given_as_functions_and_jacobians(variable):
    x, y = variable([5.0, 6.0]), variable(7.0)
    optimizer = Probe(distance(x, y), equalities=[x[0] * y], inequalities=[x[1] ** 2 - 3, tf.constant(4.0) - x[0]])
    minimized(optimizer)
    answers = optimizer.answers
    assert [float(np.squeeze(value)) for value in answers["equality_funcs"]] == [0]
    assert [float(np.squeeze(value)) for value in answers["inequality_funcs"]] == [-2, 4]
    assert [np.ravel(row).tolist() for row in answers["equality_grad_funcs"]] == [[2, 0, 0]]
    assert [np.ravel(row).tolist() for row in answers["inequality_grad_funcs"]] == [[0, 2, 0], [-1, 0, 0]]


def test_components_of_a_vector_constraint_are_constraints(variable):
    x = variable([5.0, 6.0, 7.0])
    optimizer = Probe(distance(x), equalities=[x[1:] * x[:2], x[0]])
    minimized(optimizer)
    values = np.concatenate([np.ravel(answer) for answer in optimizer.answers["equality_funcs"]])
    rows = np.concatenate([np.reshape(answer, (-1, 3)) for answer in optimizer.answers["equality_grad_funcs"]])
    np.testing.assert_allclose(values, [0, 2, 0])
    np.testing.assert_allclose(rows, [[1, 0, 0], [0, 2, 1], [1, 0, 0]])


def test_bounds_are_spread_over_the_elements(variable):
    free, one, column, both = (variable(np.ones((2, 2), np.float32)) for _ in range(4))
    bounds = {one: (-3, [[1, 2], [3, 4]]), column: (None, np.array([[5], [6]])), both: ([0, -1], None)}
    optimizer = Probe(distance(free, one, column, both), var_to_bounds=bounds)
    minimized(optimizer)
    given, inf = optimizer.given["packed_bounds"], np.inf
    expected = [*4 * [(-inf, inf)], *((-3, high) for high in (1, 2, 3, 4)), *2 * [(-inf, 5)], *2 * [(-inf, 6)]]
    expected += [(0, inf), (-1, inf)] * 2
    unlimited = [(-inf if low is None else low, inf if high is None else high) for low, high in given]
    np.testing.assert_array_equal(unlimited, expected)


@pytest.mark.parametrize("bounds", [(1, 0), ([0, 3], 2), (np.array([1.0, 1.0]), [2.0, 0.5])])
def test_a_low_bound_above_the_high_one_is_refused(variable, bounds):
    x = variable([5.0, 6.0])
    with pytest.raises(ValueError):
        minimized(Probe(distance(x), var_to_bounds={x: bounds}))


def test_it_makes_no_variables_and_its_searches_no_operations(variable):
    x = variable([5.0, 6.0])
    loss = distance(x)
    optimizer = Descent(loss, equalities=[x[0]], var_to_bounds={x: (0, 9)})
    assert len(tf.global_variables()) == 1 and not tf.local_variables()
    with initialized() as session:
        operations = len(session.graph.get_operations())
        optimizer.minimize(session, {}, [x, loss], lambda vector: None, lambda *fetched: None)
        assert len(session.graph.get_operations()) == operations


def test_it_works_on_a_finalized_graph_time_and_again(variable):
    x, goal = variable([5.0, 6.0]), tf.placeholder(tf.float32, [])
    optimizer = Descent(tf.reduce_sum(tf.square(x - goal)))
    with initialized() as session:
        session.graph.finalize()
        for each in (3, -2, 8):
            optimizer.minimize(session, feed_dict={goal: each})
            np.testing.assert_allclose(session.run(x), [each, each], atol=1e-3)


def test_one_optimizer_serves_several_sessions(variable):
    x = variable(5.0)
    optimizer = Descent(distance(x), steps=1)
    assert minimized(optimizer, x) == minimized(optimizer, x) == [pytest.approx(3)]


def test_no_graph_need_be_the_default_one(use_resource):
    with tf.Graph().as_default() as graph:
        x = tf.Variable([5.0, 6.0], use_resource=use_resource)
        loss, bounds, session = distance(x), {x: (0, 9)}, initialized()
    optimizer = Descent(loss, var_to_bounds=bounds, inequalities=[loss])
    optimizer.minimize(session, fetches=[loss], loss_callback=lambda loss: None)
    with graph.as_default(), session:
        np.testing.assert_allclose(session.run(x), [1, 1], atol=1e-3)


def test_the_default_session_is_used(variable):
    x = variable(5.0)
    optimizer = Descent(distance(x))
    with initialized() as session:
        assert optimizer.minimize() is None
        assert session.run(x) == pytest.approx(1, abs=1e-3)


def test_without_a_session_there_is_an_error(variable):
    optimizer = Descent(distance(variable(5.0)))
    with pytest.raises(ValueError, match="session"):
        optimizer.minimize()


def test_options_can_be_changed_between_searches(variable):
    x = variable(5.0)
    optimizer = Descent(distance(x), steps=1, rate=0.25)
    assert minimized(optimizer, x)[0] == pytest.approx(3)
    assert optimizer.optimizer_kwargs == {"steps": 1, "rate": 0.25}
    optimizer.optimizer_kwargs["rate"] = 0.5
    assert minimized(optimizer, x)[0] == pytest.approx(1)


def test_the_step_callback_gets_what_the_hook_hands_it(variable):
    vectors = []
    minimized(Descent(distance(variable(5.0), variable(3.0)), steps=2), step_callback=vectors.append)
    np.testing.assert_allclose(vectors, [[3, 2], [2, 1.5]])


def test_the_loss_callback_gets_what_is_fetched_at_every_evaluation(variable):
    seen, x = [], variable(5.0)
    loss = distance(x)
    optimizer = Descent(loss, steps=3)
    minimized(optimizer, fetches=[x, loss], loss_callback=lambda *fetched: seen.append(fetched))
    np.testing.assert_allclose(seen, [(5, 16), (3, 4), (2, 1)])


def test_without_fetches_the_loss_callback_gets_nothing(variable):
    seen = []
    minimized(Descent(distance(variable(5.0)), steps=3), loss_callback=lambda *fetched: seen.append(fetched))
    assert seen == [(), (), ()]


def test_a_slice_of_a_variable_is_searched_alone(variable):
    whole = variable([5.0, 6.0, 7.0, 8.0])
    piece = whole[1:3]
    optimizer = Descent(distance(piece), var_list=[piece])
    np.testing.assert_allclose(minimized(optimizer, whole)[0], [5, 1, 1, 8], atol=1e-4)


def test_a_slice_may_stand_beside_another_variable(variable):
    whole, other = variable([[5.0, 6.0], [7.0, 8.0]]), variable(9.0)
    piece = whole[:, 1]
    optimizer = Descent(distance(piece) + distance(other), var_list=[other, piece])
    outcome = minimized(optimizer, whole, other)
    np.testing.assert_allclose(outcome[0], [[5, 1], [7, 1]], atol=1e-4)
    assert outcome[1] == pytest.approx(1, abs=1e-4)


def test_a_restored_graph_is_searched(variable, tmp_path):
    x = variable([5.0, 6.0], name="x")
    tf.identity(distance(x), name="loss")
    change, saver = tf.assign(x, [7.0, 8.0]), tf.train.Saver()
    with initialized() as session:
        session.run(change)
        path = saver.save(session, str(tmp_path / "model"))
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.train.import_meta_graph(f"{path}.meta").restore(session, path)
        (restored,), loss, start = tf.trainable_variables(), graph.get_tensor_by_name("loss:0"), []
        optimizer = Descent(loss)
        optimizer.minimize(session, fetches=[restored], loss_callback=start.append)
        np.testing.assert_array_equal(start[0], [7, 8])
        np.testing.assert_allclose(session.run(restored), [1, 1], atol=1e-4)


@ways_to_read
def test_it_does_not_matter_how_the_loss_reads_a_variable(variable, read):
    x = variable([5.0, -6.0, 7.0])
    seen, loss = [], read(x)
    outcome = minimized(Descent(loss), x, fetches=[loss], loss_callback=seen.append)
    np.testing.assert_allclose(outcome[0], [1, 1, 1], atol=1e-3)
    assert len(set(map(float, seen))) > 1


@ways_to_read
def test_a_variable_that_is_fed_is_pinned(variable, read):
    free, pinned, seen = variable(5.0), variable([5.0, -6.0, 7.0]), []
    loss = read(pinned)
    optimizer = Descent(distance(free) + loss)
    given = {"feed_dict": {pinned: [1, 3, 1]}, "fetches": [loss, pinned]}
    outcome = minimized(optimizer, free, pinned, **given, loss_callback=lambda *fetched: seen.append(fetched))
    assert outcome[0] == pytest.approx(1, abs=1e-4) and outcome[1].tolist() == [5, -6, 7]
    assert all(value in (4, 12) and fed.tolist() == [1, 3, 1] for value, fed in seen) and len(seen) == 30


@ways_to_read
def test_variables_show_their_old_values_until_the_end(variable, read):
    x, seen = variable([5.0, -6.0, 7.0]), []
    optimizer = Descent(read(x))
    with initialized() as session:

        def look(*ignored):
            seen.append(session.run(x).tolist())

        optimizer.minimize(session, step_callback=look, loss_callback=look)
        assert seen == [[5, -6, 7]] * 60
        np.testing.assert_allclose(session.run(x), [1, 1, 1], atol=1e-3)


@ways_to_read
def test_a_search_that_fails_leaves_variables_as_they_were(variable, read):
    def fail(vector):
        assert vector[0] != 5
        raise ArithmeticError("no")

    x = variable([5.0, -6.0, 7.0])
    optimizer = Descent(read(x))
    with initialized() as session:
        with pytest.raises(ArithmeticError, match="no"):
            optimizer.minimize(session, step_callback=fail)
        assert session.run(x).tolist() == [5, -6, 7]


@ways_to_read
def test_what_a_callback_assigns_stays_if_it_leaves_by_an_exception(variable, read):
    def leave(vector):
        session.run(assign)
        raise ArithmeticError("enough")

    x = variable([5.0, -6.0, 7.0])
    optimizer, assign = Descent(read(x)), x.assign([1.0, 2.0, 3.0])
    with initialized() as session:
        with pytest.raises(ArithmeticError, match="enough"):
            optimizer.minimize(session, step_callback=leave)
        assert session.run(x).tolist() == [1, 2, 3]


@pytest.mark.parametrize("dtypes", [["float32"], ["float32", "float32"], ["float64"], ["float32", "float64"]])
def test_the_search_begins_in_the_type_of_the_variables(variable, dtypes):
    first, *others = variables = [variable([5.0, 6.0], dtype=dtype) for dtype in dtypes]
    optimizer = Probe(tf.add_n([tf.cast(distance(each), tf.float64) for each in variables]))
    minimized(optimizer, first, *others)
    assert optimizer.given["initial_val"].dtype == optimizer.gradient.dtype == max(dtypes)


class Own(Descent):
    """Has a `minimize` as subclasses write it, which gives back the loss it came to."""

    def minimize(self, session, feed_dict, fetches, step_callback, loss_callback):
        functions = {
            f"{kind}{suffix}_funcs": self._make_eval_funcs(tensors, session, feed_dict, fetches)
            for kind, suffix, tensors in (
                ("equality", "", self._equalities),
                ("equality", "_grad", self._packed_equality_grads),
                ("inequality", "", self._inequalities),
                ("inequality", "_grad", self._packed_inequality_grads),
            )
        }
        tensors = [self._loss, self._packed_loss_grad]
        evaluate = self._make_eval_func(tensors, session, feed_dict, fetches, loss_callback)
        packed = self._minimize(
            initial_val=session.run(self._packed_var),
            loss_grad_func=evaluate,
            packed_bounds=self._packed_bounds,
            step_callback=step_callback,
            optimizer_kwargs=self.optimizer_kwargs,
            **functions,
        )
        values = [packed[where] for where in self._packing_slices]
        session.run(self._var_updates, feed_dict=dict(zip(self._update_placeholders, values, strict=True)))
        return evaluate(packed)[0]


@pytest.mark.parametrize("read", [distance, gathered])
def test_a_minimize_of_ones_own_does_what_ours_does(variable, read):
    x, y, goal = variable([5.0, -6.0, 7.0]), variable([[3.0], [4.0]]), tf.placeholder(tf.float32, [])
    loss, told, seen, vectors, ends = read(x) + distance(y - goal), [], [], [], []
    for kind in (Descent, Own):
        optimizer = kind(loss, equalities=[x[0] - 1], inequalities=[x, y], var_to_bounds={y: (0, None)}, steps=10)
        with initialized() as session:
            told += [optimizer.minimize(session, {goal: 2}, [loss], vectors.append, seen.append)]
            ends += [session.run(x), session.run(y)]
    np.testing.assert_array_equal(vectors[:10], vectors[10:])
    np.testing.assert_array_equal(seen[:10], seen[10:20])
    np.testing.assert_array_equal(ends[0], ends[2])
    np.testing.assert_array_equal(ends[1], ends[3])
    assert told == [None, seen[-1]] and seen[-1] < seen[0]


def test_what_is_packed_can_be_run(variable):
    x, y = variable([[5.0, 6.0], [7.0, 8.0]]), variable(9.0)
    optimizer = Probe(distance(x, y), [y, x], [y - 1], [x[0, 0] * y, tf.reduce_sum(x, 1)], {x: (0, [1, 2])})
    with initialized() as session:
        np.testing.assert_array_equal(session.run(optimizer._packed_var), [9, 5, 6, 7, 8])
        np.testing.assert_array_equal(session.run(optimizer._packed_loss_grad), [16, 8, 10, 12, 14])
        np.testing.assert_array_equal(session.run(optimizer._packed_equality_grads), [[1, 0, 0, 0, 0]])
        first, second = session.run(optimizer._packed_inequality_grads)
        np.testing.assert_array_equal(first, [5, 9, 0, 0, 0])
        np.testing.assert_array_equal(second, [[0, 1, 1, 0, 0], [0, 0, 0, 1, 1]])
    assert optimizer._packed_bounds == [(-np.inf, np.inf), (0, 1), (0, 2), (0, 1), (0, 2)]
    assert Probe(distance(y))._packed_bounds is None


@pytest.mark.parametrize("shape", [(2, 2), (4,)])
def test_updates_take_values_flat_or_not_and_give_them(variable, shape):
    x, y = variable([[5.0, 6.0], [7.0, 8.0]]), variable(9.0)
    optimizer = Probe(distance(x, y))
    with initialized() as session:
        values = [np.arange(4.0).reshape(shape), np.array([4.0]).reshape(shape[2:])]
        given = session.run(optimizer._var_updates, dict(zip(optimizer._update_placeholders, values, strict=True)))
        for now, new in zip(session.run([x, y]), given, strict=True):
            np.testing.assert_array_equal(now, new)
        np.testing.assert_array_equal(session.run(optimizer._packed_var), [0, 1, 2, 3, 4])


def test_a_gradient_that_a_subclass_replaces_is_searched_by(variable):
    class Clipped(Descent):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._packed_loss_grad = tf.clip_by_value(self._packed_loss_grad, -1, 1)

    x = variable([5.0, 1.5])
    np.testing.assert_allclose(minimized(Clipped(distance(x), steps=2), x)[0], [4.5, 1.125])


@pytest.mark.parametrize("minimize", [Descent, Own])
def test_shapes_may_be_known_from_the_values_alone(variable, minimize):
    given = tf.placeholder(tf.float32)
    x = variable(given, validate_shape=False)
    optimizer = minimize(distance(x), var_to_bounds={x: (0, 9)})
    with tf.Session() as session:
        for start in ([5.0, 6.0], [[2.0], [3.0], [4.0]]):
            session.run(x.initializer, {given: start})
            optimizer.minimize(session, {}, [], lambda vector: None, lambda: None)
            np.testing.assert_allclose(session.run(x), np.ones_like(start), atol=1e-4)
            assert optimizer._packed_bounds == [(0, 9)] * len(start)
            assert optimizer._packing_slices == [slice(0, len(start))]


def test_a_hook_that_does_not_move_is_warned_of(variable):
    optimizer, x = Descent(distance(variable(5.0)), steps=0), tf.trainable_variables()[0]
    with pytest.warns(RuntimeWarning):
        assert minimized(optimizer, x) == [5]
