"""The search and its supervisor, on functions whose minimum is known."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.arrays import Values
from nstgraph.errors import ConfigError, LossError, SearchError
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


QUASI_NEWTON = ["lbfgsb", "lbfgs"]


@pytest.fixture(params=QUASI_NEWTON)
def optimizer(request):
    return request.param


#: The same and one that follows the gradient, for what holds for all.
of_any_kind = pytest.mark.parametrize("optimizer", [*QUASI_NEWTON, "adam:learning_rate=5"])


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


@of_any_kind
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


@of_any_kind
def test_images_are_evaluated_in_float32(optimizer):
    kinds = set()
    run(lambda image: (kinds.add((image.dtype, image.shape)), bowl(image))[1], steps=10, optimizer=optimizer)
    assert kinds == {(np.dtype(np.float32), SHAPE)}


def test_a_longer_history_gets_further_in_as_many_steps(optimizer):
    short, long = (run(bowl, steps=30, history=history, optimizer=optimizer).best for history in (1, 20))
    assert long < short / 1.5


@of_any_kind
def test_the_callback_sees_the_step_and_its_image(optimizer):
    seen = []
    search = run(bowl, steps=5, optimizer=optimizer, callback=lambda step, image: seen.append((step, image)))
    assert [step for step, _ in seen] == search.steps
    for step, image in seen:
        assert bowl(image).total == pytest.approx(step.total)


@of_any_kind
def test_the_callback_can_stop_the_search(optimizer):
    def stop(step, image):
        if step.step == 3:
            raise StopIteration

    search = run(bowl, optimizer=optimizer, callback=stop)
    assert len(search.steps) == 3
    assert search.stopped and not search.stalled
    assert search.why == ""


def outward(image):
    difference = image.astype(np.float64) - 400
    loss = float((difference**2).mean())
    return Values(loss, {"outward": loss}, (2 * difference / difference.size).astype(np.float32))


def test_bounds_keep_pixels_in_range():
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


@of_any_kind
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


@of_any_kind
def test_at_the_minimum_there_is_nothing_to_do(optimizer):
    search = run(bowl, start=TARGET, optimizer=optimizer)
    assert search.steps == [] and search.evaluations == 1
    assert search.stalled
    assert search.why == "the starting image is already a minimum of the loss"
    np.testing.assert_array_equal(search.image, TARGET)


@of_any_kind
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


@of_any_kind
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


def test_adam_goes_on_under_other_weights_without_forgetting():
    """Neither is an image evaluated again, nor one from under other weights taken for the best."""

    def callback(step, image):
        return {"light": 1.5**step.step}

    evaluate = Weighed()
    search = run(evaluate, steps=30, optimizer="adam:learning_rate=5", callback=callback)
    assert len(search.steps) == 30 and not search.why and search.evaluations == 31
    assert search.best == search.steps[-1].total > search.steps[0].total
    still = run(Weighed(), steps=30, optimizer="adam:learning_rate=5")
    assert search.image.mean() > still.image.mean() + 30


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


def test_an_optimiser_that_does_not_exist_or_does_not_fit_is_refused():
    for text, bounds, words in (
        ("sgd", False, "optimizer is 'sgd'; choose from"),
        ("adam:lr=3", False, "adam has no parameter 'lr'"),
        ("auto", False, "auto stands for the choice of a plan; name another optimizer, such as lbfgsb"),
        ("lbfgs", True, "lbfgs cannot keep bounds; name another optimizer, such as lbfgsb"),
    ):
        with pytest.raises(ConfigError, match=words):
            Search(bowl, START, 5, optimizer=text, bounds=bounds)


@pytest.mark.parametrize("name", QUASI_NEWTON)
@pytest.mark.parametrize(("rounds", "evaluations"), [(3, 5), (4, 2), (2, 12)])
def test_rounds_are_counted_and_each_has_so_many_evaluations(name, rounds, evaluations):
    search = run(bowl, steps=1000, optimizer=f"{name}:rounds={rounds},evaluations={evaluations}")
    # Those that a round begins with are known, but for what its predecessor tried in vain.
    assert rounds * (evaluations - 1) + 1 <= search.evaluations <= rounds * evaluations
    assert len(search.steps) <= rounds * (evaluations - 1) and (len(search.steps) > 0 or evaluations == 2)
    assert (search.why, search.stalled, search.stopped, search.restarts) == ("", False, False, 0)
    assert search.best < bowl(START).total


@pytest.mark.parametrize("name", QUASI_NEWTON)
def test_a_round_forgets_what_was_learnt_of_curvature(name):
    """It goes on as a new search does that starts at the best image; one that was not interrupted gets further."""
    seen = []
    run(bowl, steps=1000, optimizer=f"{name}:rounds=2,evaluations=6", callback=lambda step, image: seen.append(image))
    first = run(bowl, steps=1000, optimizer=f"{name}:rounds=1,evaluations=6")
    again = []
    second = run(
        bowl,
        steps=1000,
        start=first.image,
        optimizer=f"{name}:rounds=1,evaluations=6",
        callback=lambda step, image: again.append(image),
    )
    same = np.abs(seen[len(first.steps)] - again[0]).max()
    moved = np.abs(first.image - again[0]).max()
    assert len(first.steps) < len(seen) and same < 0.6 * moved
    whole = run(bowl, steps=1000, optimizer=f"{name}:rounds=1,evaluations=24").best
    assert whole < 0.7 * run(bowl, steps=1000, optimizer=f"{name}:rounds=4,evaluations=6").best
    assert second.best < first.best


@pytest.mark.parametrize("name", QUASI_NEWTON)
def test_steps_limit_rounds_too(name):
    search = run(bowl, steps=7, optimizer=f"{name}:rounds=10,evaluations=4")
    assert len(search.steps) == 7 and search.why == ""
    endless = run(bowl, steps=30, optimizer=f"{name}:evaluations=4")
    assert len(endless.steps) == 30


@pytest.mark.parametrize("name", QUASI_NEWTON)
def test_rounds_that_find_nothing_are_not_followed_by_others_for_ever(name):
    calls = 0

    def flat_but_steep(image):
        nonlocal calls
        calls += 1
        assert calls < 500
        values = bowl(image)
        return Values(1.0, {"flat": 1.0}, values.gradient)

    search = run(flat_but_steep, steps=10_000, optimizer=f"{name}:evaluations=3")
    assert search.stalled


def test_adam_finds_the_minimum_and_records_every_step():
    search = run(bowl, steps=200, optimizer="adam:learning_rate=5")
    assert search.best < 1e-4 * bowl(START).total
    assert [step.step for step in search.steps] == list(range(1, 201))
    assert [step.evaluations for step in search.steps] == list(range(2, 202))
    assert search.steps[-1].done == 1 and search.why == "" and search.restarts == 0


@pytest.mark.parametrize("factor", [1e-4, 1e4])
def test_the_scale_of_the_loss_does_not_matter_to_adam(factor):
    def scaled(image):
        values = bowl(image)
        return Values(values.total * factor, values.terms, values.gradient * np.float32(factor))

    one, other = (run(function, steps=50, optimizer="adam:learning_rate=5") for function in (bowl, scaled))
    assert other.best / factor == pytest.approx(one.best, rel=1e-3)


def test_a_gradient_is_given_as_it_is_and_a_rate_is_in_grey_levels():
    """So that an epsilon, or a rate that was found elsewhere, means what it meant there."""
    images = []
    run(bowl, steps=1, optimizer="gradientdescent:learning_rate=7", callback=lambda step, image: images.append(image))
    np.testing.assert_allclose(images[0], START - 7 * bowl(START).gradient, rtol=1e-6)
    run(bowl, steps=1, optimizer="adam:learning_rate=7", callback=lambda step, image: images.append(image))
    np.testing.assert_allclose(np.abs(images[1] - START), 7, rtol=1e-4)


RESTLESS = "adam:learning_rate=60,beta1=0.5,beta2=0.5"


def test_the_best_image_is_kept_of_an_optimiser_that_does_not_descend_at_every_step():
    seen = []
    search = run(bowl, steps=40, optimizer=RESTLESS, callback=lambda step, image: seen.append((step.total, image)))
    assert len(search.steps) == 40
    losses = [loss for loss, _ in seen]
    assert min(losses) < losses[-1]
    assert search.best == min(losses)
    np.testing.assert_array_equal(search.image, seen[int(np.argmin(losses))][1])


def test_the_last_image_is_kept_if_that_is_wanted():
    seen = []
    search = run(
        bowl,
        steps=40,
        optimizer=f"{RESTLESS},keep=last",
        callback=lambda step, image: seen.append((step.total, image)),
    )
    assert search.best == seen[-1][0] > min(loss for loss, _ in seen)
    np.testing.assert_array_equal(search.image, seen[-1][1])
    assert search.why == ""


def test_the_mean_of_the_iterates_is_kept_where_it_is_best():
    plain = run(bowl, steps=60, optimizer=RESTLESS)
    averaged = run(bowl, steps=60, optimizer=f"{RESTLESS},average=0.9")
    assert averaged.best < 0.8 * plain.best
    assert averaged.evaluations == plain.evaluations + 6
    assert averaged.best == pytest.approx(bowl(averaged.image).total)
    assert [step.total for step in averaged.steps] == [step.total for step in plain.steps]
    last = run(bowl, steps=60, optimizer=f"{RESTLESS},average=0.9,keep=last")
    assert last.best < last.steps[-1].total


@pytest.mark.parametrize(
    "text", ["adam:learning_rate=40", "rmsprop:learning_rate=20", "adam:learning_rate=40,average=0.5"]
)
def test_bounds_are_kept_by_those_that_follow_the_gradient(text):
    seen = []
    assert run(outward, steps=20, optimizer=text).image.max() > 300
    search = run(
        lambda image: (seen.append(image), outward(image))[1],
        steps=20,
        optimizer=text,
        bounds=True,
        start=START - np.float32(140),
    )
    assert all(image.min() >= 0 and image.max() <= 255 for image in seen[1:])
    assert search.image.max() == pytest.approx(255)


@pytest.mark.parametrize("broken", ["total", "gradient"])
def test_adam_goes_on_from_the_best_image_at_half_its_rate_after_a_nan(broken):
    images = []

    def sometimes(image):
        images.append(image)
        values = bowl(image)
        if len(images) != 12:
            return values
        loss = float("nan") if broken == "total" else values.total
        return Values(loss, {"bowl": loss}, values.gradient * np.float32("nan"))

    search = run(sometimes, steps=40, optimizer="adam:learning_rate=8")
    assert search.restarts == 1 and len(search.steps) == 40
    best = min(images[:11], key=lambda image: bowl(image).total)
    assert any(np.array_equal(image, best) for image in images[10:13])
    after = next(image for image in images[12:] if not np.array_equal(image, best))
    np.testing.assert_allclose(np.abs(after - best), 4, rtol=1e-3)
    assert search.best < bowl(best).total and np.isfinite(search.image).all()


def test_a_rate_at_which_no_step_lowers_the_loss_is_told():
    jumping = run(bowl, optimizer="adam:learning_rate=1e5,beta1=0,beta2=0")
    assert (len(jumping.steps), jumping.stalled) == (60, True)
    assert jumping.why == "no step has led to a lower loss; choose a lower learning_rate"
    np.testing.assert_array_equal(jumping.image, START)
