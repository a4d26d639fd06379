from __future__ import annotations

from nstgraph.run.step_text import StepText
from nstgraph.search.step import Step


def step(number: int) -> Step:
    return Step(number, 3.25, {"style": 3.0, "tv": 0.25}, 24, 32, number + 1, 5.0 + 2 * number, number / 10)


def test_what_is_said_of_a_step() -> None:
    text = StepText(10)
    assert text.head(step(3)) == "step 3/10  32×24"
    assert text.losses(step(3)) == "loss 3.25  style 3  tv 0.25"
    assert [text.left(step(number)) for number in (1, 2, 5, 10)] == ["", "16 s left", "10 s left", "0 s left"]
