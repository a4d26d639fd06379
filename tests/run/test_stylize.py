"""A run that is cut off, in Python, and gone on with."""

from __future__ import annotations

import json

import numpy as np
import pytest
from drawn_pictures import landscape, painting
from PIL import Image

from nstgraph import Config, Interrupted, resume, stylize
from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.checkpoints.resumed import resumed
from nstgraph.errors import CheckpointError, ConfigError, PictureError, RunError
from nstgraph.pictures.save import save

CONTENT, STYLE = landscape(96, 72), painting(80, 80)
LOSS = "0.1*content:layer=image style:layers=image"  # no layer, since TensorFlow takes its time over each
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
@pytest.mark.parametrize("number", [13, *(pytest.param(number, marks=pytest.mark.slow) for number in (1, 14, 20, 24))])
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
    assert result.evaluations >= before.evaluations and result.settings == {
        **whole.settings,
        "resumed": number not in (13, 24),
    }
    if number in (13, 24):  # between sizes, or at the end
        assert np.array_equal(result.image, whole.image)
    last = min(step.total for step in result.history[13:])
    assert last < 1.01 * whole.history[-1].total or number > 13  # the last steps are few: see the slow tests
    assert last < 1.1 * whole.history[-1].total


@pytest.mark.parametrize("keep", ["best", pytest.param("last", marks=pytest.mark.slow)])
def test_a_run_with_adam_goes_on_though_its_means_are_forgotten(tmp_path, keep):
    """It begins anew at the image that was kept, so that it ends near, and not at, the loss of the whole run."""
    settings = SMALL.replace(optimizer=f"adam:learning_rate=4,keep={keep}", scales=1, steps=60)
    whole = stylize(CONTENT, STYLE, settings)
    with pytest.raises(Interrupted) as raised:
        stylize(CONTENT, STYLE, settings, checkpoint=tmp_path / "f", callback=cut_at(25, KeyboardInterrupt()))
    result = resume(tmp_path / "f")
    assert result.settings == {**whole.settings, "resumed": True} and result.reason == whole.reason
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

    monkeypatch.setattr("nstgraph.run.outcome.Result", no_memory)
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


@pytest.fixture
def mask(tmp_path):
    """A file with the left half of the photo, white on black."""
    half = np.zeros((36, 48), np.uint8)
    half[:, :24] = 255
    Image.fromarray(half).save(tmp_path / "half.png")
    return tmp_path / "half.png"


def test_a_run_with_masks_goes_on_without_their_files(tmp_path, mask):
    settings = SMALL.replace(
        mask=(mask, 255 - np.asarray(Image.open(mask))), style_mask=("none", mask.with_name("s.png")), feather=5,
        content_strength=mask, style_weights=(1, 2), style_scale=(1, 0.5), blending="sum",
        loss="content:layer=image style:layers=image",
    )  # fmt: skip
    Image.new("L", (60, 60), 255).save(tmp_path / "s.png")
    styles = [STYLE, painting(70, 70)]
    whole = stylize(CONTENT, styles, settings)
    with pytest.raises(Interrupted):
        stylize(CONTENT, styles, settings, checkpoint=tmp_path / "f", callback=cut_at(14, KeyboardInterrupt()))
    mask.unlink()
    (tmp_path / "s.png").unlink()
    result = resume(tmp_path / "f")
    assert {**result.settings, "resumed": False} == whole.settings and len(result.history) == 24
    assert result.settings["mask"] == ["half.png", "array"] and result.settings["style_mask"] == ["none", "s.png"]
    assert [own["beside"] for own in result.settings["pictures"]] == ["content", "generated", "style_1", "generated"]
    assert all(len(own["sha256"]) == 64 for own in result.settings["pictures"])


def test_settings_with_masks_make_a_configuration_where_their_files_are(tmp_path, mask, monkeypatch):
    settings = SMALL.replace(mask=mask, content_strength=mask, feather=2, style_mask=None, steps=2, scales=1)
    carried = json.loads(stylize(CONTENT, STYLE, settings).metadata["nstgraph"])
    monkeypatch.chdir(tmp_path)
    config = Config.from_settings(carried)
    assert (config.mask, config.content_strength, config.style_mask) == ((str(mask),), str(mask), ("none",))
    mask.unlink()
    with pytest.raises(ConfigError, match=r"^mask 'half.png' is not found here; give mask itself, such as its path$"):
        Config.from_settings(carried)
    assert Config.from_settings(carried, mask=("other.png",), content_strength=None).mask == ("other.png",)


def test_too_little_of_a_mask_is_refused_before_the_search():
    dot = np.zeros((72, 96), np.uint8)
    dot[10:12, 10:12] = 255
    message = r"^array leaves 0\.\d+ positions of the deepest layer at the smallest size, 32 x 24; make it larger there"
    with pytest.raises(PictureError, match=message):
        stylize(CONTENT, STYLE, SMALL.replace(mask=dot, loss="style:layers=conv1_1"))


def test_a_folder_of_styles_is_all_its_pictures(tmp_path):
    for number in range(2):
        save(tmp_path / f"{number}.png", painting(40 + 8 * number, 40))
    result = stylize(CONTENT, tmp_path, SMALL.replace(steps=1, scales=1, style_weights=(1, 3)))
    assert [picture.shape[1:3] for picture in result.pictures] == [(72, 96), (40, 40), (40, 48)]
    with pytest.raises(ConfigError, match=r"^style_weights has 3 shares for 2 style images; give one for each$"):
        stylize(CONTENT, tmp_path, SMALL.replace(style_weights=(1, 2, 3)))
    with pytest.raises(
        ConfigError, match=r"^style_scale has 3 numbers for 1 style image; give one for all, or one for"
    ):
        stylize(CONTENT, STYLE, SMALL.replace(style_scale=(1, 2, 3)))
