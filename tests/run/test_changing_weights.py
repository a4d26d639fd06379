"""Weights of terms that change during a run: by a callback, from size to size, over a checkpoint."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_pictures import landscape, painting

from nstgraph import Config, Stylizer, resume, stylize
from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.errors import RunError

CONTENT, STYLE = landscape(96, 72), painting(80, 80)
# Few layers, since TensorFlow takes its time over each.
SMALL = Config(size=64, scales=2, steps=24, loss="content:layer=image style:layers=image", precision="float32")


def style_of(step, weight=1.0):
    return step.terms["style"] / weight


def decay(step, image):
    return {"content": 0.3 ** (step.step // 4)} if step.step % 4 == 0 else None


def test_content_that_decays_ends_lower_in_style_and_takes_all_its_steps():
    held, decayed = stylize(CONTENT, STYLE, SMALL), stylize(CONTENT, STYLE, SMALL, callback=decay)
    assert len(held.history) == len(decayed.history) == 24
    assert style_of(decayed.history[-1]) < 0.8 * style_of(held.history[-1])
    assert decayed.settings["changed_weights"] == [
        [n, {"content": pytest.approx(0.3 ** (n // 4))}] for n in range(4, 25, 4)
    ]
    assert held.settings["changed_weights"] == []
    assert "restarts" not in decayed.reason


def test_a_change_holds_from_the_next_step_on_and_ends_with_the_run():
    config = SMALL.replace(scales=1, steps=4)
    with Stylizer(config) as stylizer:
        plain = stylizer(CONTENT, [STYLE])
        doubled = stylizer(
            CONTENT, [STYLE], callback=lambda step, image: {"content": 2, "style": 2} if step.step == 1 else None
        )
        assert stylizer.evaluator.weights == {}
        again = stylizer(CONTENT, [STYLE])
    assert doubled.history[0].total == plain.history[0].total
    assert doubled.history[1].total > plain.history[0].total
    assert np.array_equal(again.image, plain.image)


def test_weights_that_a_caller_chose_stay_his_and_are_recorded():
    with Stylizer(SMALL.replace(steps=4)) as stylizer:
        stylizer.evaluator.weights = {"content": 0.0}
        result = stylizer(CONTENT, [STYLE], callback=lambda step, image: {"style": 3.0} if step.step == 2 else None)
        assert stylizer.evaluator.weights == {"content": 0.0}
    assert result.settings["changed_weights"] == [[0, {"content": 0.0}], [2, {"style": 3.0}]]
    assert all(step.terms["content"] == 0 for step in result.history)


@pytest.mark.slow
def test_what_finishes_in_float32_keeps_the_weights():
    """With the recipe's weights, it would end stylised."""
    config = SMALL.replace(
        scales=1, steps=80, loss="content:layer=conv1_1 style:layers=conv1_1", precision="bfloat16", init="content"
    )
    with Stylizer(config) as stylizer:
        result = stylizer(CONTENT, [STYLE], callback=lambda step, image: {"style": 0.0} if step.step == 1 else None)
    assert "in float32" in result.reason
    assert [step.terms["style"] for step in result.history[1:]] == [0.0] * (len(result.history) - 1)


def test_a_wrong_label_is_said_and_keeps_the_picture():
    with pytest.raises(RunError, match=r"no term 'contents' to weigh; did you mean 'content'\?") as caught:
        stylize(CONTENT, STYLE, SMALL, callback=lambda step, image: {"contents": 1.0} if step.step == 3 else None)
    assert len(caught.value.result.history) == 3
    with pytest.raises(RunError, match="the weight of 'content' takes a number, not nan"):
        stylize(CONTENT, STYLE, SMALL, callback=lambda step, image: {"content": float("nan")})


def test_a_run_that_goes_on_has_the_weights_that_were_in_force(tmp_path):
    class Cut(Exception):
        pass

    def cut(step, image):
        if step.step == 9:
            raise Cut
        return decay(step, image)

    with pytest.raises(RunError):
        stylize(CONTENT, STYLE, SMALL, callback=cut, checkpoint=tmp_path / "ck")
    with Checkpoint.open(tmp_path / "ck") as kept:
        assert kept.state.weights == ((4, {"content": 0.3}), (8, {"content": pytest.approx(0.09)}))
    result = resume(tmp_path / "ck")
    assert result.settings["changed_weights"] == [[4, {"content": 0.3}], [8, {"content": pytest.approx(0.09)}]]
    whole = stylize(CONTENT, STYLE, SMALL, callback=lambda step, image: decay(step, image) if step.step < 9 else None)
    assert result.history[-1].terms["content"] == pytest.approx(whole.history[-1].terms["content"], rel=0.2)


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("1..0.01*content:layer=image", [1, 0.1, 0.01]),
        pytest.param("0..2*content:layer=image", [0, 1, 2], marks=pytest.mark.slow),
    ],
)
def test_a_range_gives_a_value_to_each_size(text, weights):
    config = SMALL.replace(size=128, scales=3, steps=6, loss=f"{text} style:layers=image")
    result = stylize(CONTENT, STYLE, config)
    changed = result.settings["changed_weights"]
    assert [before for before, _ in changed] == [0, 2, 4]
    assert [fed["content"] for _, fed in changed] == pytest.approx(weights)
    assert result.settings["loss"].startswith(text)
    one = stylize(CONTENT, STYLE, config.replace(scales=1, steps=2))
    assert one.settings["changed_weights"] == [[0, {"content": weights[-1]}]]


def test_a_range_goes_on_where_a_run_was_cut(tmp_path):
    config = SMALL.replace(steps=8, loss="1..0.1*content:layer=image style:layers=image")

    def cut(step, image):
        if step.step == 6:
            raise ValueError("cut")

    with pytest.raises(RunError):
        stylize(CONTENT, STYLE, config, callback=cut, checkpoint=tmp_path / "ck")
    result = resume(tmp_path / "ck")
    assert len(result.history) == 8
    assert result.settings["changed_weights"] == [[0, {"content": 1.0}], [4, {"content": pytest.approx(0.1)}]]


@pytest.mark.parametrize(
    "weight", [np.float32(0.5), *(pytest.param(weight, marks=pytest.mark.slow) for weight in ("0.5", 1))]
)
def test_whatever_is_a_number_is_kept_as_one(tmp_path, weight):
    def callback(step, image):
        if step.step == 3:
            raise ValueError("cut")
        return {"content": weight}

    with pytest.raises(RunError):
        stylize(CONTENT, STYLE, SMALL.replace(steps=6, scales=1), callback=callback, checkpoint=tmp_path / "ck")
    result = resume(tmp_path / "ck")
    assert result.settings["changed_weights"] == [[n, {"content": float(weight)}] for n in (1, 2)]


@pytest.mark.slow
def test_a_wrong_label_does_not_cost_the_run_that_is_kept(tmp_path):
    with pytest.raises(RunError, match="no term 'contnet' to weigh"):
        stylize(
            CONTENT, STYLE, SMALL.replace(steps=6, scales=1), checkpoint=tmp_path / "ck",
            callback=lambda step, image: {"contnet": 0.5} if step.step == 3 else None,
        )  # fmt: skip
    assert len(resume(tmp_path / "ck").history) == 6
