"""A batch on a Dask cluster of two workers, one of which is killed in the middle of a picture."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from foreground import NSTGRAPH

import nstgraph as nst
from nstgraph.losses.registry import registry

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")

#: A term that is 0, and waits to be killed once a picture has come through its first size.
PLUGIN = """
import glob, os, time
import numpy as np
from nstgraph import loss_term, tf

def wait(image):
    if glob.glob("out/.nstgraph/checkpoints/*/state-*.npz"):
        try:
            os.mkdir("once")
        except FileExistsError:
            return np.float32(0)
        with open("once/pid.part", "w") as file:
            file.write(str(os.getpid()))
        os.rename("once/pid.part", "once/pid")
        time.sleep(300)
    return np.float32(0)

@loss_term
def waiting(g):
    called = tf.ensure_shape(tf.numpy_function(wait, [g.generated.image[:, :1, :1]], tf.float32), [])
    return 0 * g.mean(g.generated.image) + tf.stop_gradient(called)
"""


def batch_with_a_killed_worker(folder: Path, save_picture, photos: int, paintings: int, settings: dict) -> str:
    """Make a batch in a folder, of which a worker is killed, and return what was said."""
    for kind, count in (("c", photos), ("s", paintings)):
        (folder / kind).mkdir()
        for number in range(count):
            save_picture(folder / kind / f"{number}.png", settings["size"] + number, settings["size"] - 8)
    (folder / "waiting.py").write_text(PLUGIN)
    words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    words = ["c", "--style", "s", "-o", "out", "--plugin", "waiting.py", "--workers", "2", *words]
    batch = subprocess.Popen(
        [sys.executable, "-m", "nstgraph", "batch", *words],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    pid = folder / "once" / "pid"
    try:
        while not pid.exists() and batch.poll() is None:
            time.sleep(0.1)
        if batch.poll() is None:
            os.kill(int(pid.read_text()), signal.SIGKILL)
        said, _ = batch.communicate(timeout=900)
    finally:
        batch.kill()
    assert batch.returncode == 0 and pid.exists(), said
    return said


def check_all(folder: Path, settings: dict) -> None:
    """Every picture is there, and is that of a single run to the last byte."""
    registry.load_file(Path("waiting.py"))
    try:
        with open("out/results.csv", newline="") as file:
            table = list(csv.DictReader(file))
        names = {
            f"{photo.stem}-{painting.stem}.png" for photo in Path("c").iterdir() for painting in Path("s").iterdir()
        }
        assert {row["file"] for row in table} == names and {row["outcome"] for row in table} == {"done"}
        assert {path.name for path in Path("out").iterdir()} == {*names, "results.csv"}
        alone = nst.map([(row["content"], row["style"]) for row in table], **settings)
        for row, result in zip(table, alone, strict=True):
            result.save("alone.png", overwrite=True)
            assert Path("alone.png").read_bytes() == Path("out", row["file"]).read_bytes(), row["file"]
    finally:
        registry.remove("waiting")


LOSS = "content:layer=conv2_1 style:layers=conv1_1 waiting"


def test_a_killed_worker_costs_nothing_but_its_progress(empty_folder, save_picture):
    settings = {"size": 48, "steps": 4, "scales": 2, "precision": "float32", "loss": "style:layers=image waiting"}
    said = batch_with_a_killed_worker(empty_folder, save_picture, 2, 1, settings)
    assert "2 workers on this machine" in said and "2 of 2:" in said and "Traceback" not in said, said
    check_all(empty_folder, settings)


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_reached_and_leaves_no_process(empty_folder, save_picture):
    import psutil

    for width, name in enumerate(("a.png", "b.png", "s.png"), 60):
        save_picture(name, width, 48)
    words = ["a.png", "b.png", "--style", "s.png", "-o", "out", "--workers", "2", "--size", "48", "--steps", "1000000"]
    batch = subprocess.Popen(
        [*NSTGRAPH, "batch", *words, "--optimizer", "adam"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip

    def kept(name):
        return list(Path("out", ".nstgraph", "checkpoints").glob(f"*/{name}"))

    try:
        while len(kept("run.npz")) < 2 and batch.poll() is None:
            time.sleep(0.1)
        time.sleep(5)  # for steps
        children = psutil.Process(batch.pid).children(recursive=True)
        os.killpg(batch.pid, signal.SIGINT)  # as a terminal does
        said, _ = batch.communicate(timeout=300)
    finally:
        batch.kill()
    assert batch.returncode == 130 and said.splitlines()[-1] == "nstgraph: interrupted", said
    assert "0 of 2 are done; the same command goes on with the others" in said and "Traceback" not in said
    assert len(children) >= 2 and not psutil.wait_procs(children, timeout=5)[1]
    assert len(kept("state-*.npz")) == 2


@pytest.mark.slow
def test_24_pairs_with_a_killed_worker(empty_folder, save_picture):
    settings = {"size": 128, "steps": 6, "scales": 2, "precision": "float32", "loss": LOSS}
    batch_with_a_killed_worker(empty_folder, save_picture, 4, 6, settings)
    check_all(empty_folder, settings)
