"""Runs through several sizes: where low precision stalls, where TensorFlow fails, and in tiles."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import re
import shutil

import numpy as np
import pytest
from drawn_pictures import landscape, painting

from nstgraph import Config, Interrupted, Stylizer, stylize, tf
from nstgraph.errors import ConfigError, RunError
from nstgraph.hooks import SummaryHook
from nstgraph.losses.loss import LossTerm
from nstgraph.networks.weights_file import embedded
from nstgraph.pictures.load import load
from nstgraph.pictures.resize import resize
from nstgraph.search.optimizer import as_optimizer
from nstgraph.search.optimizer_kinds import KINDS

CONTENT, STYLE = landscape(96, 72), painting(80, 80)
SMALL = Config(size=64, scales=2, steps=10, loss="style:layers=conv1_1", precision="float32")


def term(function):
    return LossTerm(function.__name__, function, "here")()


def distance(image, content):
    """Mean square distance, in which columns count differently."""
    columns = 1 + np.arange(image.shape[2])[:, None]
    return float((np.square((image - content) / 255) * columns).mean())


@term
def stepwise(g):
    """The same plus 1, in the network's precision: in bfloat16, it changes by 1/128 or not at all."""
    error = (g.generated.image - g.content.image) / 255
    columns = tf.cast(1 + tf.range(tf.shape(error)[2]), tf.float32)[:, None]
    return tf.cast(tf.cast(1 + g.mean(tf.square(error) * columns), g.network.dtype), tf.float32)


STALLING = Config(loss=stepwise, size=48, scales=1, steps=40, init="noise", precision="bfloat16")


def in_float32(result):
    steps = re.search(r", (\d+) of them in float32, to go on where bfloat16 stalled$", result.reason)
    return int(steps[1]) if steps else 0


@pytest.mark.parametrize(
    "optimizer", ["auto", *(pytest.param(name, marks=pytest.mark.slow) for name in ("lbfgs", "lbfgsb"))]
)
def test_a_search_that_stalls_in_low_precision_finishes_in_float32(optimizer):
    images = []
    result = stylize(
        CONTENT, STYLE, STALLING, optimizer=optimizer, callback=lambda step, image: images.append(image.copy())
    )
    target = resize(CONTENT, 36, 48)
    exact = in_float32(result)
    assert 1 <= exact < len(images) == len(result.history) <= 40
    stalled = distance(images[-exact - 1], target)
    assert stalled < 0.1 < distance(images[0], target)
    assert distance(images[-1], target) < 0.01 * stalled
    assert np.abs(result.image - target).mean() < 1
    assert result.settings["precision"] == "bfloat16"
    # Values that bfloat16 can tell apart, then others.
    totals = np.array([step.total for step in result.history], np.float32)
    assert (totals[:-exact].view(np.uint32) % 2**16 == 0).all() and (totals[-exact:].view(np.uint32) % 2**16 > 0).any()


def test_a_search_in_float32_is_not_said_to_go_on_in_it():
    result = stylize(CONTENT, STYLE, STALLING, precision="float32", steps=10)
    assert result.reason == "finished after 10 of 10 steps"


def test_steps_are_counted_across_sizes_and_precisions():
    result = stylize(CONTENT, STYLE, STALLING, size=96, scales=2, steps=80)
    assert in_float32(result) > 0
    assert [step.step for step in result.history] == list(range(1, len(result.history) + 1))
    assert {(step.width, step.height) for step in result.history} == {(48, 36), (96, 72)}
    assert f" after {len(result.history)} of 80 steps" in result.reason
    assert result.history[0].done > 0 and result.history[-1].done <= 1 + 1e-9
    for before, after in itertools.pairwise(result.history):
        assert before.width <= after.width
        assert before.done < after.done
        assert before.evaluations < after.evaluations
        assert before.seconds <= after.seconds


@pytest.fixture(scope="module")
def steps():
    """How many the run that stalls takes when it is not stopped."""
    return len(stylize(CONTENT, STYLE, STALLING).history)


