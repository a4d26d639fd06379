"""Plans for machines that are made up: what is chosen, and what is advised where nothing fits."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re

import numpy as np
import pytest

from nstgraph.config import Config
from nstgraph.errors import ConfigError, TilingError
from nstgraph.graph.receptive_field import ReceptiveField
from nstgraph.pictures.picture import Picture, PictureSet
from nstgraph.planning.measured_cost import Cost
from nstgraph.planning.plan import Plan, Stage
from nstgraph.planning.planner import Planner

DESCENDING = 3
CONTENT, STYLES = (1536, 2048), [(800, 800)]
WHY_NOT = "loss term 'peak' cannot be tiled: it reduces over positions by itself"
COST = Cost(seconds=1e-6, memory=3000.0, targets=500.0, process=10**9, margin=ReceptiveField(4, 20, 20), why_not="")
WHOLE_ONLY = Cost(seconds=1e-6, memory=3000.0, targets=500.0, process=10**9, margin=None, why_not=WHY_NOT)
PLENTY = 1e12


def plan(limit=PLENTY, *, precision="float32", cost=COST, content=CONTENT, styles=STYLES, workers=0, **settings):
    config = Config(**{"size": 1024, "steps": 100, **settings})
    photo, *paintings = (
        Picture(np.broadcast_to(np.float32(0), (1, *size, 3)), None, "") for size in (content, *styles)
    )
    return Planner(precision, cost, limit, workers).plan(
        config, PictureSet(photo, tuple(paintings), (), config.style_scale)
    )


def fits(limit, **settings):
    try:
        plan(limit, **settings)
    except ConfigError:
        return False
    return True


@functools.cache
def least(**settings):
    """The smallest limit for which there is a plan, to a megabyte."""
    low, high = 0.9e9, 8e9
    while high - low > 1e6:
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle, **settings) else (middle, high)
    return high


def advice(limit, **settings):
    """What the refusal says after its figures."""
    with pytest.raises(ConfigError) as raised:
        plan(limit, **settings)
    message = str(raised.value)
    assert "\n" not in message
    assert re.match(r"\d+ px needs \d+\.\d+ GB of memory, and only \d+\.\d+ GB is available", message)
    return message.rpartition("; ")[2]


@pytest.mark.parametrize(("precision", "optimizer"), [("float32", "lbfgsb"), ("bfloat16", "lbfgs")])
def test_with_enough_memory_every_size_is_computed_whole(precision, optimizer):
    outcome = plan(precision=precision)
    assert [(stage.height, stage.width) for stage in outcome.stages] == [(96, 128), (192, 256), (384, 512), (768, 1024)]
    assert sum(stage.steps for stage in outcome.stages) == 100
    assert {(stage.tile, stage.optimizer, stage.history) for stage in outcome.stages} == {(None, optimizer, 10)}
    assert outcome.precision == precision


def test_workers_compute_the_sizes_at_which_they_are_faster_with_the_same_search():
    alone, spread = plan(), plan(workers=4)
    used = [bool(stage.workers) for stage in spread.stages]
    assert used == sorted(used) and (used[0], used[-1]) == (False, True)
    for stage, whole in zip(spread.stages, alone.stages, strict=True):
        assert (stage.optimizer, stage.history) == (whole.optimizer, whole.history)
        assert stage.seconds < whole.seconds if stage.workers else stage == whole
    assert 0 < spread.stages[-1].worker_memory < COST.memory * 768 * 1024
    assert "on 4 workers, about " in str(spread)


def test_workers_are_not_used_where_nothing_is_tiled():
    assert not any(stage.workers for stage in plan(workers=4, tile="off").stages)
    assert not any(stage.workers for stage in plan(workers=4, cost=WHOLE_ONLY).stages)


def test_less_memory_takes_a_shorter_history_then_the_leaner_optimiser_then_tiles_then_the_disk():
    limit, seen = plan(scales=1).memory, []
    while fits(limit, scales=1):
        outcome = plan(limit, scales=1)
        assert outcome.memory <= limit
        seen.append(outcome.stages[-1])
        limit = outcome.memory * (1 - 1e-9)
    assert (seen[0].tile, seen[0].optimizer, seen[0].history) == (None, "lbfgsb", 10)
    whole = [(stage.optimizer, stage.history) for stage in seen if stage.tile is None]
    assert whole == list(itertools.product(("lbfgsb", "lbfgs"), (10, 5, 3)))
    tiled = seen[len(whole) :]
    assert tiled and None not in {stage.tile for stage in tiled}
    assert (tiled[-1].tile, tiled[-1].optimizer, tiled[-1].history) == (128, "lbfgs", 3)
    assert tiled[0].keep == "memory" and tiled[-1].keep != "memory"
    assert all(earlier.memory > later.memory for earlier, later in itertools.pairwise(seen))


def test_a_picture_no_larger_than_a_tile_chosen_by_hand_is_computed_whole():
    assert [stage.tile for stage in plan(size=512, tile=256).stages] == [None, None, 256]


def test_only_sizes_that_need_it_are_tiled():
    outcome = plan(least() * 1.2)
    assert [stage.tile is None for stage in outcome.stages][:2] == [True, True]
    assert outcome.stages[-1].tile is not None


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"bounds": True},
        {"tile": 128},
        {"history": 40},
        {"tile": "off"},
        {"optimizer": "lbfgs"},
        {"scales": 1},
        {"optimizer": "adam"},
        {"optimizer": "rmsprop:learning_rate=5,average=0.9", "bounds": True},
    ],
    ids=str,
)
def test_no_size_takes_more_than_the_limit(precision, settings):
    for share in (1, 1.05, 1.3, 2, 4):
        limit = least(precision=precision, **settings) * share
        outcome = plan(limit, precision=precision, **settings)
        assert max(stage.memory for stage in outcome.stages) == outcome.memory <= limit
        assert all(stage.memory > COST.process and stage.seconds > 0 for stage in outcome.stages)


@pytest.mark.parametrize("limit", [PLENTY, 3e9])
@pytest.mark.parametrize(
    ("settings", "attribute", "expected"),
    [
        ({"tile": 100}, "tile", 100),
        ({"tile": 5000}, "tile", None),
        ({"tile": "off"}, "tile", None),
        ({"history": 7}, "history", 7),
        ({"history": 30}, "history", 30),
        ({"optimizer": "lbfgs"}, "optimizer", "lbfgs"),
        ({"optimizer": "lbfgsb"}, "optimizer", "lbfgsb"),
        ({"optimizer": "lbfgsb:rounds=3,evaluations=9"}, "optimizer", "lbfgsb:rounds=3,evaluations=9"),
        ({"optimizer": "adam"}, "optimizer", "adam:learning_rate=10"),
        ({"optimizer": "adam"}, "history", 0),
    ],
)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_is_chosen_by_hand_is_not_chosen_otherwise(limit, settings, attribute, expected, precision):
    size = 512 if settings.get("tile") in ("off", 5000) else 1024
    outcome = plan(limit, size=size, precision=precision, **settings)
    assert {getattr(stage, attribute) for stage in outcome.stages} == {expected}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_with_bounds_the_optimiser_that_knows_none_is_never_chosen(precision):
    for share in (1, 1.2, 2, 100):
        outcome = plan(least(bounds=True, precision=precision) * share, bounds=True, precision=precision)
        assert {stage.optimizer for stage in outcome.stages} == {"lbfgsb"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"tile": "off"}, "use --tile auto"),
        ({"tile": 1024}, "use --tile auto"),
        ({"history": 50}, "use --history 0"),
        ({"optimizer": "lbfgsb"}, "use --optimizer auto"),
    ],
)
def test_the_option_that_is_in_the_way_is_named(settings, expected):
    limit = (least() + least(**settings)) / 2
    assert fits(limit) and not fits(limit, **settings)
    assert advice(limit, **settings) == expected


def test_of_two_options_the_one_that_helps_is_named_or_both():
    both = {"tile": "off", "history": 50}
    assert advice((least(history=50) + least(**both)) / 2, **both) == "use --tile auto"
    assert advice((least() + least(history=50)) / 2, **both) == "use --tile auto --history 0"
    # Without tiles, a history that is chosen is no help against what the network takes.
    limit = (least(tile="off") + least(**both)) / 2
    assert advice(limit, cost=WHOLE_ONLY, **both) == "use --history 0"


@pytest.mark.parametrize(
    "settings", [{}, {"bounds": True}, {"tile": "off"}, {"history": 50}, {"cost": WHOLE_ONLY}], ids=str
)
@pytest.mark.parametrize("share", [0.95, 0.7, 0.3])
def test_else_the_size_that_is_named_fits_and_the_next_does_not(settings, share):
    defaults = {name: value for name, value in settings.items() if name in ("bounds", "cost")}
    base = COST.process + 50e6  # of which a picture of 64 pixels takes a part
    limit = base + share * (least(**defaults) - base)
    match = re.fullmatch(r"use --size (\d+)", advice(limit, **settings))
    assert match, advice(limit, **settings)
    sizes = [1024 * twentieths // 20 for twentieths in range(1, 21)]
    size, larger = next(pair for pair in itertools.pairwise(sizes) if pair[0] == int(match[1]))
    assert size >= 64
    assert plan(limit, size=size, **settings).memory <= limit
    assert not fits(limit, size=larger, **settings)


def test_where_the_process_itself_is_too_large_no_option_is_named():
    assert advice(COST.process * 0.9) == "close other programs, or use a machine with more memory"


def test_where_the_user_set_the_limit_it_is_named():
    """Closing other programs does not help against --memory."""
    assert "--memory" in advice(0.01e9, memory=0.01)


def test_a_term_that_cannot_be_tiled_is_computed_whole_or_named():
    assert {stage.tile for stage in plan(cost=WHOLE_ONLY).stages} == {None}
    assert {stage.tile for stage in plan(cost=WHOLE_ONLY, tile="off").stages} == {None}
    with pytest.raises(TilingError, match=re.escape(WHY_NOT)):
        plan(cost=WHOLE_ONLY, tile=256)
    limit = least(cost=WHOLE_ONLY) * 0.9
    with pytest.raises(ConfigError, match=re.escape(f"({WHY_NOT}); use --size ")):
        plan(limit, cost=WHOLE_ONLY)
    assert fits(limit)


def test_a_plan_is_one_line():
    lines = [str(plan(limit)) for limit in (PLENTY, plan().memory * 0.6, least())]
    for line in lines:
        assert re.fullmatch(
            r"4 sizes up to 1024x768[^\n]*, lbfgsb? with \d+ corrections, (\d+\+){3}\d+ steps in float32: "
            r"about \d+\.\d GB and \d+ (s|min)",
            line,
        )
    assert "tile" not in lines[0] and " in tiles of " in lines[1] and ", targets " in lines[2]
    alone = str(plan(scales=1, precision="bfloat16"))
    assert alone.startswith("1024x768, lbfgs with 10 corrections, 100 steps in bfloat16: about ")


def test_memory_is_that_of_the_largest_size_and_time_that_of_all():
    stages = tuple(Stage(8 * i, 10 * i, 5, memory=1e9 * memory, seconds=i) for i, memory in ((1, 1), (2, 3), (3, 2)))
    both = Plan("float32", stages)
    assert (both.memory, both.seconds) == (3e9, 6)
    assert str(both) == "3 sizes up to 30x24, lbfgsb with 10 corrections, 5+5+5 steps in float32: about 3.0 GB and 6 s"


def test_more_work_is_predicted_to_take_longer():
    base = plan(scales=1, tile="off").seconds
    assert plan(scales=1, tile="off", steps=200).seconds > 1.9 * base
    assert plan(scales=1, tile="off", size=2048).seconds > 3.5 * base
    tiled, smaller = (plan(scales=1, tile=side).seconds for side in (512, 128))
    assert base < tiled < smaller


def test_a_larger_style_image_takes_more():
    base = plan(scales=1)
    assert plan(scales=1, styles=STYLES * 3).memory > base.memory
    larger = plan(scales=1, style_scale=2.0)
    assert larger.memory > base.memory and larger.seconds > base.seconds


@pytest.mark.parametrize(
    ("text", "words"),
    [("gradientdescent:learning_rate=1", 0), ("adam", 4), ("rmsprop:learning_rate=5", 6), ("adam:average=0.9", 7)],
)
def test_an_optimiser_that_follows_the_gradient_takes_memory_for_what_it_keeps(text, words):
    pixels = 1024 * 768
    least, taken = (
        plan(scales=1, steps=100, optimizer=one).memory for one in ("gradientdescent:learning_rate=1", text)
    )
    assert taken - least == pytest.approx(12 * pixels * words)
    assert taken < plan(scales=1, optimizer="lbfgs", history=10).memory


def test_an_average_takes_a_tenth_more_evaluations():
    plain, averaged = (plan(scales=1, optimizer=one).seconds for one in ("adam", "adam:average=0.9"))
    assert 1.05 * plain < averaged < 1.15 * plain


def test_without_a_number_of_steps_descent_gets_more_and_rounds_what_they_allow():
    usual, descent, rounds = (
        [stage.steps for stage in plan(steps=0, optimizer=one).stages]
        for one in ("auto", "adam", "lbfgsb:rounds=10,evaluations=20")
    )
    assert all(more == pytest.approx(DESCENDING * less, abs=1) for less, more in zip(usual, descent, strict=True))
    assert rounds == [190] * len(usual)
    assert sum(stage.steps for stage in plan(optimizer="adam").stages) == 100
    assert sum(stage.steps for stage in plan(optimizer="lbfgsb:rounds=10,evaluations=20").stages) == 100


def test_the_line_of_a_plan_names_the_optimiser_and_its_rate():
    assert str(plan(scales=1, optimizer="adam:beta1=0.8")).startswith(
        "1024x768, adam:learning_rate=10,beta1=0.8, 100 steps in float32: about "
    )


@pytest.mark.parametrize(
    ("padding", "wraps", "sizes"),
    [
        ("wrap", (True, True), [(76, 104), (152, 204)]),
        ("wrap-x", (False, True), [(76, 104), (151, 204)]),
        ("reflect", (False, False), [(76, 102), (151, 203)]),
    ],
)
def test_sides_that_wrap_are_multiples_of_the_stride(padding, wraps, sizes):
    cost = dataclasses.replace(COST, wraps=wraps)
    outcome = plan(size=203, content=(149, 200), cost=cost, padding=padding)
    assert [stage.size for stage in outcome.stages] == sizes
    assert [stage.styles for stage in outcome.stages] == [((102, 102),), ((203, 203),)]


def test_margins_take_memory_and_time():
    plans = [plan(size=256, cost=dataclasses.replace(COST, wraps=wraps)) for wraps in ((False, False), (True, True))]
    for reflected, wrapping in zip(*(one.stages for one in plans), strict=True):
        more = (wrapping.height + 40) * (wrapping.width + 40) - wrapping.height * wrapping.width
        assert wrapping.seconds - reflected.seconds >= 0.99 * more * COST.seconds * wrapping.steps
        assert wrapping.memory - reflected.memory >= 0.99 * more * COST.memory
    tiled = [
        plan(size=256, tile=64, scales=1, cost=dataclasses.replace(COST, wraps=wraps)).stages[0]
        for wraps in ((False, False), (True, True))
    ]
    assert tiled[1].seconds > 1.1 * tiled[0].seconds and tiled[1].memory > tiled[0].memory
