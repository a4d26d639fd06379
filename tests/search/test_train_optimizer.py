"""The rules of tf.train, beside the same in numpy and float64."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from nstgraph.search.optimizer import as_optimizer
from nstgraph.search.optimizer_kinds import KINDS
from nstgraph.search.train_optimizer import TrainOptimizer

CURVATURES = np.linspace(0.5, 30, 40)
START = np.random.default_rng(0).uniform(20, 230, 40).astype(np.float32)
GOAL = np.random.default_rng(1).uniform(20, 230, 40)

#: For each of TensorFlow's optimisers, what lowers `loss` from 40 unknowns in five steps.
RATES = {
    "adam": "learning_rate=5", "rmsprop": "learning_rate=5", "gradientdescent": "learning_rate=0.02",
    "momentum": "learning_rate=0.01,momentum=0.5", "adagrad": "learning_rate=20", "adadelta": "learning_rate=50000",
    "ftrl": "learning_rate=20", "proximalgradientdescent": "learning_rate=0.02",
    "proximaladagrad": "learning_rate=20", "adagradda": "learning_rate=20",
}  # fmt: skip


def loss(point):
    return float((CURVATURES * (point - GOAL) ** 2).sum() / 2)


def gradient(point):
    return CURVATURES * (point - GOAL)


def points(text, steps, **options):
    point, found = START, []
    with TrainOptimizer(as_optimizer(text), START, **options) as rule:
        for _ in range(steps):
            point = rule.step(gradient(point).astype(np.float32))
            found.append(point)
    return found


def sgd(steps, rate):
    x = START.astype(np.float64)
    for _ in range(steps):
        x = x - rate * gradient(x)
        yield x


def momentum(steps, rate, share, nesterov=False):
    x, velocity = START.astype(np.float64), np.zeros(40)
    for _ in range(steps):
        slope = gradient(x)
        velocity = share * velocity + slope
        x = x - rate * (slope + share * velocity if nesterov else velocity)
        yield x


def adam(steps, rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Kingma & Ba, algorithm 1, in the order of the remark at the end of section 2, as TensorFlow computes it."""
    x, mean, square = START.astype(np.float64), np.zeros(40), np.zeros(40)
    for number in range(1, steps + 1):
        slope = gradient(x)
        mean = beta1 * mean + (1 - beta1) * slope
        square = beta2 * square + (1 - beta2) * slope**2
        corrected = rate * np.sqrt(1 - beta2**number) / (1 - beta1**number)
        x = x - corrected * mean / (np.sqrt(square) + epsilon)
        yield x


def rmsprop(steps, rate, decay=0.9, epsilon=1e-10, centered=False):
    x, square, mean = START.astype(np.float64), np.ones(40), np.zeros(40)
    for _ in range(steps):
        slope = gradient(x)
        square = decay * square + (1 - decay) * slope**2
        mean = decay * mean + (1 - decay) * slope
        x = x - rate * slope / np.sqrt(square - centered * mean**2 + epsilon)
        yield x