@pytest.mark.parametrize("error", [StopIteration, KeyboardInterrupt])
def test_the_part_in_float32_can_be_stopped(steps, error):
    def stop(step, image):
        if step.step == steps - 2:
            raise error

    try:
        result = stylize(CONTENT, STYLE, STALLING, callback=stop)
    except Interrupted as interrupted:
        result = interrupted.result
    assert len(result.history) == steps - 2
    why = "stopped by the callback" if error is StopIteration else "interrupted"
    assert result.reason.startswith(f"{why} after {steps - 2} of 40 steps")
    assert np.abs(result.image - resize(CONTENT, 36, 48)).mean() < 1


def test_if_float32_does_not_fit_what_low_precision_reached_is_the_result():
    with Stylizer(STALLING.replace(tile="off")) as stylizer:
        plan = stylizer.plan(CONTENT, STYLE)
        stylizer.config = stylizer.config.replace(memory=0.01)  # as if others had taken the rest in the meantime
        with pytest.raises(ConfigError, match=r"0\.00 GB is available"):
            stylizer.exact.plan(CONTENT, STYLE)
        result = stylizer(CONTENT, STYLE, plan=plan)
    assert in_float32(result) == 0 and 0 < len(result.history) < 40
    assert result.reason.startswith(f"stopped after {len(result.history)} of 40 steps, as ")
    assert distance(result.image, resize(CONTENT, 36, 48)) < 0.1


def test_if_the_weights_are_gone_what_low_precision_reached_is_the_result(tmp_path):
    weights = shutil.copy(embedded(), tmp_path / "weights.npz")

    def remove(step, image):
        weights.unlink(missing_ok=True)

    result = stylize(CONTENT, STYLE, STALLING, weights=weights, callback=remove)
    assert in_float32(result) == 0 and 0 < len(result.history) < 40
    assert result.settings["weights"] == "weights.npz"
    assert result.settings["weights_sha256"] == hashlib.sha256(embedded().read_bytes()).hexdigest()


def test_weights_that_were_changed_are_those_of_the_part_in_float32():
    weight = 3.0
    with Stylizer(STALLING) as stylizer:
        stylizer.evaluator.weights["stepwise"] = weight
        result = stylizer(CONTENT, STYLE)
    exact = in_float32(result)
    assert exact > 0
    expected = weight * (1 + distance(result.image, resize(CONTENT, 36, 48)))
    assert result.history[-1].total == pytest.approx(expected, rel=1e-3)
    assert all(step.total >= weight for step in result.history)


def test_at_the_minimum_the_picture_comes_back_as_it_is():
    result = stylize(CONTENT, STYLE, size=48, scales=1, steps=5, loss="content:layer=image", precision="float32")
    assert np.abs(result.image - resize(CONTENT, 36, 48).clip(0, 255)).max() < 0.01
    assert result.history == ()
    assert result.reason == "stopped after 0 of 5 steps, as the starting image is already a minimum of the loss"


def towards(image):
    """A sum over positions with a minimum, to be added to what fails."""
    return tf.square((image - 100.0) / 255)


def evaluation_fails(g):
    image = g.generated.image
    with tf.control_dependencies([tf.debugging.assert_none_equal(tf.shape(image)[1], 72, message="this is too high")]):
        image = tf.identity(image)
    return g.mean(towards(image))


def binding_fails(g):
    image = g.content.image
    with tf.control_dependencies([tf.debugging.assert_none_equal(tf.shape(image)[1], 72, message="this is too high")]):
        image = tf.identity(image)
    return g.mean(towards(g.generated.image - image / 2))


def memory_fails(g):
    """At that height 400 TB are asked for, more than can be addressed."""
    image = g.generated.image
    count = tf.where(tf.equal(tf.shape(image)[1], 72), tf.constant(10**14, tf.int64), tf.constant(1, tf.int64))
    return g.mean(towards(image)) + tf.reduce_sum(tf.fill([count], 0.0))


FAILING = Config(size=96, scales=2, steps=6, precision="float32")


