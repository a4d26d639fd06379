"""Scipy's methods behind the interface that TensorFlow 1 had in `tf.contrib.opt`."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import contrib_modes
import numpy as np
import pytest
import scipy
from contrib_modes import MODE, initialized, minimized
from scipy.optimize import OptimizeResult

from nstgraph import tf
from nstgraph.contrib.opt import ScipyOptimizerInterface

use_resource, variable = contrib_modes.use_resource, contrib_modes.variable

METHODS = ["L-BFGS-B", "BFGS", "CG", "Newton-CG", "Nelder-Mead", "Powell", "TNC", "COBYLA", "SLSQP", "trust-constr"]
METHODS += ["COBYQA"] if tuple(map(int, scipy.__version__.split(".")[:2])) >= (1, 14) else []


def valley(variable, start=(-1.2, 1.0), dtype="float64"):
    """Rosenbrock's, not quite as steep as his; its lowest point is 0, at (1, 1)."""
    x, y = variable(start[0], dtype=dtype), variable([[start[1]]], dtype=dtype)
    return tf.reduce_sum(tf.square(1 - x) + 10 * tf.square(y - x * x), name="valley"), x, y


def height(x, y):
    return (1 - x) ** 2 + 10 * (y - x * x) ** 2


def curvature(packed):
    x, y = packed
    return np.array([[2 - 40 * y + 120 * x * x, -40 * x], [-40 * x, 20]])


def distance(x, goal=1.0):
    return tf.reduce_sum(tf.square(x - goal))


def assert_at_the_bottom(outcome, tolerance=0.02):
    x, y = outcome
    assert np.shape(x) == () and np.shape(y) == (1, 1)
    assert x == pytest.approx(1, abs=tolerance) and y.item() == pytest.approx(1, abs=tolerance)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_minimum(variable, method):
    (loss, x, y), vectors = valley(variable), []
    assert_at_the_bottom(minimized(ScipyOptimizerInterface(loss, method=method), x, y, step_callback=vectors.append))
    assert len(vectors) > 3 and {vector.shape for vector in vectors} == {(2,)}


@pytest.mark.parametrize(
    ("method", "start"),
    [("dogleg", (0.9, 0.8)), ("trust-ncg", (-1.2, 1)), ("trust-exact", (-1.2, 1)), ("trust-krylov", (-1.2, 1))],
)
def test_methods_that_need_second_derivatives_take_a_function(variable, method, start):
    loss, x, y = valley(variable, start)
    assert_at_the_bottom(minimized(ScipyOptimizerInterface(loss, method=method, hess=curvature), x, y))


@pytest.mark.parametrize("method", ["l-bfgs-b", "slsqp", "tnc", "Bfgs"])
def test_the_case_of_a_methods_name_does_not_matter(variable, method):
    loss, x, y = valley(variable)
    assert_at_the_bottom(minimized(ScipyOptimizerInterface(loss, method=method), x, y))


#: One of each kind: by gradients, by none, with constraints, with second derivatives; the others are alike.
FEW = ("L-BFGS-B", "Nelder-Mead", "trust-constr", "trust-ncg")


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(name, marks=[] if name in FEW else [pytest.mark.slow])
        for name in [*METHODS, "trust-ncg", "trust-krylov"]
        if name != "COBYLA"
    ],
)
def test_single_precision_is_enough(variable, method):
    loss, x, y = valley(variable, dtype="float32")
    outcome = minimized(ScipyOptimizerInterface(loss, method=method), x, y)
    assert_at_the_bottom(outcome)
    assert {value.dtype.name for value in outcome} == {"float32"}


