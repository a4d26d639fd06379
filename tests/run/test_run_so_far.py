import numpy as np

from nstgraph.arrays import Values
from nstgraph.checkpoints.run_state import RunState
from nstgraph.run.run_so_far import RunSoFar
from nstgraph.search.search import Search
from nstgraph.search.step import Step

SHAPE = (1, 2, 3, 3)


def search(steps):
    """One that has taken at most so many steps from twenties towards tens."""
    search = Search(
        lambda image: Values(float(np.square(image - 10).sum()), {}, 2 * (image - 10)),
        np.full(SHAPE, 20, np.float32),
        steps,
    )
    search.run()
    return search


def step(number):
    return Step(number, 1.0, {}, 2, 3)


def test_a_new_run_has_nothing():
    so_far = RunSoFar(None)
    assert so_far.last is None and so_far.start is None
    assert (so_far.history, so_far.evaluations, so_far.restarts, so_far.exact_steps) == ([], 0, 0, 0)


def test_a_run_that_goes_on_counts_from_what_was_before():
    before = RunState(0, np.full(SHAPE, 7, np.float32), (step(1), step(2)), 5, 1, 2, 60.0)
    so_far = RunSoFar(before)
    assert so_far.start is before.image and so_far.best is before.image and so_far.last is None
    assert so_far.steps_at((2, 3)) == 2 and so_far.steps_at((3, 2)) == 0
    so_far.searches.append(one := search(3))
    added = so_far.add(step(1), 0.5)
    assert (added.step, added.evaluations, added.done) == (3, 5 + one.evaluations, 0.5) and added.seconds > 60
    kept = so_far.state(1)
    assert kept.stage == 1 and kept.image is one.image and kept.history == (*before.history, added)
    assert (kept.evaluations, kept.restarts, kept.exact_steps) == (5 + one.evaluations, 1 + one.restarts, 2)


def test_the_best_image_is_that_of_a_search_that_took_a_step():
    so_far = RunSoFar(None)
    taken, none = search(2), search(0)
    so_far.searches += [taken, none]
    assert so_far.last is none and so_far.start is none.image and so_far.best is taken.image
