"""Results that are made again from Python: what a callback did is done once more."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nstgraph as nst
from nstgraph.errors import ConfigError
from nstgraph.losses.loss_text import parse_loss
from nstgraph.pictures.load import load
from nstgraph.run.replay import Replay
from nstgraph.search.step import Step

HOW: dict[str, Any] = {"size": 64, "scales": 2, "steps": 8, "precision": "float32"}
LOSS = "style:layers=image 0.1*tv 1..0.1*content:layer=image"


def test_weights_and_the_end_that_a_callback_chose_are_repeated(picture_folder: Path) -> None:
    def callback(step: Step, image: Any) -> dict[str, float] | None:
        if step.step == 6:
            raise StopIteration
        return {"tv": 0.3} if step.step == 2 else {"content": 0.7, "tv": 0.2} if step.step == 5 else None

    first = nst.stylize("c.png", "s.png", loss=LOSS, callback=callback, **HOW)
    assert first.settings["steps_taken"] == 6 and len(first.settings["changed_weights"]) == 4
    first.save("o.png")
    seen: list[int] = []
    again = nst.rerun("o.png", callback=lambda step, image: seen.append(step.step))
    assert again.settings == first.settings and seen == [1, 2, 3, 4, 5, 6]
    assert again.save("again.png").read_bytes() == Path("o.png").read_bytes()


def test_arrays_are_given_once_more_and_known_by_their_numbers(picture_folder: Path) -> None:
    content, style = (load(name).rgb[0] for name in ("c.png", "s.png"))
    with nst.Stylizer(nst.Config(loss="style:layers=image", **HOW)) as stylizer:
        stylizer.evaluator.weigh({"style": 3.0})
        first = stylizer(content, style)
    first.save("o.png")
    assert first.settings["content"]["path"] is None
    with pytest.raises(ConfigError, match=r"content what was no file .* is not found"):
        nst.rerun("o.png")
    again = nst.rerun("o.png", content="c.png", style=style)  # whose file has the same numbers
    assert again.settings == first.settings and np.array_equal(again.image, first.image)
    with pytest.raises(ConfigError, match="array is not the picture that it was made from as content"):
        nst.rerun("o.png", content=255 - content, style=style)
    with pytest.raises(ConfigError, match="size cannot be given to make a result again"):
        nst.rerun("o.png", size=3)
    with warnings.catch_warnings(), pytest.raises(UserWarning, match="computed otherwise than it was"):
        warnings.simplefilter("error")
        nst.rerun("o.png", content=content, style=style, tile=32)


def step(number: int) -> Step:
    return Step(number, 1.0, {}, 8, 8)


def test_what_ranges_change_by_themselves_is_not_done_twice() -> None:
    loss = parse_loss("1..0.1*tv 2*content")
    changes = [(0, {"content": 5.0}), (0, {"tv": 1.0}), (2, {"content": 3.0}), (4, {"content": 4.0}), (4, {"tv": 0.1})]
    replay = Replay(changes, loss, 2, last=6)
    assert replay.first == {"content": 5.0}
    image = np.zeros((1, 8, 8, 3), np.float32)
    assert [replay(step(number), image) for number in range(1, 6)] == [
        None,
        {"content": 3.0},
        None,
        {"content": 4.0},
        None,
    ]
    with pytest.raises(StopIteration):
        replay(step(6), image)
    assert Replay([], loss, 1)(step(1), image) is None