@pytest.mark.parametrize("method", ["Nelder-Mead", None])
def test_a_curved_valley_in_five_dimensions_is_followed_to_its_end_in_single_precision(variable, method):
    """By a simplex of the variables' type, too; one in double precision ends further away."""
    x = variable(np.zeros(5, np.float32))
    loss = tf.reduce_sum(100 * tf.square(x[1:] - tf.square(x[:-1])) + tf.square(1 - x[:-1]))
    optimizer = ScipyOptimizerInterface(loss, **({} if method is None else {"method": method, "options": {}}))
    np.testing.assert_allclose(minimized(optimizer, x)[0], np.ones(5), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scipy_searches_in_the_type_of_the_variables(variable, dtype):
    vectors = []
    loss = valley(variable, dtype=dtype)[0]
    optimizer = ScipyOptimizerInterface(loss, method="Nelder-Mead", options={"maxiter": 9})
    minimized(optimizer, step_callback=vectors.append)
    assert {vector.dtype.name for vector in vectors} == {optimizer.result.x.dtype.name} == {dtype}


def test_variables_of_a_type_that_scipy_does_not_know_are_searched(variable):
    x = variable(tf.constant([5.0, -3.0], tf.bfloat16))
    outcome = minimized(ScipyOptimizerInterface(distance(tf.cast(x, tf.float32))), x)[0]
    np.testing.assert_allclose(outcome.astype(np.float32), [1, 1], atol=0.01)


def test_double_precision_is_kept_beside_a_single_one(variable):
    single, double = variable([0.0, 0.0]), variable([0.0, 0.0], dtype="float64")
    loss = tf.cast(distance(single), tf.float64) + distance(double, 1 / 3)
    optimizer = ScipyOptimizerInterface(loss, options={"ftol": 0, "gtol": 1e-12})
    outcome = minimized(optimizer, single, double)
    np.testing.assert_allclose(outcome[0], [1, 1], atol=1e-5)
    np.testing.assert_allclose(outcome[1], [1 / 3, 1 / 3], atol=1e-9)


def test_the_method_may_be_a_function(variable):
    def descent(fun, x0, args=(), jac=None, steps=10, callback=None, **others):
        point = np.array(x0)
        for _ in range(steps):
            fun(point)
            point = point - 0.25 * jac(point)
            callback(point)
        return OptimizeResult(x=point, fun=fun(point), nit=steps, nfev=steps + 1, success=True)

    x, vectors = variable([5.0, -3.0]), []
    optimizer = ScipyOptimizerInterface(distance(x), method=descent, options={"steps": 4})
    np.testing.assert_allclose(minimized(optimizer, x, step_callback=vectors.append)[0], [1.25, 0.75])
    assert len(vectors) == 4


def test_a_subclass_may_have_another_default_method(variable):
    class Simplex(ScipyOptimizerInterface):
        _DEFAULT_METHOD = "Nelder-Mead"

    loss, used = valley(variable)[0], []
    for optimizer in (Simplex(loss), Simplex(loss, method="L-BFGS-B"), ScipyOptimizerInterface(loss)):
        optimizer.optimizer_kwargs["options"] = {"maxiter": 4}
        minimized(optimizer)
        used.append("final_simplex" in optimizer.result)
    assert used == [True, False, False] and ScipyOptimizerInterface._DEFAULT_METHOD == "L-BFGS-B"


class Own(ScipyOptimizerInterface):
    """Has a `minimize` as subclasses write it, which gives back the vector."""

    def minimize(self, session, feed_dict=None):
        def functions(tensors):
            return self._make_eval_funcs(tensors, session, feed_dict, [])

        packed = self._minimize(
            session.run(self._packed_var),
            self._make_eval_func([self._loss, self._packed_loss_grad], session, feed_dict, []),
            functions(self._equalities),
            functions(self._packed_equality_grads),
            functions(self._inequalities),
            functions(self._packed_inequality_grads),
            self._packed_bounds,
            lambda vector: None,
            self.optimizer_kwargs,
        )
        values = [packed[where] for where in self._packing_slices]
        session.run(self._var_updates, feed_dict=dict(zip(self._update_placeholders, values, strict=True)))
        return packed


@pytest.mark.parametrize("method", ["L-BFGS-B", "Nelder-Mead", "TNC", "trust-krylov"])
def test_every_kind_of_method_serves_a_minimize_of_ones_own(variable, method):
    loss, x, y = valley(variable)
    with initialized() as session:
        packed = Own(loss, method=method).minimize(session)
        assert_at_the_bottom(session.run([x, y]))
        np.testing.assert_array_equal(packed, np.append(*session.run([x, y])))


@pytest.mark.parametrize("kind", [ScipyOptimizerInterface, Own])
def test_constraints_serve_a_minimize_of_ones_own(variable, kind):
    x, y = variable([7.0, 7.0, 7.0]), variable(7.0)
    constraints = {"equalities": [y - x[2], x[0] - 2], "inequalities": [x[1:] * y - [4.0, 1.0]]}
    optimizer = kind(distance(x, 0.0) + tf.square(y), [x, y], method="SLSQP", **constraints)
    with initialized() as session:
        optimizer.minimize(session)
        np.testing.assert_allclose(session.run(x), [2, 4 / 8**0.25, 8**0.25], atol=0.01)
        assert session.run(y) == pytest.approx(8**0.25, abs=0.01)


def test_a_hook_of_ones_own_that_does_not_move_is_warned_of(variable):
    class Still(ScipyOptimizerInterface):
        def _minimize(self, initial_val, **others):
            return initial_val

    x = variable(5.0)
    with pytest.warns(RuntimeWarning, match="returned its start"):
        assert minimized(Still(distance(x)), x) == [5]


@pytest.mark.parametrize("method", ["L-BFGS-B", "BFGS", "SLSQP", "trust-constr"])
def test_options_limit_the_steps(variable, method):
    vectors = []
    optimizer = ScipyOptimizerInterface(valley(variable)[0], method=method, options={"maxiter": 4})
    minimized(optimizer, step_callback=vectors.append)
    assert 3 <= len(vectors) <= 4


def test_maxiter_limits_tnc_too(variable):
    seen = []
    optimizer = ScipyOptimizerInterface(valley(variable)[0], method="TNC", options={"maxiter": 6})
    minimized(optimizer, loss_callback=lambda: seen.append(None))
    assert 3 <= len(seen) <= 12
    assert optimizer.optimizer_kwargs["options"] == {"maxiter": 6}


def test_the_tolerance_is_passed_on(variable):
    loss, counts = valley(variable)[0], []
    for tolerance in (1e-8, 1.0):
        vectors = []
        minimized(ScipyOptimizerInterface(loss, method="BFGS", tol=tolerance), step_callback=vectors.append)
        counts.append(len(vectors))
    assert counts[0] > 1.5 * counts[1] > 0


@pytest.mark.parametrize("options", [{"disp": True}, {"iprint": 1}])
def test_lbfgsb_reports_on_its_search_if_asked_to(variable, options, capfd):
    minimized(ScipyOptimizerInterface(valley(variable)[0], options=options))
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) > 3 and any(re.search(r"\d", line) for line in lines)


