"""Descent by the gradient: which points are asked for, when it ends, and the mean of its iterates."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.search.gradient_descent import AVERAGE_EVERY, Average, descend
from nstgraph.search.optimizer import as_optimizer

CURVATURES = np.linspace(1, 20, 30, dtype=np.float32)
START = np.linspace(50, 200, 30, dtype=np.float32)
GOAL = np.float32(128)


def quadratic(x):
    return float((CURVATURES * (x - GOAL) ** 2).sum() / 2), CURVATURES * (x - GOAL)


class Recorded:
    """Runs `descend` and keeps every point that it asked for, and those at its callback."""

    def __init__(self, text, iterations, function=quadratic, callback=None, **options):
        self.points, self.iterates = [], []
        self._function, self._callback = function, callback
        self.reason = descend(
            self._evaluate, START, optimizer=as_optimizer(text), iterations=iterations, callback=self._step, **options
        )

    def _evaluate(self, x):
        self.points.append(x)
        return self._function(x)

    def _step(self):
        self.iterates.append(self.points[-1])
        if self._callback is not None:
            self._callback(self)


def test_it_asks_at_the_start_and_after_each_step():
    run = Recorded("adam:learning_rate=3", 25)
    assert run.reason == "all iterations are done"
    np.testing.assert_array_equal(run.points[0], START)
    assert len(run.points) == 26 and len(run.iterates) == 25
    assert all(a is b for a, b in zip(run.points[1:], run.iterates, strict=True))
    assert quadratic(run.points[-1])[0] < 0.1 * quadratic(START)[0]


def test_points_have_the_starts_type_and_stay_as_they_were():
    copies = []
    run = Recorded("adam:average=0.5", 12, lambda x: (copies.append(x.copy()), quadratic(x))[1])
    assert {(point.dtype, point.shape) for point in run.points} == {(np.dtype(np.float32), START.shape)}
    for point, copy in zip(run.points, copies, strict=True):
        np.testing.assert_array_equal(point, copy)


def test_a_loss_that_rises_ends_nothing():
    run = Recorded("gradientdescent:learning_rate=0.15", 20)
    assert len(run.iterates) == 20 and quadratic(run.points[-1])[0] > quadratic(START)[0]


def test_where_the_gradient_vanishes_there_is_nothing_to_do():
    run = Recorded("adam", 20, lambda x: (1.0, np.zeros_like(x)))
    assert (run.iterates, len(run.points), run.reason) == ([], 1, "the gradient vanishes")


def test_a_gradient_that_vanishes_on_the_way_ends_nothing():
    """A rule with momentum moves on."""
    run = Recorded("momentum:learning_rate=1,momentum=0.9", 5, lambda x: (1.0, np.float32(x is START) + 0 * x))
    assert len(run.iterates) == 5
    assert (run.iterates[-1] < run.iterates[0]).all()


@pytest.mark.parametrize("average", ["", ",average=0.5"])
def test_the_callback_can_end_it(average):
    def third(run):
        if len(run.iterates) == 3:
            raise StopIteration

    run = Recorded(f"adam:learning_rate=3{average}", 20, callback=third)
    assert len(run.iterates) == 3 and run.reason == "the callback stopped it"
    assert len(run.points) == (5 if average else 4)  # the start, three steps, and their mean


def test_other_exceptions_pass():
    def fail(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Recorded("adam", 5, callback=fail)


def test_bounds_are_kept():
    run = Recorded("adam:learning_rate=40", 30, bounds=(100.0, 150.0))
    assert all(point.min() >= 100 and point.max() <= 150 for point in run.points[1:])


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.9, 0.99])
def test_the_average_is_that_of_the_formula(decay):
    points = np.random.default_rng(0).uniform(0, 255, (50, 8)).astype(np.float32)
    average = Average(decay, 8)
    for number, point in enumerate(points, 1):
        average.add(point)
        weights = decay ** np.arange(number - 1, -1, -1.0)
        np.testing.assert_allclose(
            average.point, np.average(points[:number].astype(np.float64), axis=0, weights=weights), rtol=1e-5
        )


@pytest.mark.parametrize("iterations", [7, 10, 34])
def test_the_average_of_the_iterates_is_evaluated_now_and_then_and_at_the_end(iterations):
    run = Recorded("adam:learning_rate=3,average=0.8", iterations)
    assert len(run.iterates) == iterations
    averages = [point for point in run.points[1:] if not any(point is iterate for iterate in run.iterates)]
    ends = sorted({*range(AVERAGE_EVERY, iterations + 1, AVERAGE_EVERY), iterations})
    assert len(averages) == len(ends)
    for end, average in zip(ends, averages, strict=True):
        weights = 0.8 ** np.arange(end - 1, -1, -1.0)
        expected = np.average(np.array(run.iterates[:end], np.float64), axis=0, weights=weights)
        np.testing.assert_allclose(average, expected, rtol=1e-5)
    plain = Recorded("adam:learning_rate=3", iterations)
    np.testing.assert_array_equal(plain.iterates[-1], run.iterates[-1])  # which goes on as without


def test_the_average_is_nearer_to_the_minimum_than_iterates_that_go_to_and_fro():
    run = Recorded("adam:learning_rate=20,beta1=0.5,beta2=0.5,average=0.9", 200)
    average = quadratic(run.points[-1])[0]
    assert average < 0.2 * np.mean([quadratic(point)[0] for point in run.iterates[-20:]])
