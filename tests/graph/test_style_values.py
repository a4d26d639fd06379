"""What depends on style images alone, kept from one picture to the next."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from nstgraph import Evaluator, TiledEvaluator, tf
from nstgraph.graph.style_values import StyleValues

LOSS = "content:layer=image style:layers=image+conv1_1 moments:layers=image"


@pytest.fixture(scope="module")
def pictures(smooth_picture):
    return [smooth_picture(40, 48, seed).clip(0, 255) for seed in range(4)]


def same(ours, theirs):
    return ours.total == theirs.total and np.array_equal(ours.gradient, theirs.gradient)


def test_a_second_picture_of_a_style_computes_nothing_of_it(objective_of, pictures):
    photo, other, style, image = pictures
    kept = StyleValues()
    with Evaluator(objective_of(LOSS), style_values=kept) as evaluate:
        first = evaluate.bind(photo, [style])(image)
        computed = kept.computed
        assert computed == 1
        second = evaluate.bind(other, [style.copy()])(image)
        assert kept.computed == computed
        again = evaluate.bind(photo, [style])(image)
        third = evaluate.bind(photo, [other])(image)
        assert kept.computed == computed + 1
    with Evaluator(objective_of(LOSS), style_values=StyleValues()) as fresh:
        assert same(fresh.bind(other, [style])(image), second)
        assert same(fresh.bind(photo, [other])(image), third)
    assert same(again, first)
    assert second.total != first.total


def test_each_style_is_known_by_itself_when_styles_are_blended_one_by_one(objective_of, pictures):
    photo, one, two, image = pictures
    kept = StyleValues()
    with Evaluator(objective_of("style:layers=conv1_1", styles=2, blending="sum"), style_values=kept) as evaluate:
        evaluate.bind(photo, [one, two])(image)
        assert kept.computed == 2
        evaluate.bind(photo, [one, photo])(image)
        assert kept.computed == 3


def test_in_tiles_too(objective_of, pictures):
    photo, other, style, image = pictures
    kept = StyleValues()
    with Evaluator(objective_of(LOSS), style_values=kept) as whole:
        evaluate = TiledEvaluator(whole)
        evaluate.bind(photo, [style], side=32)
        computed = kept.computed
        assert computed > 0
        second = evaluate.bind(other, [style], side=32)(image)
        assert kept.computed == computed
        evaluate.bind(other, [style], side=16)
        assert kept.computed > computed
    with Evaluator(objective_of(LOSS)) as whole:
        assert same(TiledEvaluator(whole).bind(other, [style], side=32)(image), second)


@pytest.mark.parametrize(("stateful", "calls_of_two"), [(False, 1), (True, 2)])
def test_a_function_of_the_style_is_called_once_a_style_unless_it_may_give_another_value(
    objective_of, pictures, stateful, calls_of_two
):
    photo, other, style, image = pictures
    calls = itertools.count()

    def mean(picture):
        next(calls)
        return picture.mean()

    def probe(g):
        of_style = tf.numpy_function(mean, [g.style.image], tf.float32, stateful=stateful)
        return tf.square(g.mean(g.generated.image) - tf.ensure_shape(of_style, []))

    with Evaluator(objective_of(probe), style_values=StyleValues()) as evaluate:
        for content in (photo, other):
            evaluate.bind(content, [style])(image)
    assert next(calls) == calls_of_two


def test_only_what_there_is_room_for_is_kept():
    kept = StyleValues(most=100)
    made = []

    def of(number, size=10):
        kept.get("sum", {"x": np.full(3, number)}, lambda: made.append(number) or [np.zeros(size, np.float32)])

    for number in (1, 2, 1, 3, 1, 2):  # of which two have room: 3 takes the place of 2
        of(number)
    assert made == [1, 2, 3, 2]
    of(4, size=1000)
    of(4, size=1000)
    assert made == [1, 2, 3, 2, 4, 4]
    of(2)
    assert made == [1, 2, 3, 2, 4, 4]


def test_pictures_of_the_same_numbers_and_another_shape_are_two():
    kept = StyleValues()
    for shape in ((2, 3), (3, 2)):
        kept.get("sum", {"x": np.zeros(shape)}, lambda: [np.zeros(1)])
    assert kept.computed == 2