@pytest.mark.parametrize("options", [{}, {"disp": None}, {"iprint": -1}])
def test_lbfgsb_is_silent_otherwise(variable, options, capfd):
    minimized(ScipyOptimizerInterface(valley(variable)[0], options=options))
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("name", ["bounds", "jac", "callback", "constraints"])
def test_what_the_interface_passes_itself_is_refused(variable, name):
    x = variable(5.0)
    optimizer = ScipyOptimizerInterface(distance(x), **{name: [(0, 1)]})
    with initialized() as session:
        with pytest.raises(ValueError, match=name):
            optimizer.minimize(session)
        assert session.run(x) == 5


def test_options_can_be_changed_between_searches(variable):
    (loss, x, y), counts = valley(variable), []
    optimizer = ScipyOptimizerInterface(loss, method="L-BFGS-B", options={"maxiter": 2})
    before = copy.deepcopy(optimizer.optimizer_kwargs)
    minimized(optimizer, step_callback=counts.append)
    assert optimizer.optimizer_kwargs == before and len(counts) == 2
    optimizer.optimizer_kwargs["options"]["maxiter"] = 5
    minimized(optimizer, step_callback=counts.append)
    assert len(counts) == 2 + 5
    del optimizer.optimizer_kwargs["options"]
    optimizer.optimizer_kwargs["method"] = "SLSQP"
    assert_at_the_bottom(minimized(optimizer, x, y))


