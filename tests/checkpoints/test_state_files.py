"""Which state a run goes on from, and when it does not begin anew."""

from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

from nstgraph.checkpoints.run_state import RunState, write_state
from nstgraph.checkpoints.state_files import half_written, newest, state_path, states
from nstgraph.errors import CheckpointError


@pytest.fixture
def folder(tmp_path):
    """A folder with three states, by whose number the image is filled."""
    for number in (1, 2, 3):
        write_state(state_path(tmp_path, number), RunState(0, np.full((1, 4, 5, 3), number, np.float32), ()))
    return tmp_path


def test_files_that_are_no_states_are_left_out(folder):
    for name in ("state-4.npz", "state-000004.npz.bak", "my-state-000004.npz", ".01234567-state-000004.npz"):
        (folder / name).write_bytes(b"")
    assert list(states(folder)) == [1, 2, 3]
    assert [path.name for path in half_written(folder)] == [".01234567-state-000004.npz"]


def test_the_newest_that_is_whole_is_taken(folder):
    assert newest(folder).image[0, 0, 0, 0] == 3
    state_path(folder, 3).write_bytes(b"PK")
    assert newest(folder).image[0, 0, 0, 0] == 2


def test_where_no_state_is_left_the_run_begins_anew_but_not_where_all_are_damaged(folder):
    for path in states(folder).values():
        path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(CheckpointError, match=r"damaged or not a checkpoint's; copy the folder again, or delete its"):
        newest(folder)
    for path in states(folder).values():
        path.unlink()
    assert newest(folder) is None


@pytest.mark.parametrize(
    ("fault", "raised", "message"),
    [
        (MemoryError(), MemoryError, "^$"),
        (OSError(5, os.strerror(5)), CheckpointError, rf"state-000003\.npz cannot be read \({os.strerror(5)}\)$"),
    ],
)
def test_a_fault_of_the_machine_is_no_damage(folder, monkeypatch, fault, raised, message):
    def fails(*_):
        raise fault

    monkeypatch.setattr(zipfile.ZipFile, "read", fails)
    with pytest.raises(raised, match=message):
        newest(folder)
