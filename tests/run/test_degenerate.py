"""Every loss term on pictures that leave it nothing to divide by, to root or to lower, and with odd weights."""

from __future__ import annotations

import importlib.metadata
import itertools

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, Search, StyleGraph, parse_loss, stylize
from nstgraph.networks.weights_file import WeightsFile, embedded

HEIGHT, WIDTH = 24, 32

#: Layers for small graphs; and parameters with which a power or a divisor would not be a number at 0.
VARIANTS = {
    "content": ["layer=conv1_1", "layer=conv1_1,normalization=mse", "layer=conv1_1,normalization=gatys"],
    "style": ["layers=image+conv1_1", "layers=conv1_1,normalization=gatys"],
    "moments": ["layers=image+conv1_1"],
    "histogram": ["layers=conv1_1,bins=2"],
    "tv": ["power=1", "power=0.5", "power=0.5,form=squared", "power=1.5"],
    "luminance": ["power=2", "power=0.5"],
}
TERMS = sorted(entry.name for entry in importlib.metadata.entry_points(group="nstgraph.terms"))
LOSSES = [f"{name}:{text}" if text else name for name in TERMS for text in VARIANTS.get(name, [""])]


def flat(*colour):
    return np.broadcast_to(np.array(colour, np.float32), (1, HEIGHT, WIDTH, 3)).copy()


BLACK, WHITE, GREY, RED = flat(0, 0, 0), flat(255, 255, 255), flat(128, 128, 128), flat(200, 10, 10)
NOISE = np.random.default_rng(0).uniform(0, 255, (1, HEIGHT, WIDTH, 3)).astype(np.float32)
BLACK_AND_WHITE = np.where(NOISE[..., :1] > 128, WHITE, BLACK)


def searched(evaluate, start, **options):
    search = Search(evaluate, start, 1, **options)
    search.run()
    assert np.isfinite(search.image).all() and np.isfinite(search.best)
    assert search.steps or search.why
    return search


@pytest.mark.parametrize("loss", LOSSES)
def test_every_term_is_a_number_on_every_picture_and_with_every_weight(loss):
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss(loss))
    (label,) = objective.terms
    with Evaluator(objective) as evaluate:
        for content, style in itertools.product([BLACK, WHITE, RED, NOISE, BLACK_AND_WHITE], repeat=2):
            evaluate.bind(content, [style])
            for image in (content, style, GREY):
                values = evaluate(image)
                assert np.isfinite(values.total) and np.isfinite(values.gradient).all()
        for content, style, weight in [(RED, RED, 1), (NOISE, NOISE, 1), (WHITE, BLACK, -1), (NOISE, GREY, 0)]:
            evaluate.weights[label] = weight
            evaluate.bind(content, [style])
            search = searched(evaluate, content, optimizer="lbfgsb" if weight else "lbfgs")
            assert search.best <= evaluate(content).total
        assert search.why == "the starting image is already a minimum of the loss"
        np.testing.assert_array_equal(search.image, content)


MINIMUM = "stopped after 0 of 1 steps, as the starting image is already a minimum of the loss"


@pytest.mark.parametrize(
    ("content", "style", "loss", "reason"),
    [
        pytest.param(RED, RED, "default", MINIMUM, marks=pytest.mark.slow),
        (RED, RED, "content:layer=conv1_1 style:layers=image+conv1_1 tv", MINIMUM),
        (NOISE, RED, "0*content:layer=conv1_1 0*style:layers=conv1_1", MINIMUM),
        (BLACK, WHITE, "content:layer=conv1_1 style:layers=conv1_1", "finished after 1 of 1 steps"),
        (NOISE, RED, "-1*style:layers=conv1_1", "stopped after 0 of 1 steps, as the loss falls without end, so"),
    ],
    ids=["one colour, default", "one colour", "no weight", "black and white", "away from a style"],
)
def test_a_run_of_one_step(content, style, loss, reason):
    result = stylize(content, style, size=64, steps=1, scales=1, precision="float32", loss=loss)
    assert result.reason.startswith(reason)
    assert np.isfinite(result.image).all() and 0 <= result.image.min() <= result.image.max() <= 255
