"""A picture of a batch: from bytes to bytes, known again, and gone on with where it was."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nstgraph import Config, stylize
from nstgraph.batch.folder import BatchFolder
from nstgraph.batch.identity import Identities
from nstgraph.batch.job import Job
from nstgraph.batch.work import Parcel, work
from nstgraph.errors import Interrupted
from nstgraph.pictures.load import load
from nstgraph.run.stylizers import Stylizers

SMALL = Config(size=48, steps=4, scales=2, precision="float32", loss="content:layer=conv1_1 style:layers=conv1_1")


@pytest.fixture(scope="module")
def stylizers():
    with Stylizers() as stylizers:
        yield stylizers


@pytest.fixture
def job(picture_folder):
    return Job(Path("c.png"), (Path("s.png"),), SMALL, picture_folder / "out.png")


def parcel(job, folder):
    pictures = tuple((str(path), path.read_bytes()) for path in job.pictures)
    return Parcel(pictures, job.config, Identities().weights(job.config), folder)


def test_the_bytes_are_those_of_a_single_run_and_are_known_again(job, stylizers, tmp_path, save_picture):
    outcome = work(parcel(job, tmp_path / "none" / "kept"), stylizers)
    stylize("c.png", "s.png", SMALL).save("alone.png")
    assert outcome.picture == Path("alone.png").read_bytes()
    assert outcome.steps == 4 and outcome.losses["total"] > 0 and not outcome.fault
    assert not Identities().is_done(job)
    job.target.write_bytes(outcome.picture)
    assert Identities().is_done(job)
    key = Identities().key(job)
    for changed in ({"seed": 5}, {"loss": "content:layer=conv2_1"}, {"init": "s.png"}):
        other = dataclasses.replace(job, config=SMALL.replace(**changed))
        assert not Identities().is_done(other) and Identities().key(other) != key
    assert Identities().is_done(dataclasses.replace(job, config=SMALL.replace(memory=8.0)))
    save_picture("s.png", 44, 40)
    assert not Identities().is_done(job)


def test_a_run_that_was_cut_off_between_sizes_goes_on_to_the_same_pixels(job, stylizers, tmp_path):
    (tmp_path / "kept").mkdir()
    sent = parcel(job, tmp_path / "kept" / "one")

    def cut_off(step, image):
        if step.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        work(sent, stylizers, cut_off)
    assert list(sent.checkpoint.glob("state-*.npz"))
    newest = max(sent.checkpoint.glob("state-*.npz"))
    newest.unlink()  # as a kill would have left it: what the interruption itself has kept is gone
    outcome = work(sent, stylizers)
    assert outcome.steps == 4
    Path("resumed.png").write_bytes(outcome.picture)
    stylize("c.png", "s.png", SMALL).save("alone.png")
    assert np.array_equal(load("resumed.png").rgb, load("alone.png").rgb)
    assert not sent.checkpoint.exists()


def test_our_own_errors_are_an_outcome(job, stylizers, tmp_path):
    sent = parcel(job, tmp_path / "none" / "kept")
    broken = dataclasses.replace(sent, pictures=(("c.png", b"no picture"), sent.pictures[1]))
    assert "c.png is not a picture" in work(broken, stylizers).fault
    other = dataclasses.replace(sent, weights_sha256="0" * 64)
    assert "is not the weights file that the batch was begun with" in work(other, stylizers).fault


def test_a_changed_mask_makes_a_result_another_one(job, stylizers, tmp_path):
    mask = np.linspace(0, 255, 48 * 36).reshape(36, 48).astype(np.uint8)
    Image.fromarray(mask).save("m.png")
    masked = dataclasses.replace(job, config=SMALL.replace(content_strength="m.png"))
    job.target.write_bytes(work(parcel(masked, tmp_path / "none" / "kept"), stylizers).picture)
    assert Identities().is_done(masked)
    Image.fromarray(255 - mask).save("m.png")
    assert not Identities().is_done(masked)


def test_a_table_that_is_not_a_batch_s_is_left_alone(job, tmp_path):
    (tmp_path / "results.csv").write_text("mine\n")
    with pytest.raises(Exception, match="is not the table of a batch"):
        BatchFolder(tmp_path, [job])
    assert (tmp_path / "results.csv").read_text() == "mine\n"
