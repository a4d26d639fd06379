import os
import re
import signal
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from foreground import NSTGRAPH
from PIL import Image
from typer.testing import CliRunner

from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.cli.app import app
from nstgraph.cli.output_files import OutputFiles
from nstgraph.errors import OutputError
from nstgraph.losses.registry import registry
from nstgraph.pictures.load import load

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a single process")

PLUGIN = """
import os, signal, sys, threading, time
from nstgraph import loss_term, tf

def wait(seconds=100):
    print("step 0", file=sys.stderr, flush=True)
    time.sleep(seconds)

@loss_term
def slow_to_build(g):
    wait()

def slowly(image):
    wait(1.5)
    return image.mean()

@loss_term
def slow_to_evaluate(g):
    return g.mean(g.generated.image) + tf.ensure_shape(tf.numpy_function(slowly, [g.generated.image], tf.float32), [])

{at_import}
"""


@pytest.fixture
def interrupted(tmp_path, tmp_path_factory, monkeypatch):
    """Function that starts a run and interrupts it at the first line about a step; gives exit code and stderr."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.delenv("NSTGRAPH_WEIGHTS", raising=False)
    for i, name in enumerate("cs"):
        colours = np.random.default_rng(i).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(colours).resize((48, 36)).save(tmp_path / f"{name}.png")

    def start(*options, by_itself=False, number=signal.SIGINT):
        arguments = ["stylize", "c.png", "s.png", "-o", "out.png", "--size", "48", "--steps", "1000000", *options]
        if "-l" not in options:
            arguments += ["-l", "style:layers=conv1_1", "--precision", "float32"]
        with subprocess.Popen(
            [*NSTGRAPH, *arguments],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        ) as process:  # fmt: skip
            guard = threading.Timer(600, process.kill)
            guard.start()
            lines = []
            if not by_itself:
                for line in process.stderr:
                    lines.append(line)
                    if line.startswith("step "):
                        process.send_signal(number)
                        break
            output, rest = process.communicate()
            guard.cancel()
        assert output == ""
        return process.returncode, "".join(lines) + rest

    return start


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("number", "code", "options"),
    [
        # In the tests' own process: see below; SIGTERM: see test_resume.
        pytest.param("SIGINT", 130, ["--checkpoint", "off"], marks=pytest.mark.slow),
        pytest.param(
            "SIGHUP",
            129,
            ["--compare", "--log", "log.csv", "--init", "noise", "--scales", "2"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_best_picture_so_far_is_saved(tmp_path, interrupted, number, code, options):
    ended, shown = interrupted(*options, number=getattr(signal, number))
    assert ended == code and "Traceback" not in shown
    assert re.match(r"plan: .* steps in \w+: about ", shown)
    assert "weights: the embedded weights\n" in shown and "wrote out.png" in shown
    assert shown.endswith("\nnstgraph: interrupted\n")
    (kept,) = list(Path(os.environ["XDG_STATE_HOME"], "nstgraph", "runs").glob("*")) or [None]
    assert (kept is None) is ("off" in options)
    assert kept is None or (f"\nnstgraph resume {kept} goes on with it\n" in shown and Checkpoint.open(kept).state)
    further = ["log.csv", "out-compare.png"] if "--log" in options else []
    assert names(tmp_path) == ["c.png", *further, "out.png", "s.png"]
    picture = load(tmp_path / "out.png")
    assert picture.size == (36, 48)
    assert np.abs(picture.rgb - load(tmp_path / "c.png").rgb).mean() > 0.1
    if further:
        assert (tmp_path / "log.csv").read_text().count("\n") >= 2


def test_an_interrupted_run_saves_the_best_picture_so_far(picture_folder, interrupting_plugin):
    (picture_folder / "p.py").write_text(interrupting_plugin("c.png"))
    line = "stylize c.png s.png -o out.png --size 48 --scales 1 --steps 400 --precision float32"
    result = CliRunner().invoke(
        app, f"{line} -l style:layers=image -l interrupts --plugin p.py --checkpoint off".split()
    )
    shown = result.stderr
    assert result.exit_code == 130 and "Traceback" not in shown
    assert re.match(r"plan: .* steps in \w+: about ", shown)
    assert "weights: the embedded weights\n" in shown and "wrote out.png" in shown
    assert shown.endswith("\nnstgraph: interrupted\n")
    assert not list(Path(os.environ["XDG_STATE_HOME"], "nstgraph", "runs").glob("*"))
    assert names(picture_folder) == ["c.png", "out.png", "p.py", "pressed", "s.png"]
    picture = load(picture_folder / "out.png")
    assert picture.size == (36, 48)
    assert np.abs(picture.rgb - load(picture_folder / "c.png").rgb).mean() > 0.1


@pytest.mark.parametrize(
    ("term", "at_import"),
    [
        ("style", "wait()"),
        pytest.param(  # as TensorFlow starts
            "style", "threading.Timer(0.4, os.kill, [os.getpid(), signal.SIGINT]).start()", marks=pytest.mark.slow
        ),
        pytest.param("slow_to_build", "", marks=pytest.mark.slow),  # in Python, as the import of a plugin is
        pytest.param("slow_to_evaluate", "", marks=pytest.mark.slow),
    ],
)
def test_before_the_first_step_there_is_no_picture(tmp_path, interrupted, term, at_import):
    (tmp_path / "p.py").write_text(PLUGIN.format(at_import=at_import))
    code, shown = interrupted("--plugin", "p.py", "-l", term, by_itself="Timer" in at_import)
    assert code == 130 and "Traceback" not in shown and shown.endswith("nstgraph: interrupted\n")
    assert "wrote" not in shown and "out.png" not in names(tmp_path)


@pytest.mark.parametrize("fails", [False, True])
def test_ctrl_c_while_the_result_is_written_does_not_cost_it(picture_folder, failing_plugin, monkeypatch, fails):
    """And what ended the search is said even if the result cannot be written."""
    write, seen = OutputFiles.write, []

    def writing(files, result, note):
        seen.append(signal.getsignal(signal.SIGINT))
        if fails:
            raise OutputError("cannot write it")
        write(files, result, note)

    (picture_folder / "p.py").write_text(failing_plugin(16))
    monkeypatch.setattr(OutputFiles, "write", writing)
    line = "stylize c.png s.png -o o.png -q --size 48 --scales 1 --steps 30 --precision float32"
    loss = "-l fails_late -l style:layers=conv1_1 --plugin p.py" if fails else "-l style:layers=conv1_1"
    result = CliRunner().invoke(app, f"{line} {loss}".split())
    registry.remove("fails_late")
    assert seen == [signal.SIG_IGN] and (picture_folder / "o.png").exists() is not fails
    assert result.exit_code == (2 if fails else 0)
    if fails:
        first, second = result.stderr.splitlines()
        assert "that is enough" in first and second == "nstgraph: cannot write it"
