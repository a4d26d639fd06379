"""Which image a search keeps, what it evaluates twice, and how many evaluations a round has."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.arrays import Values
from nstgraph.search.evaluations import Evaluations, RoundOver
from nstgraph.search.finite import NotANumber


def image(value):
    return np.full((1, 2, 2, 3), value, np.float32)


def square(picture):
    """Not a number below 0."""
    loss = float(np.square(picture).mean()) if picture.min() >= 0 else float("nan")
    return Values(loss, {"square": loss}, picture / 6)


def looked(keep, *values):
    seen = Evaluations(square, image(99), keep=keep)
    for value in values:
        seen.look(image(value))
    return seen


def test_before_the_first_evaluation_the_first_image_is_kept():
    seen = Evaluations(square, image(99))
    assert (seen.image[0, 0, 0, 0], seen.loss, seen.last, seen.count) == (99, np.inf, None, 0)


@pytest.mark.parametrize(("keep", "kept"), [("best", 2), ("last", 5)])
def test_the_best_or_the_last_is_kept_and_never_one_without_a_loss(keep, kept):
    seen = looked(keep, 7, 2, 5, -1)
    assert seen.image[0, 0, 0, 0] == kept and seen.loss == kept**2
    assert seen.count == 4 and seen.last is not None and np.isnan(seen.last[1].total)


def test_what_was_evaluated_last_is_not_evaluated_again():
    seen = looked("best", 3)
    assert seen.at(image(3)).total == 9 and seen.count == 1
    assert seen.at(image(4)).total == 16 and seen.at(image(3)).total == 9 and seen.count == 3


def test_what_is_not_a_number_is_raised_and_named():
    with pytest.raises(NotANumber, match="loss term 'square'"):
        looked("best", 3).at(image(-2))


def test_a_round_has_so_many_evaluations_known_ones_included():
    seen = Evaluations(square, image(1), a_round=2)
    for _ in range(3):
        seen.begin_round()
        seen.at(image(1))
        seen.at(image(2))
        with pytest.raises(RoundOver):
            seen.at(image(2))
    assert seen.count == 6


def test_once_the_loss_is_another_the_next_image_is_kept_in_any_case():
    seen = looked("best", 2)
    assert not seen.forgotten
    seen.forget()
    assert (seen.loss, seen.last, seen.forgotten) == (4, None, True)
    seen.look(image(-1))
    assert seen.loss == 4
    for value, kept in ((5, 5), (6, 5), (3, 3)):
        seen.look(image(value))
        assert seen.image[0, 0, 0, 0] == kept
