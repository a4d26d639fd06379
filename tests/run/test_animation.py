"""An animation of a run."""

from __future__ import annotations

import gc
import tempfile

import numpy as np
import pytest
from PIL import Image

from nstgraph.errors import OutputError
from nstgraph.run.animation import Animation
from nstgraph.run.result import Result
from nstgraph.search.step import Step


def grey(value, height, width):
    return np.full((1, height, width, 3), value, np.float32)


def result(height=24, width=32, alpha=None):
    return Result(grey(250, height, width), alpha, (grey(0, 24, 32),), (), "finished", 3, {"nstgraph": "0"})


def run(animation, steps, sizes=((12, 16), (24, 32))):
    """Steps at two sizes, brighter and brighter."""
    for number in range(1, steps + 1):
        height, width = sizes[number > steps / 2]
        animation(Step(number, 1.0, {}, height, width), grey(20 * number, height, width))


def frames(path):
    """Grey levels and durations of the frames of a file, and its size."""
    with Image.open(path) as image:
        found = []
        for number in range(image.n_frames):
            image.seek(number)
            image.load()  # a WebP's duration is known only then
            found.append((round(float(np.asarray(image.convert("RGB")).mean()), -1), image.info["duration"]))
        return found, image.size, image.info.get("loop")


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".GIF"])
def test_frames_go_from_the_first_step_to_the_result(tmp_path, suffix):
    animation = Animation(10, frames=4)
    run(animation, 10)
    assert animation.save(tmp_path / f"a{suffix}", result()) == tmp_path / f"a{suffix}"
    found, size, loop = frames(tmp_path / f"a{suffix}")
    assert [level for level, _ in found] == [20, 80, 140, 250] and size == (32, 24) and loop == 0
    durations = [duration for _, duration in found]
    assert durations == [80, 80, 80, 2500]
    with pytest.raises(OutputError, match="exists"):
        animation.save(tmp_path / f"a{suffix}", result())
    animation.save(tmp_path / f"a{suffix}", result(), overwrite=True)
    assert frames(tmp_path / f"a{suffix}")[0] == found


@pytest.mark.parametrize(("steps", "number", "expected"), [(3, 50, 3), (1, 50, 1), (200, 50, 50), (7, 2, 2)])
def test_there_are_as_many_frames_as_were_asked_for_or_steps(tmp_path, steps, number, expected):
    animation = Animation(steps, frames=number)
    for step in range(1, steps + 1):
        animation(Step(step, 1.0, {}, 24, 32), grey(step, 24, 32))
    animation.save(tmp_path / "a.png", result())
    assert len(frames(tmp_path / "a.png")[0]) == expected + (steps == 1)


def test_a_run_that_was_cut_off_has_the_frames_there_were(tmp_path):
    animation = Animation(1000, frames=10)
    run(animation, 3)
    animation.save(tmp_path / "a.gif", result())
    assert [level for level, _ in frames(tmp_path / "a.gif")[0]] == [20, 250]


def test_frames_are_no_larger_than_what_one_looks_at(tmp_path):
    animation = Animation(2, frames=2)
    animation(Step(1, 1.0, {}, 1500, 300), grey(40, 1500, 300))
    animation.save(tmp_path / "a.webp", result(1500, 300))
    assert frames(tmp_path / "a.webp")[1] == (128, 640)
    assert animation._length == 3 * 128 * 640


def test_what_is_transparent_is_white(tmp_path):
    alpha = np.zeros((24, 32), np.float32)
    alpha[:, 16:] = 1
    animation = Animation(2, frames=2)
    animation(Step(1, 1.0, {}, 24, 32), grey(40, 24, 32))
    animation.save(tmp_path / "a.png", result(alpha=alpha))
    with Image.open(tmp_path / "a.png") as image:
        first = np.asarray(image.convert("RGB"))
    assert (first[:, :16] == 255).all() and (first[:, 16:] == 40).all()


def test_a_full_disk_costs_frames_and_nothing_else(tmp_path, monkeypatch, files_end_at):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    animation = Animation(10, frames=10)
    with files_end_at(3 * 12 * 16 * 2 + 100):
        run(animation, 10)
    animation.save(tmp_path / "a.png", result())
    assert [level for level, _ in frames(tmp_path / "a.png")[0]] == [20, 40, 250]


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    animation = Animation(10)
    run(animation, 10)
    del animation
    gc.collect()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.mp4", "a", "nowhere/a.gif"])
def test_what_cannot_be_written_is_refused(tmp_path, name):
    animation = Animation(2)
    with pytest.raises(OutputError, match=r"end its name in \.gif or \.webp or \.png|does not exist"):
        animation.save(tmp_path / name, result())
