"""The float32 optimiser, on functions whose minimum is known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.optimize

from nstgraph.search.lbfgs import UNBOUNDED, Corrections, lbfgs

CURVATURES = np.linspace(1, 100, 50, dtype=np.float32)


def quadratic(x):
    return float((CURVATURES * x * x).sum() / 2), CURVATURES * x


def rosenbrock(x):
    """Chained, of as many dimensions as ``x`` has; 0 at (1, 1, ...)."""
    point = x.astype(np.float64)
    return float(scipy.optimize.rosen(point)), scipy.optimize.rosen_der(point).astype(np.float32)


def cosines(x):
    """Smooth and not quadratic, with one minimum within reach and a value that is not 0 there."""
    return float(np.sum(x * x / 2 - np.cos(x) + x, dtype=np.float64)), x + np.sin(x) + np.float32(1)


def absolute(x):
    """Has a kink wherever an unknown is 0, above all at the minimum."""
    weights = np.linspace(1, 5, x.size, dtype=np.float32)
    return float((weights * np.abs(x)).sum()), weights * np.sign(x)


class Recorded:
    """Runs `lbfgs` and keeps every point that the function was asked for, and every step."""

    def __init__(self, function, start, corrections=10, iterations=2000, callback=None):
        self.points, self.values, self.steps = [], [], []
        self._function = function
        self._callback = callback
        start = np.asarray(start, np.float32)
        self.reason = lbfgs(self._evaluate, start, corrections=corrections, iterations=iterations, callback=self._step)

    def _evaluate(self, x):
        value, gradient = self._function(x)
        self.points.append(x)
        self.values.append(value)
        return value, gradient

    def _step(self):
        self.steps.append((self.points[-1], self.values[-1]))
        if self._callback is not None:
            self._callback(self)


@pytest.mark.parametrize("corrections", [1, 3, 10])
def test_it_reaches_the_minimum_of_a_quadratic(corrections):
    run = Recorded(quadratic, np.ones(50), corrections)
    assert np.abs(run.points[-1]).max() < 1e-6
    assert run.steps[-1][1] < 1e-12 * run.values[0]


@pytest.mark.parametrize("corrections", [1, 3, 10])
@pytest.mark.parametrize(
    "start", [[-1.2, 1.0], np.zeros(100), np.full(100, -1.2), np.tile([-1.2, 1.0], 50)], ids=["2-d", "0", "-1.2", "mix"]
)
def test_it_reaches_the_minimum_of_rosenbrocks_valley(corrections, start):
    run = Recorded(rosenbrock, start, corrections)
    point, value = run.steps[-1]
    assert np.abs(point - 1).max() < 1e-3
    assert value < 1e-6


def test_it_finds_the_same_minimum_as_scipy():
    start = np.random.default_rng(0).uniform(-3, 3, 200).astype(np.float32)
    run = Recorded(cosines, start)
    point, value = run.steps[-1]
    other = scipy.optimize.minimize(cosines, start.astype(np.float64), jac=True, method="L-BFGS-B")
    assert other.fun < cosines(start)[0] - 100  # there was something to do
    assert value == pytest.approx(other.fun, rel=1e-5)
    np.testing.assert_allclose(point, other.x, atol=1e-3)


@pytest.mark.parametrize("unknowns", [1, 2, 10, 50])
def test_kinks_do_not_stop_it(unknowns):
    run = Recorded(absolute, np.random.default_rng(0).uniform(-3, 3, unknowns))
    assert run.steps[-1][1] < 0.01 * run.values[0]


@pytest.mark.parametrize("function", [quadratic, cosines, absolute])
@pytest.mark.parametrize("corrections", [1, 10])
def test_every_step_lowers_the_loss(function, corrections):
    run = Recorded(function, np.linspace(-2, 3, 50), corrections, iterations=60)
    values = [run.values[0], *(value for _, value in run.steps)]
    assert len(values) > 5
    assert all(later < earlier for earlier, later in itertools.pairwise(values))


@pytest.mark.parametrize("start", [np.full(50, 3.0), np.full(50, 1e-4), np.linspace(-9, 9, 50)])
def test_the_first_trial_goes_downhill_by_a_length_of_one(start):
    run = Recorded(quadratic, start, iterations=1)
    first = run.points[1] - run.points[0]
    assert np.linalg.norm(first) == pytest.approx(1, rel=1e-4)
    steepest = -quadratic(run.points[0])[1]
    np.testing.assert_allclose(first, steepest / np.linalg.norm(steepest), atol=1e-5)


def test_later_trials_start_with_the_whole_quasi_newton_step():
    """Near the minimum of a quadratic, where the memory knows all curvatures, that is what gets there."""

    def two(x):
        return float(2 * x[0] ** 2 + x[1] ** 2 / 2), np.array([4 * x[0], x[1]], np.float32)

    run = Recorded(two, [3, -2], iterations=12)
    assert len(run.points) - 1 <= len(run.steps) + 4
    assert run.steps[-1][1] < 1e-8


def test_the_function_sees_float32_only():
    kinds = set()

    def look(x):
        kinds.add((type(x), x.dtype, x.shape))
        value, gradient = rosenbrock(x)
        return value, gradient

    Recorded(look, [-1.2, 1.0])
    assert kinds == {(np.ndarray, np.dtype(np.float32), (2,))}


def test_points_that_the_function_was_given_are_left_alone():
    start = np.full(50, 2, np.float32)
    copies = []
    run = Recorded(lambda x: (copies.append(x.copy()), quadratic(x))[1], start, iterations=20)
    assert (start == 2).all()
    for point, copy in zip(run.points, copies, strict=True):
        np.testing.assert_array_equal(point, copy)


def test_the_callback_is_called_at_the_point_evaluated_last():
    """Each step goes on from the very point and value that its callback could see."""
    run = Recorded(quadratic, np.ones(50), iterations=30)
    assert len(run.steps) == 30
    for point, value in run.steps:
        assert value == quadratic(point)[0]
    assert run.points[-1] is run.steps[-1][0]
    assert run.steps[-1][1] == min(run.values)


def test_iterations_are_a_limit():
    run = Recorded(rosenbrock, np.zeros(100), iterations=7)
    assert len(run.steps) == 7
    assert run.reason == "all iterations are done"


def test_the_callback_can_end_the_search():
    def third(run):
        if len(run.steps) == 3:
            raise StopIteration

    run = Recorded(rosenbrock, np.zeros(100), callback=third)
    assert len(run.steps) == 3
    assert run.reason == "the callback stopped it"


def test_other_exceptions_of_the_callback_pass():
    def fail(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Recorded(quadratic, np.ones(50), callback=fail)


class NotANumber(Exception):
    pass


@pytest.mark.parametrize("number", [1, 2, 9])
def test_what_the_function_raises_on_a_nan_passes(number):
    calls = 0

    def fails(x):
        nonlocal calls
        calls += 1
        if calls == number:
            raise NotANumber
        return quadratic(x)

    with pytest.raises(NotANumber):
        Recorded(fails, np.ones(50))
    assert calls == number


def test_an_infinite_loss_is_stepped_back_from():
    def walled(x):
        value, gradient = quadratic(x)
        return (value, gradient) if x.max() < 2.1 and x.min() > -0.05 else (np.inf, gradient)

    run = Recorded(walled, np.full(50, 2))
    assert run.values.count(np.inf) > 0
    assert run.steps[-1][1] < 0.01 * run.values[0]


def test_at_the_minimum_it_takes_no_step():
    run = Recorded(quadratic, np.zeros(50))
    assert (run.steps, len(run.points)) == ([], 1)
    assert run.reason == "the gradient vanishes"


def test_it_gives_up_where_no_step_lowers_the_loss():
    run = Recorded(lambda x: (quadratic(x)[0], -quadratic(x)[1]), np.ones(50))
    assert run.steps == []
    assert run.reason == "the line search found no lower loss"
    assert len(run.points) < 50


@pytest.mark.parametrize("steepening", [0, 1])
def test_a_loss_without_a_minimum_ends_the_search_at_once(steepening):
    """Rather than by another search from each point that a hopeless one has reached."""

    def falling(x):
        return -float(np.sum(x + steepening * x * x, dtype=np.float64)), -1 - 2 * steepening * x

    run = Recorded(falling, np.ones(50), iterations=60)
    assert run.reason == UNBOUNDED
    assert len(run.points) < 50 and min(run.values) < -1e6


def test_a_pair_without_positive_curvature_is_dropped():
    memory = Corrections(3, 2)
    gradient = np.array([3, -4], np.float32)
    memory.add(np.array([1, 0], np.float32), np.array([-2, 5], np.float32))
    memory.add(np.array([1, 0], np.float32), np.array([0, 5], np.float32))
    assert memory.count == 0
    np.testing.assert_array_equal(memory.direction(gradient), -gradient)
    memory.add(np.array([1, 0], np.float32), np.array([2, 0], np.float32))
    before = memory.direction(gradient)
    memory.add(np.array([0, 1], np.float32), np.array([0, -1], np.float32))
    np.testing.assert_array_equal(memory.direction(gradient), before)
    assert before[0] == pytest.approx(-1.5)


@pytest.mark.parametrize("kept", [1, 3, 6])
def test_the_direction_is_that_of_the_bfgs_formula(kept):
    """Of all pairs, the last ones count, each an update of the dense inverse Hessian."""
    random = np.random.default_rng(kept)
    hessian = random.normal(size=(4, 4))
    hessian = hessian @ hessian.T + np.eye(4)
    memory = Corrections(kept, 4)
    pairs = [(step, hessian @ step) for step in random.normal(size=(6, 4))]
    for step, change in pairs:
        memory.add(step.astype(np.float32), change.astype(np.float32))
    step, change = pairs[-1]
    inverse = np.eye(4) * (step @ change) / (change @ change)
    for step, change in pairs[-kept:]:
        share = 1 / (step @ change)
        left = np.eye(4) - share * np.outer(step, change)
        inverse = left @ inverse @ left.T + share * np.outer(step, step)
    gradient = random.normal(size=4).astype(np.float32)
    expected = -inverse @ gradient
    unchanged = gradient.copy()
    np.testing.assert_allclose(memory.direction(gradient), expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_array_equal(gradient, unchanged)
