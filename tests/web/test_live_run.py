"""A search that is watched and steered, with the search itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from PIL import Image

from nstgraph.arrays import Array
from nstgraph.errors import LossError
from nstgraph.search.step import Step
from nstgraph.web.live_run import LiveRun, jpeg_of

IMAGE = np.full((1, 20, 30, 3), 100, np.float32)


def step(number: int, of: int = 4) -> Step:
    return Step(number, 1.0, {"tv": 1.0}, 20, 30, seconds=2.0 * number, done=number / of)


def test_steps_time_left_and_the_picture_are_seen() -> None:
    live = LiveRun(4, {"tv": 1.0})
    assert live(step(1), IMAGE) is None
    assert (live.seconds_left, live.preview[0]) == (None, 1)
    assert live(step(2), IMAGE) is None
    assert live.seconds_left == pytest.approx(4.0)
    assert [one.step for one in live.history] == [1, 2]
    assert live.preview[0] == 1, "previews are apart"
    shown = np.asarray(Image.open(io.BytesIO(live.preview[1])))
    assert shown.shape == (20, 30, 3)
    assert abs(shown.astype(int) - 100).max() <= 2
    assert live.cost > 0


def test_a_large_picture_is_seen_small() -> None:
    assert Image.open(io.BytesIO(jpeg_of(np.zeros((1, 100, 400, 3), np.float32), 80))).size == (80, 20)


def test_a_preview_that_fails_costs_nothing() -> None:
    def fails(image: Array) -> Array:
        raise MemoryError

    live = LiveRun(4, {}, fails)
    assert live(step(1), IMAGE) is None
    assert live.preview == (0, b"")


def test_weights_are_given_to_the_search_once() -> None:
    live = LiveRun(4, {"tv": 1.0, "content": 2.0})
    live.weigh({"tv": 3.0})
    assert live.weights["tv"] == 1.0
    assert live(step(1), IMAGE) == {"tv": 3.0}
    assert (live.weights, live(step(2), IMAGE)) == ({"tv": 3.0, "content": 2.0}, None)


@pytest.mark.parametrize("weights", [{"TV": 1.0}, {"tv": float("nan")}, {"tv": "much"}])
def test_weights_that_would_cost_the_run_are_refused_at_once(weights: Mapping[str, float]) -> None:
    live = LiveRun(4, {"tv": 1.0})
    with pytest.raises(LossError):
        live.weigh(weights)
    assert live(step(1), IMAGE) is None


@pytest.mark.parametrize(
    ("end", "raised"),
    [(LiveRun.stop, StopIteration), (LiveRun.interrupt, KeyboardInterrupt)],
    ids=["stop", "interrupt"],
)
def test_it_ends_after_the_next_step(end: Callable[[LiveRun], None], raised: type[BaseException]) -> None:
    live = LiveRun(4, {})
    end(live)
    with pytest.raises(raised):
        live(step(1), IMAGE)
    assert live.history, "which is known"
