"""Scipy's methods behind one call."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from scipy.optimize import Bounds, OptimizeResult

from nstgraph.search.scipy_minimize import scipy_minimize

START = np.array([-1.2, 1.0])
WITH_GRADIENT = ["L-BFGS-B", "BFGS", "CG", "Newton-CG", "TNC", "SLSQP", "trust-constr"]
WITHOUT = ["Nelder-Mead", "Powell", "COBYLA"]


def valley(point, kind=np.float64):
    """Rosenbrock's, not quite as steep as his; its lowest point is 0, at (1, 1)."""
    x, y = point
    slope = y - x * x
    return (1 - x) ** 2 + 10 * slope**2, np.array([2 * (x - 1) - 40 * x * slope, 20 * slope], kind)


def curvature(point):
    x, y = point
    return np.array([[2 - 40 * y + 120 * x * x, -40 * x], [-40 * x, 20]])


@pytest.mark.parametrize("method", WITH_GRADIENT + WITHOUT)
def test_every_method_finds_the_minimum(method):
    result = scipy_minimize(valley, START, method=method)
    np.testing.assert_allclose(result.x, [1, 1], atol=0.02)
    assert result.fun == pytest.approx(valley(result.x)[0])


def test_the_default_is_lbfgsb():
    assert scipy_minimize(valley, START).nit == scipy_minimize(valley, START, method="l-bfgs-b").nit > 5


@pytest.mark.parametrize("method", WITHOUT)
def test_a_gradient_is_not_looked_at_by_methods_that_use_none(method):
    """Nor given to scipy, which would warn of it."""
    result = scipy_minimize(lambda point: (valley(point)[0], np.full(2, np.nan)), START, method=method)
    np.testing.assert_allclose(result.x, [1, 1], atol=0.02)


@pytest.mark.parametrize("method", ["L-BFGS-B", "TNC", "SLSQP", "BFGS", "trust-constr"])
def test_gradients_and_values_may_be_of_single_precision(method):
    seen = []

    def single(point):
        seen.append(point.dtype)
        value, gradient = valley(point, np.float32)
        return np.float32(value), gradient

    result = scipy_minimize(single, START.astype(np.float32), method=method, tol=1e-5)
    np.testing.assert_allclose(result.x, [1, 1], atol=0.05)
    assert set(seen) == {np.dtype(np.float64)}


@pytest.mark.parametrize("method", ["Nelder-Mead", "L-BFGS-B", "TNC", "SLSQP", "COBYLA"])
def test_points_are_of_single_precision_if_asked_for_and_the_method_can(method):
    result = scipy_minimize(valley, START, dtype=np.float32, method=method)
    np.testing.assert_allclose(result.x, [1, 1], atol=0.02)
    assert result.x.dtype == (np.float32 if method == "Nelder-Mead" else np.float64)


@pytest.mark.parametrize("method", ["L-BFGS-B", "TNC", "SLSQP"])
def test_value_and_gradient_are_computed_together(method):
    calls = []
    result = scipy_minimize(lambda point: (calls.append(tuple(point)), valley(point))[1], START, method=method)
    assert len(calls) == result.nfev
    assert all(calls[i] != calls[i + 1] for i in range(len(calls) - 1))


def test_second_derivatives_are_passed_on():
    result = scipy_minimize(valley, START, method="trust-exact", hess=curvature)
    np.testing.assert_allclose(result.x, [1, 1], atol=1e-3)
    assert result.nhev > 3


def test_bounds_tolerance_and_constraints_are_passed_on():
    assert scipy_minimize(valley, START, bounds=Bounds(-2, 0.5)).x[0] == 0.5
    assert (
        scipy_minimize(valley, START, method="BFGS", tol=1.0).nit
        < scipy_minimize(valley, START, method="BFGS").nit / 1.5
    )
    floor = {"type": "ineq", "fun": lambda point: point[1] - 2}
    assert scipy_minimize(valley, START, method="SLSQP", constraints=[floor]).x[1] == pytest.approx(2)


@pytest.mark.parametrize("method", ["L-BFGS-B", "BFGS", "SLSQP", "Nelder-Mead", "trust-constr"])
def test_maxiter_limits_the_iterations(method):
    assert scipy_minimize(valley, START, method=method, options={"maxiter": 4}).nit in (4, 5)


def test_maxiter_limits_evaluations_of_tnc_which_knows_no_other_limit():
    assert scipy_minimize(valley, START, method="TNC", options={"maxiter": 6}).nfev in (6, 7)
    assert scipy_minimize(valley, START, method="tnc", options={"maxiter": 100, "maxfun": 6}).nfev in (6, 7)


@pytest.mark.parametrize("method", ["L-BFGS-B", "TNC"])
def test_options_are_left_as_they_were(method):
    options = {"maxiter": 5, "disp": False, "iprint": -1} if method == "L-BFGS-B" else {"maxiter": 5}
    before = dict(options)
    scipy_minimize(valley, START, method=method, options=options)
    assert options == before


