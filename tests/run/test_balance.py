"""Terms weighed by their gradients at the start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_pictures import landscape, painting

from nstgraph import Config, Interrupted, Stylizer, resume, stylize, tf
from nstgraph.arrays import Array
from nstgraph.graph.evaluator import Evaluates
from nstgraph.losses.loss import LossTerm
from nstgraph.losses.loss_text import parse_loss
from nstgraph.pictures.resize import resize
from nstgraph.planning.plan import Stage
from nstgraph.run.balance import DISTURBANCE, balancing_factors, gradient_norms
from nstgraph.run.evaluators import Evaluators

CONTENT, STYLE = resize(landscape(96, 72), 36, 48), resize(painting(80, 80), 40, 40)
LOSS = "content:layer=conv1_1 3*style:layers=image 2*tv"
SMALL = Config(size=48, scales=1, steps=2, loss=LOSS, balance=True, precision="float32")
WEIGHTS = {"content": 1.0, "style": 3.0, "tv": 2.0}


def unmoved(g: Any) -> Any:
    """Depends on the image, and has no slope anywhere."""
    return g.mean(0.0 * tf.square(g.generated.image)) + 1.0


@pytest.fixture(scope="module")
def stylizer() -> Any:
    with Stylizer(SMALL.replace(balance=False)) as stylizer:
        yield stylizer


def bound(evaluators: Evaluators, tile: int | None = None) -> Evaluates:
    return evaluators.bind(Stage(36, 48, 1, ((40, 40),), tile=tile), CONTENT, [STYLE])


def disturbed(seed: int = 0) -> Array:
    return CONTENT + np.float32(DISTURBANCE) * np.random.default_rng(seed).standard_normal(CONTENT.shape, np.float32)


@pytest.mark.parametrize("tile", [None, pytest.param(32, marks=pytest.mark.slow)])
def test_gradients_have_norms_in_the_proportions_of_the_weights(stylizer: Stylizer, tile: int | None) -> None:
    evaluate = bound(stylizer.evaluators, tile)
    factors = balancing_factors(evaluate, CONTENT, WEIGHTS, seed=4)
    start, away = (gradient_norms(evaluate, image, WEIGHTS) for image in (CONTENT, disturbed(4)))
    assert stylizer.evaluator.weights == WEIGHTS
    stylizer.evaluator.weights.clear()
    assert start["content"] < 1e-3 * away["content"]
    norms = {"content": away["content"], "style": start["style"], "tv": start["tv"]}
    pulls = {label: factors[label] * norm for label, norm in norms.items()}
    assert list(pulls.values()) == pytest.approx([pulls["tv"]] * 3, rel=1e-3)
    whole = sum(WEIGHTS[label] * norm for label, norm in norms.items())
    assert sum(WEIGHTS[label] * pull for label, pull in pulls.items()) == pytest.approx(whole)


def test_what_starts_away_from_the_photo_is_balanced_there(stylizer: Stylizer) -> None:
    evaluate, start = bound(stylizer.evaluators), disturbed(9)
    factors = balancing_factors(evaluate, start, WEIGHTS)
    norms = gradient_norms(evaluate, start, {label: WEIGHTS[label] * factors[label] for label in WEIGHTS})
    stylizer.evaluator.weights.clear()
    pulls = [factors[label] * norm for label, norm in norms.items()]
    assert pulls == pytest.approx([pulls[0]] * 3, rel=1e-3)


def test_a_run_is_balanced_once_at_its_first_size_and_says_so() -> None:
    lines: list[str] = []
    config = SMALL.replace(size=64, scales=2, steps=4, loss="1..0.25*content:layer=conv1_1 style:layers=conv1_1 tv")
    with Stylizer(config) as stylizer:
        result = stylizer(CONTENT, STYLE, note=lines.append)
        assert stylizer.evaluator.weights == {}
    (ranged, first), (before, balanced), (later, last) = result.settings["changed_weights"]
    assert (ranged, before) == (0, 0) and first == {"content": 1.0} and later == 2
    assert last == {"content": pytest.approx(0.25 * balanced["content"])}
    assert list(balanced) == ["content", "style", "tv"] and result.settings["balance"] is True
    assert len(lines) == 1 and lines[0].startswith("balanced: content 1 -> ") and lines[0].count(" -> ") == 3
    plain = stylize(CONTENT, STYLE, config, balance=False)
    assert plain.settings["changed_weights"] == [[0, {"content": 1.0}], [2, {"content": 0.25}]]


def test_a_term_that_never_pulls_keeps_its_weight() -> None:
    terms = parse_loss("tv:power=2") + 5 * LossTerm("unmoved", unmoved, "here")()
    with Stylizer(SMALL.replace(loss=terms)) as stylizer:
        result = stylizer(CONTENT, STYLE)
    assert [list(weights) for _, weights in result.settings["changed_weights"]] == [["tv"]]
    assert result.settings["changed_weights"][0][1]["tv"] == pytest.approx(1.0)  # it is the whole of what pulls
    assert result.history[0].terms["unmoved"] == 5.0
    with Stylizer(SMALL.replace(loss=LossTerm("unmoved", unmoved, "here"))) as stylizer:
        lines: list[str] = []
        assert stylizer(CONTENT, STYLE, note=lines.append).settings["changed_weights"] == []
    assert lines == ["balanced: nothing, as no term pulls at the start"]


def test_weights_that_a_caller_has_chosen_are_balanced() -> None:
    with Stylizer(SMALL) as stylizer:
        stylizer.evaluator.weights = {"content": 0.0, "tv": 20.0}
        result = stylizer(CONTENT, STYLE)
        assert stylizer.evaluator.weights == {"content": 0.0, "tv": 20.0}
        plain = Stylizer.__call__(stylizer, CONTENT, STYLE)
    weights: Mapping[str, float] = result.settings["changed_weights"][1][1]
    assert weights["content"] == 0 and weights["tv"] > 0
    assert plain.settings["changed_weights"] == result.settings["changed_weights"]


def test_a_run_that_goes_on_is_not_balanced_again(tmp_path: Path) -> None:
    def cut(step: Any, image: Array) -> None:
        raise KeyboardInterrupt

    config = SMALL.replace(size=64, scales=2, steps=4, loss="1..0.25*content:layer=conv1_1 style:layers=conv1_1")
    whole = stylize(CONTENT, STYLE, config)
    with pytest.raises(Interrupted):
        stylize(CONTENT, STYLE, config, checkpoint=tmp_path / "f", callback=cut)
    result = resume(tmp_path / "f")
    assert len(result.history) == 4 and len(result.settings["changed_weights"]) == 3
    assert result.settings["changed_weights"] == whole.settings["changed_weights"]