@pytest.mark.parametrize("method", ["L-BFGS-B", "TNC", "SLSQP", "trust-constr", "Nelder-Mead", "Powell"])
def test_bounds_hold(variable, method):
    x, y = variable([0.5, 0.5]), variable(0.5)
    bounds = {x: (None, [0.75, np.inf])}
    optimizer = ScipyOptimizerInterface(distance(x) + distance(y), var_to_bounds=bounds, method=method)
    seen = []
    outcome = minimized(optimizer, x, y, fetches=[x], loss_callback=lambda x: seen.append(x))
    np.testing.assert_allclose(outcome[0], [0.75, 1], atol=0.01)
    assert outcome[1] == pytest.approx(1, abs=0.01)
    assert max(x[0] for x in seen) <= 0.75 + 1e-6


@pytest.mark.filterwarnings("ignore:delta_grad == 0.0:UserWarning")
@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_equalities_and_inequalities_hold(variable, method):
    """The example of TensorFlow 1's manual."""
    vector = variable([7.0, 7.0])
    constraints = {"equalities": [vector[1] - 2], "inequalities": [vector[0] - 1]}
    optimizer = ScipyOptimizerInterface(tf.reduce_sum(tf.square(vector)), method=method, **constraints)
    np.testing.assert_allclose(minimized(optimizer, vector)[0], [1, 2], atol=0.01)


@pytest.mark.filterwarnings("ignore:delta_grad == 0.0:UserWarning")
@pytest.mark.parametrize("method", ["SLSQP", "trust-constr", "COBYLA"])
def test_constraints_may_be_vectors(variable, method):
    x = variable([7.0, 7.0, 7.0])
    floors = x * [1.0, 2.0, 1.0] - [2.0, 2.0, -3.0]
    optimizer = ScipyOptimizerInterface(tf.reduce_sum(tf.square(x)), inequalities=[floors], method=method)
    np.testing.assert_allclose(minimized(optimizer, x)[0], [2, 1, 0], atol=0.02)


def test_a_vector_equality_has_a_full_jacobian(variable):
    x, y = variable([1.0, 2.0]), variable(5.0)
    equalities = [tf.stack([x[0] + y - 3, x[0] * x[1] - 2]), y - 1]
    loss = tf.reduce_sum(tf.square(x)) + tf.square(y)
    outcome = minimized(ScipyOptimizerInterface(loss, [x, y], equalities, method="SLSQP"), x, y)
    np.testing.assert_allclose(np.append(*outcome), [2, 1, 1], atol=1e-3)


def test_the_loss_callback_sees_every_point_that_is_evaluated(variable):
    (loss, x, y), seen, vectors = valley(variable), [], []
    fetches = [loss, x, y, "valley:0", tf.constant(7)]
    optimizer = ScipyOptimizerInterface(loss)
    outcome = minimized(
        optimizer, x, y, fetches=fetches, step_callback=vectors.append, loss_callback=lambda *v: seen.append(v)
    )
    assert len(seen) > len(vectors) + 1 > 10
    for value, at_x, at_y, named, constant in seen:
        assert value == named == pytest.approx(height(at_x, at_y.item())) and constant == 7
    assert seen[0][1:3] == (-1.2, 1)
    points = {(float(at_x), at_y.item()) for _, at_x, at_y, _, _ in seen}
    assert len(points) > 10 and {tuple(vector) for vector in vectors} <= points
    assert tuple(vectors[-1]) == (outcome[0], outcome[1].item())