LINE = re.compile(r"iteration (\d+)  evaluations (\d+)  f (\d\.\d{6}e[+-]\d\d)  max \|g\| (\d\.\d{3}e[+-]\d\d)")


def printed(capfd, **options):
    """The numbers of each line that a search printed, and its result."""
    result = scipy_minimize(valley, START, options=options)
    lines = capfd.readouterr().out.splitlines()
    return [tuple(map(float, LINE.fullmatch(line).groups())) for line in lines], result


@pytest.mark.parametrize("options", [{"disp": True}, {"disp": 1}, {"iprint": 1}, {"iprint": 99}, {"iprint": 101}])
def test_lbfgsb_prints_a_line_an_iteration(capfd, options):
    lines, result = printed(capfd, **options)
    assert [line[0] for line in lines] == list(range(1, result.nit + 1))
    assert all(a[1] < b[1] and a[2] > b[2] for a, b in itertools.pairwise(lines))
    assert lines[-1][1:3] == (result.nfev, pytest.approx(result.fun, rel=1e-6))
    assert lines[-1][3] == pytest.approx(np.abs(result.jac).max(), rel=1e-3)


@pytest.mark.parametrize("options", [{"iprint": 3}, {"disp": 3}, {"disp": 3, "iprint": 1}])
def test_lbfgsb_prints_a_line_every_few_iterations(capfd, options):
    lines, result = printed(capfd, **options)
    assert [line[0] for line in lines] == list(range(3, result.nit + 1, 3))


@pytest.mark.parametrize(
    "options", [{}, {"disp": None}, {"disp": False}, {"iprint": -1}, {"iprint": 0}, {"disp": 0, "iprint": 1}]
)
def test_lbfgsb_is_silent_unless_asked(capfd, options):
    assert printed(capfd, **options)[0] == []


def test_printing_computes_nothing(capfd):
    quiet = printed(capfd)[1]
    lines, loud = printed(capfd, disp=True)
    assert len(lines) == loud.nit == quiet.nit
    assert loud.nfev == quiet.nfev
    np.testing.assert_array_equal(loud.x, quiet.x)


def test_lines_are_printed_beside_a_callback(capfd):
    points = []
    scipy_minimize(valley, START, options={"disp": True}, callback=lambda point: points.append(point.copy()))
    assert len(capfd.readouterr().out.splitlines()) == len(points) > 5


@pytest.mark.parametrize("method", WITH_GRADIENT + WITHOUT)
def test_the_callback_gets_the_points(method):
    points = []
    result = scipy_minimize(valley, START, method=method, callback=lambda point: points.append(np.array(point)))
    assert len(points) > 3 and {point.shape for point in points} == {(2,)}
    heights = [valley(point)[0] for point in points]
    assert min(heights) == pytest.approx(result.fun, abs=1e-3)
    assert heights[-1] < heights[0]


@pytest.mark.parametrize("method", ["L-BFGS-B", "BFGS", "CG", "Newton-CG", "Nelder-Mead", "Powell", "trust-constr"])
def test_stop_iteration_stops(method):
    points = []

    def third(point):
        points.append(np.array(point))
        if len(points) == 3:
            raise StopIteration

    result = scipy_minimize(valley, START, method=method, callback=third)
    assert len(points) == 3
    np.testing.assert_array_equal(result.x, points[-1])


@pytest.mark.parametrize("method", ["L-BFGS-B", "SLSQP", "TNC", "Nelder-Mead"])
def test_other_errors_of_the_function_and_the_callback_come_through(method):
    def fail(point):
        raise ArithmeticError("mine")

    with pytest.raises(ArithmeticError, match="mine"):
        scipy_minimize(fail, START, method=method)
    with pytest.raises(ArithmeticError, match="mine"):
        scipy_minimize(valley, START, method=method, callback=fail)


def test_the_method_may_be_a_function():
    given = {}

    def descent(function, start, args=(), jac=None, callback=None, steps=10, **others):
        given.update(others)
        point = start
        for _ in range(steps):
            point = point - 0.01 * jac(point)
            callback(point)
        return OptimizeResult(x=point, fun=function(point), nit=steps)

    points, options = [], {"steps": 4}
    result = scipy_minimize(valley, START, method=descent, options=options, callback=points.append)
    assert len(points) == result.nit == 4
    np.testing.assert_array_equal(points[-1], result.x)
    np.testing.assert_allclose(points[0], START - 0.01 * valley(START)[1])
    assert result.fun == valley(result.x)[0] < valley(START)[0]
    assert "disp" not in given and options == {"steps": 4}


@pytest.mark.parametrize("method", ["TNC", "SLSQP", "COBYLA"])
def test_stop_iteration_stops_where_scipy_knows_nothing_of_it(method):
    """At its side, TNC lets it pass; others do in older versions."""
    points = []

    def third(point):
        points.append(np.array(point))
        if len(points) == 3:
            raise StopIteration

    result = scipy_minimize(valley, START, method=method, callback=third)
    assert len(points) == 3 and not result.success
    assert result.fun == pytest.approx(valley(result.x)[0])