@pytest.mark.parametrize(
    ("function", "kind", "message", "remedy"),
    [
        (evaluation_fails, "InvalidArgumentError", "this is too high", "it comes from loss term 'evaluation_fails'"),
        (binding_fails, "InvalidArgumentError", "this is too high", "it comes from loss term 'binding_fails'"),
        pytest.param(
            memory_fails,
            "ResourceExhaustedError",
            "OOM when allocating",
            "use a smaller --memory, --tile or --size",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_failure_at_the_second_size_carries_the_result_of_the_first(function, kind, message, remedy):
    images = []
    with pytest.raises(RunError) as raised:
        stylize(CONTENT, STYLE, FAILING, loss=term(function), callback=lambda step, image: images.append(image))
    result = raised.value.result
    assert result.image.shape == (1, 72, 96, 3)
    assert {image.shape for image in images} == {(1, 36, 48, 3)}
    assert np.abs(resize(result.image, 36, 48) - images[-1]).mean() < 2
    assert len(result.history) == len(images) > 0
    assert result.reason.startswith(f"failed ({kind} at 96x72: ")
    assert result.reason.endswith(f") after {len(images)} of 6 steps")
    assert str(raised.value).startswith(f"{kind} at 96x72: ") and "\n" not in str(raised.value)
    assert str(raised.value).endswith(f"; {remedy}")
    assert message in str(raised.value) and message in result.reason
    assert isinstance(raised.value.__cause__, getattr(tf.errors, kind))


@pytest.mark.parametrize("function", [evaluation_fails, binding_fails])
def test_a_failure_before_the_first_step_has_nothing_to_carry(function):
    with pytest.raises(RunError, match=r"^InvalidArgumentError at ") as raised:
        stylize(CONTENT, STYLE, FAILING, scales=1, loss=term(function))
    assert raised.value.result is None


def test_after_a_failure_the_next_picture_is_served():
    with Stylizer(FAILING.replace(loss=term(evaluation_fails))) as stylizer:
        with pytest.raises(RunError):
            stylizer(CONTENT, [STYLE])
        upright = stylizer(CONTENT.transpose(0, 2, 1, 3).copy(), [STYLE])
    assert upright.image.shape == (1, 96, 72, 3)
    assert not upright.reason.startswith("failed")


def test_a_term_that_fails_whatever_the_size_is_no_traceback():
    def fails(g):
        image = g.generated.image
        with tf.control_dependencies([tf.debugging.assert_less(tf.shape(image)[1], 1)]):
            return g.mean(tf.identity(image))

    with pytest.raises(RunError, match=r"^the loss cannot be evaluated: ") as raised:
        stylize(CONTENT, STYLE, FAILING, loss=term(fails))
    assert raised.value.result is None and "\n" not in str(raised.value)


@pytest.fixture(scope="module")
def stylizer():
    loss = "content:layer=conv1_2 style:layers=conv1_1"
    with Stylizer(Config(size=128, scales=1, steps=4, loss=loss, precision="float32")) as stylizer:
        yield stylizer


PICTURES = load(resize(CONTENT, 96, 128)), [load(resize(STYLE, 100, 100))]


def run(stylizer, **changes):
    """With some choices of the plan changed."""
    changes.setdefault("history", 0 if ":" in changes.get("optimizer", "") else 10)
    plan = stylizer.plan(*PICTURES)
    stages = tuple(dataclasses.replace(stage, **changes) for stage in plan.stages)
    return stylizer(*PICTURES, plan=dataclasses.replace(plan, stages=stages))


@pytest.mark.parametrize(
    "optimizer",
    ["lbfgs", pytest.param("lbfgsb", marks=pytest.mark.slow), "momentum:learning_rate=1e6,momentum=0.5"],
)
def test_tiles_give_the_same_picture(stylizer, optimizer):
    whole = run(stylizer, optimizer=optimizer)
    tiled = run(stylizer, optimizer=optimizer, tile=64)
    assert np.abs(whole.image - PICTURES[0].rgb).mean() > 1
    assert np.abs(tiled.image - whole.image).max() < 0.1
    losses = [[step.total for step in result.history] for result in (tiled, whole)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5) and len(losses[0]) == 4


@pytest.mark.parametrize("keep", ["disk", pytest.param("recompute", marks=pytest.mark.slow)])
def test_where_targets_are_kept_does_not_matter(stylizer, keep):
    memory = run(stylizer, optimizer="lbfgs", tile=64)
    operations = len(stylizer.graph.graph.get_operations())
    other = run(stylizer, optimizer="lbfgs", tile=64, keep=keep)
    np.testing.assert_allclose(other.image, memory.image, atol=0.01)
    assert {"disk": "on disk", "recompute": "recomputed"}[keep] in other.settings["stages"][0]
    assert len(stylizer.graph.graph.get_operations()) == operations


def test_settings_name_what_was_chosen(stylizer):
    result = run(stylizer, optimizer="lbfgs", history=3, tile=64, steps=1)
    assert result.settings["stages"] == ["128x96 in tiles of 64 px, lbfgs with 3 corrections"]
    assert result.settings["precision"] == "float32"
    assert result.settings["tile"] == result.settings["optimizer"] == "auto"
    assert (result.reason, len(result.history)) == ("finished after 1 of 1 steps", 1)


def test_the_config_s_tile_is_that_of_every_larger_size():
    result = stylize(CONTENT, STYLE, size=96, scales=2, steps=2, tile=48, loss="tv", precision="float16", history=4)
    stages = result.settings["stages"]
    assert [stage.split(",")[0] for stage in stages] == ["48x36", "96x72 in tiles of 48 px"]
    assert all(stage.endswith("4 corrections") for stage in stages)
    assert result.settings["precision"] == "float16"


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OSError(28, "No space left on device"), "; free some space, or use a larger --memory"),
        (FileNotFoundError("x"), "x"),
    ],
)
def test_space_is_advised_only_where_it_was_missing(error, remedy):
    def callback(step, image):
        raise error

    with pytest.raises(RunError) as raised:
        stylize(CONTENT, STYLE, size=48, scales=1, steps=5, loss="style:layers=image", callback=callback)
    assert str(raised.value).endswith(remedy) and len(raised.value.result.history) == 1