def test_callbacks_may_add_operations(variable):
    loss, x, y = valley(variable)
    optimizer, sums = ScipyOptimizerInterface(loss, options={"maxiter": 5}), []
    with initialized() as session:

        def add(*values):
            sums.append(session.run(tf.add_n([tf.reduce_sum(value) for value in values])))

        optimizer.minimize(session, fetches=[x, y], step_callback=add, loss_callback=add)
        assert len(sums) > 10 and session.run(loss) < height(-1.2, 1)


@pytest.mark.parametrize(
    ("callback", "error"), [("loss_callback", KeyboardInterrupt), ("step_callback", ArithmeticError)]
)
@pytest.mark.parametrize("method", ["L-BFGS-B", "SLSQP", "COBYLA"])
def test_an_error_in_a_callback_leaves_variables_as_they_were(variable, method, callback, error):
    (loss, x, y), calls = valley(variable), []

    def fail(*ignored):
        calls.append(None)
        if len(calls) == 5:
            raise error("from the callback")

    optimizer = ScipyOptimizerInterface(loss, method=method)
    with initialized() as session:
        with pytest.raises(error, match="from the callback"):
            optimizer.minimize(session, **{callback: fail})
        assert session.run([x, y]) == [-1.2, 1]
        optimizer.optimizer_kwargs["method"] = "L-BFGS-B"
        optimizer.minimize(session)
        assert_at_the_bottom(session.run([x, y]))


@pytest.mark.parametrize("method", ["L-BFGS-B", "BFGS", "Nelder-Mead", "trust-constr"])
def test_the_step_callback_can_stop_the_search(variable, method):
    (loss, x, y), vectors = valley(variable), []

    def third(vector):
        vectors.append(vector)
        if len(vectors) == 3:
            raise StopIteration

    outcome = minimized(ScipyOptimizerInterface(loss, method=method), x, y, step_callback=third)
    assert len(vectors) == 3
    assert height(outcome[0], outcome[1].item()) < height(-1.2, 1)
    np.testing.assert_allclose([outcome[0], outcome[1].item()], vectors[-1])


def test_one_optimizer_serves_every_frame_of_a_video(variable):
    x, frame = variable(np.zeros((2, 3), np.float32)), tf.placeholder(tf.float32, [2, 3])
    optimizer = ScipyOptimizerInterface(distance(x, frame))
    with initialized() as session:
        for seed in range(4):
            picture = np.random.default_rng(seed).uniform(0, 9, (2, 3))
            optimizer.minimize(session, feed_dict={frame: picture})
            np.testing.assert_allclose(session.run(x), picture, atol=1e-3)


def test_options_of_a_run_reach_the_last_one_only(variable):
    loss, x, y = valley(variable)
    traced, options = tf.RunMetadata(), tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    optimizer = ScipyOptimizerInterface(loss)
    assert_at_the_bottom(minimized(optimizer, x, y, options=options, run_metadata=traced))
    names = {node.node_name for device in traced.step_stats.dev_stats for node in device.node_stats}
    assert names and not any("valley" in name for name in names)


def test_a_loss_that_depends_on_nothing_is_warned_of(variable):
    used, unused = variable(5.0), variable(7.0, name="lonely")
    with pytest.warns(RuntimeWarning, match="lonely"):
        assert minimized(ScipyOptimizerInterface(distance(used), [unused]), used, unused) == [5, 7]


@pytest.mark.parametrize("method", ["L-BFGS-B", "BFGS", "SLSQP"])
def test_a_start_at_the_minimum_is_warned_of(variable, method):
    x = variable([1.0, 1.0])
    with pytest.warns(RuntimeWarning, match="gradient"):
        np.testing.assert_array_equal(minimized(ScipyOptimizerInterface(distance(x), method=method), x)[0], [1, 1])