def adagrad(steps, rate, total=0.1):
    x, total = START.astype(np.float64), np.full(40, total)
    for _ in range(steps):
        total = total + gradient(x) ** 2
        x = x - rate * gradient(x) / np.sqrt(total)
        yield x


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gradientdescent:learning_rate=0.02", sgd(60, 0.02)),
        ("momentum:learning_rate=0.01,momentum=0.8", momentum(60, 0.01, 0.8)),
        ("momentum:learning_rate=0.01,momentum=0.8,use_nesterov=true", momentum(60, 0.01, 0.8, True)),
        ("adam:learning_rate=5", adam(60, 5)),
        ("adam:learning_rate=2,beta1=0.99,epsilon=0.1", adam(60, 2, beta1=0.99, epsilon=0.1)),
        ("rmsprop:learning_rate=3,decay=0.8", rmsprop(10, 3, 0.8)),
        ("rmsprop:learning_rate=0.4,decay=0.5,centered=true", rmsprop(6, 0.4, 0.5, centered=True)),
        ("adagrad:learning_rate=20,initial_accumulator_value=5", adagrad(60, 20, 5)),
        # With neither a power nor a pull of their own, these are Adagrad and gradient descent in other words.
        ("ftrl:learning_rate=20,initial_accumulator_value=5", adagrad(60, 20, 5)),
        ("proximaladagrad:learning_rate=20,initial_accumulator_value=5", adagrad(60, 20, 5)),
        ("proximalgradientdescent:learning_rate=0.02", sgd(60, 0.02)),
    ],
)
def test_iterates_are_those_of_the_formula(text, expected):
    expected = list(expected)
    for point, other in zip(points(text, len(expected)), expected, strict=True):
        np.testing.assert_allclose(point, other, rtol=1e-4)
    assert loss(expected[-1]) < 0.9 * loss(START)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.train])
def test_five_steps_lower_the_loss(name):
    losses = [loss(point) for point in points(f"{name}:{RATES[name]}", 5)]
    assert all(later < earlier for earlier, later in itertools.pairwise([loss(START), *losses]))
    assert losses[-1] < 0.9 * loss(START)


@pytest.mark.parametrize("name", ["ftrl", "proximaladagrad", "proximalgradientdescent", "adagradda"])
@pytest.mark.parametrize("pull", ["l1=3000", "l2=30"])
def test_a_pull_is_towards_the_start(name, pull):
    """Rather than to 0, which would be black."""
    kind, strength = pull.split("=")
    free = points(f"{name}:{RATES[name]}", 20)[-1]
    pulled = points(f"{name}:{RATES[name]},{kind}_regularization_strength={strength}", 20)[-1]
    moved, freely = (np.abs(point - START).mean() for point in (pulled, free))
    assert moved < 0.9 * freely and moved < np.abs(pulled).mean() / 2


def test_a_pixel_that_does_not_matter_stays():
    with TrainOptimizer(as_optimizer("ftrl:learning_rate=5"), START) as rule:
        point = rule.step(np.zeros(40, np.float32))
    np.testing.assert_array_equal(point, START)


def test_the_rate_has_a_factor():
    half, same = points("adam:learning_rate=8", 9, rate=0.5), points("adam:learning_rate=4", 9)
    np.testing.assert_array_equal(half[-1], same[-1])


def test_bounds_are_kept_after_every_step():
    """And what was cut off does not come back."""
    up, down = np.full(40, -1, np.float32), np.full(40, 1, np.float32)
    with TrainOptimizer(as_optimizer("gradientdescent:learning_rate=100"), START, bounds=(0, 255)) as rule:
        tops = [rule.step(up) for _ in range(4)]
        after = rule.step(down)
    assert all(top.min() >= 0 and top.max() <= 255 for top in tops) and (tops[-1] == 255).all()
    np.testing.assert_allclose(after, 155, rtol=1e-6)


def test_steps_far_smaller_than_the_numbers_of_a_picture_are_not_lost():
    with TrainOptimizer(as_optimizer("gradientdescent:learning_rate=1e-6"), START) as rule:
        for _ in range(1000):
            point = rule.step(np.full(40, -1, np.float32))
    np.testing.assert_allclose(point - START.astype(np.float64), 1e-3, atol=2e-5)


def test_what_it_was_given_is_left_alone_and_what_it_gave_stays():
    start, slope = START.copy(), gradient(START).astype(np.float32)
    kept = slope.copy()
    with TrainOptimizer(as_optimizer("adam"), start) as rule:
        first = rule.step(slope)
        copy = first.copy()
        second = rule.step(slope)
    np.testing.assert_array_equal(start, START)
    np.testing.assert_array_equal(slope, kept)
    np.testing.assert_array_equal(first, copy)
    assert (first != second).all() and first.dtype == second.dtype == np.float32
