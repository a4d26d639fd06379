"""The folder of finished frames: kept, known again, and nobody else's."""

from __future__ import annotations

import re

import numpy as np
import pytest

from nstgraph.errors import CheckpointError
from nstgraph.video.finished_frames import FinishedFrames, folder_beside

MADE = {"size": 48, "loss": "style", "content": "abc"}


def frame(grey):
    return np.full((24, 32, 3), grey, np.uint8)


def test_frames_are_there_for_the_same_run_and_refused_for_another(tmp_path):
    target = tmp_path / "out.mp4"
    with FinishedFrames(target, MADE) as finished:
        for number in (1, 2, 4):
            finished.write(number, frame(number))
        with pytest.raises(CheckpointError, match="another run is at work on"):
            FinishedFrames(target, MADE).__enter__()
    with FinishedFrames(target, dict(reversed(MADE.items()))) as finished:
        assert len(finished) == 2 and finished.has(4) and not finished.has(3)
        assert (finished.read(2) == frame(2)).all()
    message = "were made with another size, loss; go on with that, delete the folder, or choose another -o"
    with pytest.raises(CheckpointError, match=re.escape(message)):
        FinishedFrames(target, {**MADE, "size": 64, "loss": "tv"}).__enter__()
    with FinishedFrames(target, MADE) as finished:
        finished.remove()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_of_a_run_without_frames_and_no_folder_of_others_is_touched(tmp_path):
    target = tmp_path / "out.mp4"
    with pytest.raises(ZeroDivisionError), FinishedFrames(target, MADE):
        raise ZeroDivisionError
    folder = folder_beside(target)
    assert not folder.exists()
    folder.mkdir()
    (folder / "precious.txt").write_text("mine")
    with pytest.raises(CheckpointError, match="is there, and not a run's; move it away"):
        FinishedFrames(target, MADE).__enter__()
    assert [path.name for path in folder.iterdir()] == ["precious.txt"]
    (folder / "run.json").write_text("[")
    with pytest.raises(CheckpointError, match="is damaged; delete"):
        FinishedFrames(target, MADE).__enter__()