def test_bounds_that_hold_everything_are_warned_of(variable):
    x = variable([1.0, 2.0])
    optimizer = ScipyOptimizerInterface(distance(x, 9.0), var_to_bounds={x: (None, [1.0, 2.0])})
    with pytest.warns(RuntimeWarning, match="bound"):
        np.testing.assert_array_equal(minimized(optimizer, x)[0], [1, 2])


def test_feeding_everything_is_warned_of(variable):
    x = variable(2.0)
    with pytest.warns(RuntimeWarning, match="fe[e]?d"):
        assert minimized(ScipyOptimizerInterface(distance(x)), x, feed_dict={x: 5.0}) == [2]


@pytest.mark.parametrize("method", ["BFGS", "CG"])
def test_a_limit_of_no_steps_is_warned_of(variable, method):
    x = variable(2.0)
    with pytest.warns(RuntimeWarning, match="iteration"):
        optimizer = ScipyOptimizerInterface(distance(x), method=method, options={"maxiter": 0})
        assert minimized(optimizer, x) == [2]


def test_it_takes_turns_with_adam(variable):
    loss, x, y = valley(variable)
    adam = tf.train.AdamOptimizer(0.1).minimize(loss)
    optimizer = ScipyOptimizerInterface(loss)
    with initialized() as session:
        for _ in range(3):
            session.run(adam)
        assert not -1.25 < session.run(x) < -1.15
        optimizer.minimize(session)
        assert_at_the_bottom(session.run([x, y]))
        session.run(adam)
        assert session.run(loss) > 0


def test_a_monitored_session_will_do(variable):
    loss, x, y = valley(variable)
    optimizer, vectors = ScipyOptimizerInterface(loss), []
    with tf.train.MonitoredTrainingSession() as session:
        optimizer.minimize(session, step_callback=vectors.append)
        assert_at_the_bottom(session.run([x, y]))
    assert len(vectors) > 3


INSTALL = """
{before}
import nstgraph
nstgraph.contrib.install()
nstgraph.contrib.install()
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from tensorflow.contrib.opt import ScipyOptimizerInterface as imported
from nstgraph.contrib.opt import ScipyOptimizerInterface as ours
assert tf.contrib.opt.ScipyOptimizerInterface is tf1.contrib.opt.ScipyOptimizerInterface is imported is ours
"""


@pytest.mark.parametrize(
    "before",
    [
        pytest.param("", marks=pytest.mark.slow, id="first"),
        pytest.param("import tensorflow.compat.v1 as tf1\nassert not hasattr(tf1, 'contrib')", id="last"),
    ],
)
def test_install_puts_it_where_it_was_in_a_fresh_interpreter(before):
    done = subprocess.run(
        [sys.executable, "-c", INSTALL.format(before=before)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow  # the interface in one of these modes: see test_isolation
@pytest.mark.parametrize(
    ("mode", "which", "chosen", "least"),
    [
        ("disable_v2_behavior", ["external"], "(reads_a_variable or is_pinned or keep_their_dtypes)", 10),
        ("disable_v2_behavior", ["external", "scipy"], "optimizer", 100),
        ("disable_eager_execution", ["external", "scipy"], "optimizer", 100),
    ],
)
def test_all_this_holds_in_older_modes_in_a_fresh_interpreter(mode, which, chosen, least):
    """All that the modules of optimisers test, or those tests in which kinds of variables differ most."""
    files = [str(Path(__file__).with_name(f"test_{one}_optimizer.py")) for one in which]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "0",
        "-p",
        "no:cacheprovider",
        "-k",
        f"{chosen} and not fresh_interpreter",
        *files,
    ]
    environment = os.environ | {MODE: mode, "OPENBLAS_NUM_THREADS": "1"}  # more of them are slower, on vectors of two
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > least
