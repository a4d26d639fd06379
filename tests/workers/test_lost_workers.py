"""A search whose workers end, or hang, in the middle ends with the picture that it would have had."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nstgraph as nst
from nstgraph.pictures.load import load

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals of Unix"),
]

SETTINGS = {"size": 128, "scales": 1, "tile": 48, "steps": 9, "precision": "float32", "optimizer": "lbfgsb"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Photo and painting of the demo."""
    from nstgraph.demo.draw import draw

    photo, painting = draw(tmp_path_factory.mktemp("pair"))
    return photo, painting


def test_one_is_killed_and_one_is_stopped_and_the_picture_is_the_same(pair, worker_processes, caplog):
    expected = nst.stylize(*pair, **SETTINGS)
    (killed, first), (stopped, second), (kept, _) = worker_processes(3)

    seen = []

    def callback(step, image):
        seen.append(step)
        if len(seen) == 2:
            first.kill()
        if len(seen) == 4:
            os.kill(second.pid, signal.SIGSTOP)

    workers = nst.Workers(killed, stopped, kept, patience=20.0)
    result = nst.stylize(*pair, workers=workers, callback=callback, **SETTINGS)
    assert "on 3 workers" in result.settings["stages"][0]
    assert len(result.history) == len(expected.history) == 9
    assert [step.total for step in result.history] == pytest.approx([step.total for step in expected.history], rel=1e-4)
    assert np.abs(result.image - expected.image).max() <= 1e-4 * 255
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(" is given up")[0] for line in lines] == [f"worker {killed}", f"worker {stopped}"]
    assert lines[1].endswith("it has not answered for 20 s; its tiles go to the other one")


def test_a_command_whose_workers_are_all_lost_ends_with_its_picture(pair, worker_processes, tmp_path):
    (killed, first), (stopped, second) = worker_processes(2)
    settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
    alone, shared = tmp_path / "alone.png", tmp_path / "shared.png"
    start = [sys.executable, "-m", "nstgraph", "stylize", *map(str, pair), *settings]
    subprocess.run([*start, "-o", alone], check=True, capture_output=True)
    command = [*start, "-o", shared, "--workers", f"{killed},{stopped}", "--worker-timeout", "4"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        lines = []
        for line in run.stderr:
            lines.append(line)
            if line.startswith("step 2/"):
                first.kill()
            if line.startswith("step 4/"):
                os.kill(second.pid, signal.SIGSTOP)
        assert run.wait(30) == 0  # it does not wait for sessions of workers that are gone
    given_up = [line for line in lines if "is given up" in line]
    assert len(given_up) == 2
    assert "its tiles go to this machine" in given_up[1]
    difference = load(alone).rgb - load(shared).rgb
    assert np.abs(difference).max() <= 1  # a byte's rounding


def test_ctrl_c_ends_a_worker_in_a_line(worker_processes):
    ((_, process),) = worker_processes(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


def test_two_workers_cannot_share_a_port(worker_processes):
    ((address, _),) = worker_processes(1)
    second = subprocess.run(
        [sys.executable, "-m", "nstgraph", "worker", "--bind", address], capture_output=True, text=True, check=False
    )
    assert second.returncode == 2
    assert second.stderr.startswith(f"nstgraph: cannot listen at {address} ")
    assert len(second.stderr.splitlines()) == 1
