"""A run's folder: one process at a time, never a half-written state, and nothing else is touched."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.checkpoints.run_state import RunState
from nstgraph.checkpoints.state_files import states
from nstgraph.errors import CheckpointError
from nstgraph.graph.own_pictures import KeptPicture
from nstgraph.pictures.picture import Picture, PictureSet

RANDOM = np.random.default_rng(0)
WHOLE = RANDOM.integers(0, 256, (1, 30, 40, 3)).astype(np.float32)
PICTURES = PictureSet(
    Picture(WHOLE, RANDOM.uniform(0, 1, (30, 40)).astype(np.float32), "c.png", profile=b"ICC\0"),
    (Picture(WHOLE / 2, None, "s.png"), Picture(WHOLE[:, ::-1], None, "t.png")),
    (Picture(WHOLE[:, :, ::-1], None, "start.png"), Picture(WHOLE[:, ::-1, ::-1], None, "other.png")),
)


def state(number):
    return RunState(0, np.full((1, 30, 40, 3), number, np.float32), ())


def test_a_run_is_opened_as_it_was_kept(tmp_path):
    with Checkpoint.create(tmp_path / "a" / "b", {"x": 1}, PICTURES) as made:
        assert made.state is None
        made.keep(lambda: state(1), now=True)
        made.keep(lambda: state(2), now=True)
    with Checkpoint.open(tmp_path / "a" / "b") as opened:
        assert opened.about == {"x": 1} and opened.state is not None and opened.state.image[0, 0, 0, 0] == 2
        old = (PICTURES.content, *PICTURES.styles, *PICTURES.starts)
        new = (opened.pictures.content, *opened.pictures.styles, *opened.pictures.starts)
        for before, after in zip(old, new, strict=True):
            np.testing.assert_array_equal(before.rgb, after.rgb, strict=True)
            assert (before.name, before.alpha is None) == (after.name, after.alpha is None)
            assert before.profile == after.profile
        np.testing.assert_array_equal(PICTURES.content.alpha, opened.pictures.content.alpha)


def test_pictures_of_terms_are_kept_beside_the_others(tmp_path):
    own = [KeptPicture(PICTURES.styles[1], "ab" * 32), KeptPicture(PICTURES.content, "cd" * 32)]
    about = {"pictures": [{"sha256": kept.sha256} for kept in own]}
    Checkpoint.create(tmp_path / "f", about, PICTURES, own).close()
    with Checkpoint.open(tmp_path / "f") as opened:
        assert len(opened.pictures.styles) == 2
        for before, after in zip(own, opened.own, strict=True):
            np.testing.assert_array_equal(before.picture.rgb, after.picture.rgb, strict=True)
            assert (before.picture.name, before.sha256) == (after.picture.name, after.sha256)
    for number, damaged in enumerate([{}, {"pictures": about["pictures"][:1]}, {"pictures": "ab"}]):
        Checkpoint.create(tmp_path / str(number), damaged, PICTURES, own).close()
        with pytest.raises(CheckpointError, match="the terms' pictures in the checkpoint are damaged"):
            Checkpoint.open(tmp_path / str(number))


def test_states_are_written_no_more_often_than_asked_for(tmp_path):
    with Checkpoint.create(tmp_path / "f", {}, PICTURES) as checkpoint:
        checkpoint.every(3600)
        checkpoint.keep(lambda: pytest.fail("not yet"))
        checkpoint.every(0)
        for number in range(4):
            checkpoint._due = 0.0  # as after a while
            checkpoint.keep(lambda number=number: state(number))
    assert list(states(tmp_path / "f")) == [3, 4]


@pytest.mark.parametrize("damage", ["cut", "empty", "gone"])
def test_a_damaged_state_is_never_read_but_the_one_before_it(tmp_path, damage):
    with Checkpoint.create(tmp_path / "f", {}, PICTURES) as checkpoint:
        for number in (1, 2):
            checkpoint.keep(lambda number=number: state(number), now=True)
    newest = states(tmp_path / "f")[2]
    if damage == "gone":
        newest.unlink()
    else:
        newest.write_bytes(newest.read_bytes()[: 5000 * (damage == "cut")])
    with Checkpoint.open(tmp_path / "f") as opened:
        assert opened.state is not None and opened.state.image[0, 0, 0, 0] == 1
        opened.keep(lambda: state(3), now=True)
    with Checkpoint.open(tmp_path / "f") as opened:
        assert opened.state is not None and opened.state.image[0, 0, 0, 0] == 3


def test_a_state_that_cannot_be_written_is_said_once_and_ends_nothing(tmp_path):
    said = []
    folder, away = tmp_path / "f", tmp_path / "away"
    with Checkpoint.create(folder, {}, PICTURES) as checkpoint:
        checkpoint.every(0, said.append)
        for _ in range(3):
            checkpoint.keep(lambda: state(1), now=True)
            folder.rename(away)
            for _ in range(2):
                checkpoint.keep(lambda: state(2), now=True)
            assert not checkpoint.begun
            away.rename(folder)
    (line,) = said
    assert line.startswith(f"no checkpoint was written (cannot write {folder}: ") and line.endswith("; the run goes on")


def test_after_a_state_that_was_not_written_the_newest_but_one_stays(tmp_path):
    def no_room():
        raise MemoryError

    with Checkpoint.create(tmp_path / "f", {}, PICTURES) as checkpoint:
        for make in (lambda: state(1), lambda: state(2), no_room, no_room, lambda: state(3)):
            checkpoint.keep(make, now=True)
            assert checkpoint.begun
    assert list(states(tmp_path / "f")) == [2, 3]


def test_what_a_kill_has_left_half_written_goes_with_the_next_process(tmp_path):
    folder = tmp_path / "f"
    folder.mkdir()
    for name in (".0123abcd-run.npz", ".0123abcd-state-000007.npz"):
        (folder / name).write_bytes(b"PK")
    with Checkpoint.create(folder, {}, PICTURES):
        assert sorted(os.listdir(folder)) == ["lock", "run.npz"]
    (folder / ".0123abcd-state-000001.npz").write_bytes(b"PK")
    checkpoint = Checkpoint.open(folder)
    checkpoint.remove()
    assert not folder.exists()


def test_a_folder_is_one_process_s(tmp_path):
    with Checkpoint.create(tmp_path / "f", {}, PICTURES):
        with pytest.raises(CheckpointError, match="another process is at work"):
            Checkpoint.open(tmp_path / "f")
        assert Checkpoint.in_use(tmp_path / "f")
        line = "import sys, pathlib; from nstgraph.checkpoints.checkpoint import Checkpoint as C; "
        line += "print(C.in_use(pathlib.Path(sys.argv[1])))"
        command = [sys.executable, "-c", line, str(tmp_path / "f")]
        assert subprocess.check_output(command, text=True) == "True\n"
    assert not Checkpoint.in_use(tmp_path / "f")
    Checkpoint.open(tmp_path / "f").close()


def test_a_folder_with_a_run_or_other_files_is_left_alone(tmp_path):
    Checkpoint.create(tmp_path / "f", {}, PICTURES).close()
    with pytest.raises(CheckpointError, match=r"nstgraph resume .*f; or delete it"):
        Checkpoint.create(tmp_path / "f", {}, PICTURES)
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "mine.txt").write_text("x")
    with pytest.raises(CheckpointError, match="holds other files"):
        Checkpoint.create(tmp_path / "g", {}, PICTURES)
    assert os.listdir(tmp_path / "g") == ["mine.txt"]
    with pytest.raises(CheckpointError, match=r"nothing can be kept in .*run\.npz \(File exists\)"):
        Checkpoint.create(tmp_path / "f" / "run.npz", {}, PICTURES)


def test_what_is_removed_is_its_own(tmp_path):
    checkpoint = Checkpoint.create(tmp_path / "f", {}, PICTURES)
    checkpoint.keep(lambda: state(1), now=True)
    (tmp_path / "f" / "mine.txt").write_text("x")
    checkpoint.remove()
    assert os.listdir(tmp_path / "f") == ["mine.txt"]
    checkpoint = Checkpoint.create(tmp_path / "h", {}, PICTURES)
    checkpoint.remove()
    assert not (tmp_path / "h").exists()


def test_no_run_is_said_in_words(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CheckpointError, match="there is no run in"):
            Checkpoint.open(folder)
