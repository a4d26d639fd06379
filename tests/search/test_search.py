"""The search and its supervisor, on functions whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.arrays import Values
from nstgraph.errors import LossError, SearchError
from nstgraph.search.search import Search

SHAPE = (1, 6, 7, 3)
TARGET = np.random.default_rng(0).uniform(20, 230, SHAPE).astype(np.float32)
START = np.full(SHAPE, 128, np.float32)


def bowl(image):
    """A stretched quadratic around TARGET."""
    stretch = np.linspace(1, 30, TARGET.size).reshape(SHAPE)
    difference = image.astype(np.float64) - TARGET
    loss = float((stretch * difference**2).mean())
    return Values(loss, {"bowl": loss}, (2 * stretch * difference / difference.size).astype(np.float32))


@pytest.fixture(params=["lbfgsb", "lbfgs"])
def optimizer(request):
    return request.param


def run(evaluate, steps=60, start=START, **options):
    search = Search(evaluate, start, steps, **options)
    search.run()
    return search


def test_it_finds_the_minimum_and_records_every_step(optimizer):
    search = run(bowl, history=20, optimizer=optimizer)
    assert search.best < 1e-4 * bowl(START).total
    assert np.abs(search.image - TARGET).max() < 2
    assert [step.step for step in search.steps] == list(range(1, len(search.steps) + 1))
    assert search.steps[0].total > search.steps[-1].total
    assert search.steps[-1].terms == {"bowl": search.steps[-1].total}
    assert (search.steps[0].height, search.steps[0].width) == SHAPE[1:3]
    assert all(a.evaluations < b.evaluations for a, b in zip(search.steps, search.steps[1:], strict=False))
    assert search.steps[-1].done == pytest.approx(len(search.steps) / 60)


@pytest.mark.parametrize("factor", [1e-9, 1.0, 1e9])
def test_the_scale_of_the_loss_does_not_matter(factor, optimizer):
    """A mean-normalised loss on 0..255 stops scipy at once with its own tolerances."""

    def scaled(image):
        values = bowl(image)
        return Values(values.total * factor, values.terms, values.gradient * np.float32(factor))

    search = run(scaled, steps=20, optimizer=optimizer)
    assert len(search.steps) == 20
    assert search.best / factor == pytest.approx(run(bowl, steps=20, optimizer=optimizer).best, rel=0.2)


@pytest.mark.parametrize("start", [START, np.random.default_rng(1).uniform(0, 255, SHAPE).astype(np.float32)])
def test_nothing_is_evaluated_for_the_record_and_nothing_twice(optimizer, start):
    calls = []

    def counted(image):
        calls.append(image)
        return bowl(image)

    search = run(counted, steps=10, start=start, optimizer=optimizer, callback=lambda step, image: None)
    assert search.evaluations == len(calls)
    assert len(calls) == search.steps[-1].evaluations
    # The starting image, too, is evaluated once, and not again as another that differs in the last bit.
    assert sum(np.abs(image - start).max() < 0.01 for image in calls) == 1


def test_the_first_trial_moves_pixels_by_about_two_grey_levels(optimizer):
    calls = []
    run(lambda image: (calls.append(image), bowl(image))[1], steps=1, optimizer=optimizer)
    moved = [float(np.sqrt(np.square(image - START).mean())) for image in calls]
    assert 1 < next(distance for distance in moved if distance > 0.01) < 4


def test_images_are_evaluated_in_float32(optimizer):
    kinds = set()
    run(lambda image: (kinds.add((image.dtype, image.shape)), bowl(image))[1], steps=10, optimizer=optimizer)
    assert kinds == {(np.dtype(np.float32), SHAPE)}


def test_a_longer_history_gets_further_in_as_many_steps(optimizer):
    short, long = (run(bowl, steps=30, history=history, optimizer=optimizer).best for history in (1, 20))
    assert long < short / 1.5


def test_the_callback_sees_the_step_and_its_image(optimizer):
    seen = []
    search = run(bowl, steps=5, optimizer=optimizer, callback=lambda step, image: seen.append((step, image)))
    assert [step for step, _ in seen] == search.steps
    for step, image in seen:
        assert bowl(image).total == pytest.approx(step.total)


def test_the_callback_can_stop_the_search(optimizer):
    def stop(step, image):
        if step.step == 3:
            raise StopIteration

    search = run(bowl, optimizer=optimizer, callback=stop)
    assert len(search.steps) == 3
    assert search.stopped and not search.stalled
    assert search.why == ""


def test_bounds_keep_pixels_in_range():
    def outward(image):
        difference = image.astype(np.float64) - 400
        loss = float((difference**2).mean())
        return Values(loss, {"outward": loss}, (2 * difference / difference.size).astype(np.float32))

    assert run(outward, steps=30).image.max() > 300
    bounded = run(outward, steps=30, bounds=True)
    assert bounded.image.max() == pytest.approx(255)
    assert bounded.image.min() >= 0


@pytest.mark.parametrize("broken", ["total", "gradient", "opposite infinities"])
def test_a_nan_restarts_from_the_best_image(broken, optimizer):
    calls = 0

    def sometimes(image):
        nonlocal calls
        calls += 1
        values = bowl(image)
        if calls != 12:
            return values
        if broken == "total":
            return Values(float("nan"), {"bowl": float("nan")}, values.gradient)
        if broken == "gradient":
            return Values(values.total, values.terms, values.gradient * np.float32("nan"))
        return Values(values.total, values.terms, np.copysign(np.float32("inf"), values.gradient))

    search = run(sometimes, steps=40, optimizer=optimizer)
    assert search.restarts == 1
    assert len(search.steps) == 40
    assert search.best < 0.01 * bowl(START).total
    assert np.isfinite(search.image).all()


def test_a_loss_that_is_always_nan_away_from_the_start_ends_the_search(optimizer):
    def only_here(image):
        values = bowl(image)
        return values if np.array_equal(image, START) else Values(float("nan"), {}, values.gradient)

    search = run(only_here, optimizer=optimizer)
    assert search.stalled
    assert search.why == "the loss became not a number"
    np.testing.assert_array_equal(search.image, START)


@pytest.mark.parametrize(
    ("terms", "slope", "culprit"),
    [
        ({"fine": 1.0, "guilty": np.nan}, 1.0, "loss term 'guilty'"),
        ({"guilty": np.inf, "fine": 1.0, "worse": -np.inf}, 1.0, "loss term 'guilty' (and 'worse')"),
        ({"fine": 1.0}, np.nan, "the gradient"),
    ],
    ids=str,
)
def test_what_became_not_a_number_is_named_and_the_best_image_stays(optimizer, terms, slope, culprit):
    seen = []

    def later(image):
        values = bowl(image)
        if values.total > 0.5 * bowl(START).total:
            seen.append((values.total, image))
            return values
        return Values(sum(terms.values()), terms, values.gradient * np.float32(slope))

    search = run(later, optimizer=optimizer)
    assert search.stalled
    assert search.why == f"{culprit} became not a number"
    assert len(search.steps) > 0
    total, image = min(seen, key=lambda pair: pair[0])
    np.testing.assert_array_equal(search.image, image)
    assert search.best == total


def test_nan_at_the_start_is_an_error_that_names_the_term():
    bad = Values(float("nan"), {"fine": 1.0, "guilty": float("nan")}, np.zeros(SHAPE, np.float32))
    with pytest.raises(SearchError, match="loss term 'guilty' is not a number at the starting image"):
        run(lambda image: bad)


def test_a_gradient_that_is_not_a_number_at_the_start_is_told_apart():
    values = Values(1.0, {"fine": 1.0}, np.full(SHAPE, np.nan, np.float32))
    with pytest.raises(
        SearchError, match="the gradient is not a number at the starting image; no term may have a root"
    ):
        run(lambda image: values)


def test_a_stalled_line_search_restarts_and_then_gives_up(optimizer):
    def wrong_gradient(image):
        values = bowl(image)
        close = values.total < 0.2 * bowl(START).total
        return Values(values.total, values.terms, -values.gradient if close else values.gradient)

    search = run(wrong_gradient, optimizer=optimizer)
    assert search.stalled and not search.stopped
    assert search.restarts >= 1
    assert search.why in ("the line search found no lower loss", "the loss no longer falls")
    assert search.best < 0.2 * bowl(START).total
    assert search.best == pytest.approx(bowl(search.image).total)


def test_a_loss_below_zero_that_falls_no_more_ends_the_search(optimizer):
    """A share of what is lowered must not be taken from a negative number."""
    calls = 0

    def sunken(image):
        nonlocal calls
        calls += 1
        assert calls < 2000, "the search goes on for ever"
        values = bowl(image)
        return Values(values.total - 1000, {"bowl": values.total - 1000}, values.gradient)

    search = run(sunken, steps=10_000, optimizer=optimizer)
    assert search.stalled
    assert search.best == pytest.approx(-1000)


def test_at_the_minimum_there_is_nothing_to_do(optimizer):
    search = run(bowl, start=TARGET, optimizer=optimizer)
    assert search.steps == [] and search.evaluations == 1
    assert search.stalled
    assert search.why == "the starting image is already a minimum of the loss"
    np.testing.assert_array_equal(search.image, TARGET)


def test_the_best_image_survives_an_exception(optimizer):
    calls = 0

    def interrupted(image):
        nonlocal calls
        calls += 1
        if calls > 8:
            raise KeyboardInterrupt
        return bowl(image)

    search = Search(interrupted, START, 50, optimizer=optimizer)
    with pytest.raises(KeyboardInterrupt):
        search.run()
    assert search.best < bowl(START).total
    assert search.best == pytest.approx(bowl(search.image).total)


def linear(image):
    loss = -float(image.mean(dtype=np.float64))
    return Values(loss, {"linear": loss}, np.full(SHAPE, -1 / image.size, np.float32))


def concave(image):
    loss = -float(np.square(image, dtype=np.float64).mean())
    return Values(loss, {"concave": loss}, -image / np.float32(image.size / 2))


@pytest.mark.parametrize("falling", [linear, concave])
def test_a_loss_without_a_minimum_ends_the_search_and_says_so(falling, optimizer):
    search = run(falling, optimizer=optimizer)
    assert search.why == "the loss falls without end, so it has no minimum"
    assert not search.stalled and not search.stopped
    assert search.evaluations < 80 and search.restarts <= 1
    assert np.isfinite(search.image).all() and search.best < falling(START).total


def test_the_callback_cannot_change_the_best_image(optimizer):
    def meddle(step, image):
        with pytest.raises(ValueError, match="read-only"):
            image[:] = 0

    search = run(bowl, steps=8, optimizer=optimizer, callback=meddle)
    assert len(search.steps) == 8 and search.best == pytest.approx(bowl(search.image).total)


class Weighed:
    """A pull to 20 and one to 200, each with a weight."""

    def __init__(self):
        self.weights = {"dark": 1.0, "light": 1.0}

    def weigh(self, weights):
        self.weights.update(weights)

    def __call__(self, image):
        pulls = {"dark": image.astype(np.float64) - 20, "light": image.astype(np.float64) - 200}
        terms = {label: self.weights[label] * float((pull**2).mean()) for label, pull in pulls.items()}
        slope = sum(self.weights[label] * pull for label, pull in pulls.items())
        return Values(sum(terms.values()), terms, (2 * slope / image.size).astype(np.float32))


def test_weights_that_grow_at_each_step_cost_no_step(optimizer):
    """Each total is above the one before, which under one set of weights would end the search."""
    totals = []

    def callback(step, image):
        totals.append(step.total)
        return {"light": 1.5**step.step}

    evaluate = Weighed()
    search = run(evaluate, steps=12, optimizer=optimizer, callback=callback)
    assert len(search.steps) == 12 and not search.why and search.restarts == 0
    assert totals[-1] > totals[0] and evaluate.weights == {"dark": 1.0, "light": 1.5**12}
    middle = (20 + 1.5**11 * 200) / (1 + 1.5**11)
    assert np.abs(search.image - middle).max() < 25 < np.abs(START - middle).max()
    assert search.best == pytest.approx(search.steps[-1].total)


def test_nothing_and_no_weights_change_nothing(optimizer):
    plain = run(Weighed(), steps=3, optimizer=optimizer)
    for nothing in (None, {}):
        search = run(Weighed(), steps=3, optimizer=optimizer, callback=lambda step, image, nothing=nothing: nothing)
        assert np.array_equal(search.image, plain.image) and search.evaluations == plain.evaluations


@pytest.mark.parametrize(
    ("evaluate", "returned", "message"),
    [
        (Weighed(), 3, "the callback returned 3; return new weights by label, or nothing"),
        (bowl, {"bowl": 2.0}, "only an Evaluator can change"),
    ],
)
def test_what_is_no_weight_is_refused(evaluate, returned, message, optimizer):
    with pytest.raises(LossError, match=message):
        run(evaluate, steps=3, optimizer=optimizer, callback=lambda step, image: returned)