def test_hooks_that_cannot_begin_are_said_to():
    with pytest.raises(RunError, match=r"^the session hooks cannot begin: .*nowhere"):
        Stylizer(Config(size=48, loss="tv", precision="float32"), hooks=[SummaryHook("/proc/nowhere/x")])


#: What lowers a loss that is a mean over a small picture in five steps.
RATES = {
    "adam": 5, "rmsprop": 1e5, "gradientdescent": 1e6, "momentum": 1e6, "adagrad": 1e5, "adadelta": 1e6, "ftrl": 1e5,
    "proximalgradientdescent": 1e6, "proximaladagrad": 1e5, "adagradda": 1e5,
}  # fmt: skip


#: Of which `minimize` is tested beside the search; a run takes each alike.
ALIKE = {*RATES} - {"adam", "momentum"}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in ALIKE else [])
        for name, kind in KINDS.items()
        if kind.train
    ],
)
def test_every_optimiser_of_tensorflow_paints(name):
    """Five steps at each of two sizes."""
    more = ",momentum=0.5" if name == "momentum" else ""
    text = f"{name}:learning_rate={RATES[name]}{more}"
    result = stylize(CONTENT, STYLE, SMALL, optimizer=text)
    assert result.reason == "finished after 10 of 10 steps"
    for size in (32, 64):
        totals = [step.total for step in result.history if step.width == size]
        assert len(totals) == 5 and totals[-1] < 0.99 * totals[0]
    assert result.settings["optimizer"] == text and result.evaluations == 12
    assert result.settings["stages"] == [f"{size}, {as_optimizer(text)}" for size in ("32x24", "64x48")]


def test_the_average_of_the_iterates_is_evaluated_too_and_counted():
    result = stylize(CONTENT, STYLE, SMALL, optimizer="adam:learning_rate=5,average=0.8")
    assert result.evaluations == 14 and len(result.history) == 10


def test_rounds_end_each_size():
    result = stylize(CONTENT, STYLE, SMALL, steps=0, optimizer="lbfgsb:rounds=2,evaluations=4")
    assert re.fullmatch(r"finished after \d+ of 12 steps", result.reason)
    assert result.evaluations <= 2 * 8 and {step.width for step in result.history} == {32, 64}


@pytest.mark.parametrize("precision", [pytest.param("bfloat16", marks=pytest.mark.slow), "float32"])
def test_a_rate_that_is_too_high_is_said_and_the_start_is_the_result(precision):
    result = stylize(CONTENT, STYLE, SMALL, steps=25, scales=1, precision=precision, optimizer="adam:learning_rate=1e6")
    why = "no step has led to a lower loss; choose a lower learning_rate"
    assert result.reason == f"stopped after 25 of 25 steps, as {why}"
    assert np.abs(result.image - resize(CONTENT, 48, 64).clip(0, 255)).max() < 1e-3
