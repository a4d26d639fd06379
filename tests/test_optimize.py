"""The search and its supervisor, on functions whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.errors import SearchError
from nstgraph.objective import Values
from nstgraph.optimize import Search

SHAPE = (1, 6, 7, 3)
TARGET = np.random.default_rng(0).uniform(20, 230, SHAPE).astype(np.float32)
START = np.full(SHAPE, 128, np.float32)


def bowl(image):
    """A stretched quadratic around TARGET."""
    stretch = np.linspace(1, 30, TARGET.size).reshape(SHAPE)
    difference = image.astype(np.float64) - TARGET
    loss = float((stretch * difference**2).mean())
    return Values(loss, {"bowl": loss}, (2 * stretch * difference / difference.size).astype(np.float32))


def run(evaluate, steps=60, start=START, **options):
    search = Search(evaluate, start, steps, **options)
    search.run()
    return search


def test_it_finds_the_minimum_and_records_every_step():
    search = run(bowl, history=20)
    assert search.best < 1e-4 * bowl(START).total
    assert np.abs(search.image - TARGET).max() < 2
    assert [step.step for step in search.steps] == list(range(1, len(search.steps) + 1))
    assert search.steps[0].total > search.steps[-1].total
    assert search.steps[-1].terms == {"bowl": search.steps[-1].total}
    assert (search.steps[0].height, search.steps[0].width) == SHAPE[1:3]
    assert all(a.evaluations < b.evaluations for a, b in zip(search.steps, search.steps[1:], strict=False))
    assert search.steps[-1].done == pytest.approx(len(search.steps) / 60)


@pytest.mark.parametrize("factor", [1e-9, 1.0, 1e9])
def test_the_scale_of_the_loss_does_not_matter(factor):
    """A mean-normalised loss on 0..255 stops scipy at once with its own tolerances."""

    def scaled(image):
        values = bowl(image)
        return Values(values.total * factor, values.terms, values.gradient * np.float32(factor))

    search = run(scaled, steps=20)
    assert len(search.steps) == 20
    assert search.best / factor == pytest.approx(run(bowl, steps=20).best, rel=0.2)


def test_nothing_is_evaluated_for_the_record():
    calls = []

    def counted(image):
        calls.append(image)
        return bowl(image)

    search = run(counted, steps=10, callback=lambda step, image: None)
    assert search.evaluations == len(calls)
    assert len(calls) == search.steps[-1].evaluations
    # The starting image, too, is evaluated once.
    assert sum(np.array_equal(image, START) for image in calls) == 1


def test_the_callback_sees_the_step_and_its_image():
    seen = []
    search = run(bowl, steps=5, callback=lambda step, image: seen.append((step, image)))
    assert [step for step, _ in seen] == search.steps
    for step, image in seen:
        assert bowl(image).total == pytest.approx(step.total)


def test_the_callback_can_stop_the_search():
    def stop(step, image):
        if step.step == 3:
            raise StopIteration

    search = run(bowl, callback=stop)
    assert len(search.steps) == 3
    assert search.stopped
    assert search.reason == "stopped by the callback"


def test_bounds_keep_pixels_in_range():
    def outward(image):
        difference = image.astype(np.float64) - 400
        loss = float((difference**2).mean())
        return Values(loss, {"outward": loss}, (2 * difference / difference.size).astype(np.float32))

    assert run(outward, steps=30).image.max() > 300
    bounded = run(outward, steps=30, bounds=True)
    assert bounded.image.max() == pytest.approx(255)
    assert bounded.image.min() >= 0


@pytest.mark.parametrize("broken", ["total", "gradient"])
def test_a_nan_restarts_from_the_best_image(broken):
    calls = 0

    def sometimes(image):
        nonlocal calls
        calls += 1
        values = bowl(image)
        if calls != 12:
            return values
        if broken == "total":
            return Values(float("nan"), {"bowl": float("nan")}, values.gradient)
        return Values(values.total, values.terms, values.gradient * np.float32("nan"))

    search = run(sometimes, steps=40)
    assert search.restarts == 1
    assert len(search.steps) == 40
    assert search.best < 0.01 * bowl(START).total
    assert np.isfinite(search.image).all()


def test_a_loss_that_is_always_nan_away_from_the_start_ends_the_search():
    def only_here(image):
        values = bowl(image)
        return values if np.array_equal(image, START) else Values(float("nan"), {}, values.gradient)

    search = run(only_here)
    assert search.reason == "stopped, as the loss became not a number,"
    np.testing.assert_array_equal(search.image, START)


def test_nan_at_the_start_is_an_error_that_names_the_term():
    bad = Values(float("nan"), {"fine": 1.0, "guilty": float("nan")}, np.zeros(SHAPE, np.float32))
    with pytest.raises(SearchError, match="loss term 'guilty' is not a number at the starting image"):
        run(lambda image: bad)


def test_a_stalled_line_search_restarts_and_then_gives_up():
    def wrong_gradient(image):
        values = bowl(image)
        close = values.total < 0.2 * bowl(START).total
        return Values(values.total, values.terms, -values.gradient if close else values.gradient)

    search = run(wrong_gradient)
    assert search.reason.startswith("stopped, as ")
    assert search.best < 0.2 * bowl(START).total
    assert search.best == pytest.approx(bowl(search.image).total)


def test_at_the_minimum_there_is_nothing_to_do():
    search = run(bowl, start=TARGET)
    assert search.steps == []
    assert search.reason.startswith("stopped, as ")
    np.testing.assert_array_equal(search.image, TARGET)


def test_the_best_image_survives_an_exception():
    calls = 0

    def interrupted(image):
        nonlocal calls
        calls += 1
        if calls > 8:
            raise KeyboardInterrupt
        return bowl(image)

    search = Search(interrupted, START, 50)
    with pytest.raises(KeyboardInterrupt):
        search.run()
    assert search.best < bowl(START).total
    assert search.best == pytest.approx(bowl(search.image).total)
