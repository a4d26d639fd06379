"""A run that is cut off, in Python, and gone on with."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Config, Interrupted, resume, stylize
from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.checkpoints.resumed import resumed
from nstgraph.demo.landscape import landscape
from nstgraph.demo.painting import painting
from nstgraph.errors import CheckpointError, ConfigError, RunError

CONTENT, STYLE = landscape(96, 72), painting(80, 80)
LOSS = "0.1*content:layer=conv1_1 style:layers=conv1_1"  # one layer, since TensorFlow takes its time over each
SMALL = Config(size=64, scales=2, steps=24, loss=LOSS, precision="float32")


@pytest.fixture(scope="module")
def whole():
    return stylize(CONTENT, STYLE, SMALL)


def cut_at(number, error):
    def callback(step, image):
        if step.step == number:
            raise error

    return callback


# Two sizes, of 13 and 11 steps.
@pytest.mark.parametrize("number", [1, 13, 14, 20, 24])
def test_a_resumed_run_ends_as_the_whole_one(tmp_path, whole, number):
    with pytest.raises(Interrupted) as raised:
        stylize(CONTENT, STYLE, SMALL, checkpoint=tmp_path / "f", callback=cut_at(number, KeyboardInterrupt()))
    before = raised.value.result
    steps = []
    result = resume(tmp_path / "f", callback=lambda step, image: steps.append(step.step))
    assert steps == list(range(number + 1, 25))
    assert result.history[:number] == before.history and len(result.history) == 24
    assert [(s.width, s.height) for s in result.history] == [(s.width, s.height) for s in whole.history]
    assert result.reason.startswith("finished after 24 of 24 steps")
    assert result.evaluations >= before.evaluations and result.settings == whole.settings
    last = min(step.total for step in result.history[13:])
    assert last < 1.01 * whole.history[-1].total or number > 13  # the last steps are few: see the slow tests
    assert last < 1.1 * whole.history[-1].total


@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_run_with_adam_goes_on_though_its_means_are_forgotten(tmp_path, keep):
    """It begins anew at the image that was kept, so that it ends near, and not at, the loss of the whole run."""
    settings = SMALL.replace(optimizer=f"adam:learning_rate=4,keep={keep}", scales=1, steps=60)
    whole = stylize(CONTENT, STYLE, settings)
    with pytest.raises(Interrupted) as raised:
        stylize(CONTENT, STYLE, settings, checkpoint=tmp_path / "f", callback=cut_at(25, KeyboardInterrupt()))
    result = resume(tmp_path / "f")
    assert result.settings == whole.settings and result.reason == whole.reason
    assert result.history[:25] == raised.value.result.history and len(result.history) == 60
    lowest = [min(step.total for step in one.history) for one in (result, whole)]
    assert lowest[0] < 1.15 * lowest[1] < 0.9 * whole.history[0].total


def test_a_finished_run_gives_its_result_again(tmp_path, whole):
    first = stylize(CONTENT, STYLE, SMALL, checkpoint=tmp_path / "f")
    again = resume(tmp_path / "f", callback=lambda step, image: pytest.fail("it goes on"))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.image, whole.image)  # being kept changes nothing
    assert again.history == first.history and again.reason == first.reason


def test_a_run_that_its_callback_ended_gives_its_picture_again(tmp_path):
    first = stylize(CONTENT, STYLE, SMALL, checkpoint=tmp_path / "f", callback=cut_at(4, StopIteration()))
    assert first.reason.startswith("stopped by the callback after 4 of 24 steps")
    again = resume(tmp_path / "f", callback=lambda step, image: pytest.fail("it goes on"))
    np.testing.assert_array_equal(first.image, again.image)
    assert again.history == first.history


def test_a_photo_that_was_turned_by_numpy_is_kept_with_its_transparency(tmp_path):
    photo = np.dstack([CONTENT[0], np.linspace(0, 255, CONTENT[0, ..., 0].size).reshape(CONTENT.shape[1:3])])
    turned = np.rot90(photo.astype(np.float32))
    with pytest.raises(Interrupted) as raised:
        stylize(turned, STYLE, SMALL, checkpoint=tmp_path / "f", callback=cut_at(2, KeyboardInterrupt()))
    np.testing.assert_array_equal(resume(tmp_path / "f").alpha, raised.value.result.alpha)


def test_where_the_result_finds_no_memory_the_run_is_kept_and_the_failure_told(tmp_path, monkeypatch):
    def no_memory(**_):
        raise MemoryError

    monkeypatch.setattr("nstgraph.run.run.Result", no_memory)
    with pytest.raises(RunError, match="OSError at 32x24: lost") as raised:
        stylize(CONTENT, STYLE, SMALL, checkpoint=tmp_path / "f", callback=cut_at(4, OSError("lost")))
    assert raised.value.result is None
    with Checkpoint.open(tmp_path / "f") as checkpoint:
        assert checkpoint.state is not None and len(checkpoint.state.history) == 4


def test_whatever_a_callback_raises_can_be_gone_on_from(tmp_path):
    with pytest.raises(RunError, match="SystemExit at 32x24: 3"):
        stylize(CONTENT, STYLE, SMALL, checkpoint=tmp_path / "f", callback=cut_at(4, SystemExit(3)))
    assert len(resume(tmp_path / "f").history) == 24


def test_a_run_without_a_first_step_begins_anew(tmp_path, whole):
    stylize(CONTENT, STYLE, SMALL, checkpoint=tmp_path / "f")
    for path in (tmp_path / "f").glob("state-*"):
        path.unlink()
    np.testing.assert_array_equal(resume(tmp_path / "f").image, whole.image)


def test_the_checkpoint_of_another_run_is_refused(tmp_path):
    with pytest.raises(Interrupted):
        stylize(CONTENT, STYLE, SMALL, checkpoint=tmp_path / "f", callback=cut_at(20, KeyboardInterrupt()))
    (tmp_path / "g").mkdir()
    with pytest.raises(Interrupted):
        changes = {"size": 80, "checkpoint": tmp_path / "g", "callback": cut_at(2, KeyboardInterrupt())}
        stylize(CONTENT, STYLE, SMALL, **changes)
    for path in (tmp_path / "f").glob("state-*"):
        path.rename(tmp_path / "g" / path.name.replace("state-00", "state-99"))
    with pytest.raises(CheckpointError, match="begin anew"):
        resume(tmp_path / "g")


def test_settings_of_the_machine_may_differ(tmp_path):
    with pytest.raises(Interrupted):
        stylize(CONTENT, STYLE, SMALL, checkpoint=tmp_path / "f", callback=cut_at(2, KeyboardInterrupt()))
    with Checkpoint.open(tmp_path / "f") as checkpoint:
        about = checkpoint.about
    with pytest.raises(ConfigError, match="loss cannot be given to a run that goes on; choose from memory, network"):
        resumed(about, loss="style", steps=7)
    with pytest.raises(ConfigError, match="weigths cannot be given to a run that goes on; did you mean 'weights'"):
        resume(tmp_path / "f", weigths="c.npz")
    assert resumed(about, memory=7.5).memory == 7.5 and resumed(about).size == 64
    with pytest.raises(CheckpointError, match=r"c\.npz is not the file; give the one with the SHA-256 21685cf3"):
        resumed(about, weights="c.npz")
    moved = {**about, "config": {**about["config"], "weights": "/nowhere/w.npz"}}
    assert resumed(moved).weights.endswith("compact_vgg.npz")  # found by its hash
    with pytest.raises(CheckpointError, match=r"the file of /nowhere/w.npz was not found.*as --weights"):
        resumed({**moved, "sha256": "0" * 64})
    with pytest.raises(CheckpointError, match=r"damaged, or of another version, 0\.0"):
        resumed({**about, "config": {"size": 64}, "nstgraph": "0.0"})
    with pytest.raises(ConfigError, match="steps is"):
        resumed({**about, "config": {**about["config"], "steps": "many"}})
