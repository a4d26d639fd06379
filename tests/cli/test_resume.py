"""Going on, on the command line, with a run that was cut off: by an error, by signals, by SIGKILL at any moment."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.cli.app import app
from nstgraph.cli.claims import claim
from nstgraph.losses.registry import registry
from nstgraph.pictures.load import load

LINE = "stylize c.png s.png -o o.png --size 48 --scales 1 --steps 24 --precision float32 -l style:layers=image"


def nstgraph(line):
    result = CliRunner().invoke(app, line.split())
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def failed(picture_folder, failing_plugin):
    """A folder with a run that a plugin has ended, kept in ck."""
    (picture_folder / "p.py").write_text(failing_plugin(18))
    code, _, shown = nstgraph(f"{LINE} -l 0.00001*fails_late --plugin p.py --checkpoint ck --log log.json")
    assert code == 2 and "that is enough" in shown and "nstgraph resume ck goes on with it" in shown
    assert "kept in ck on the way; if anything ends it: nstgraph resume ck\n" in shown
    yield picture_folder
    registry.remove("fails_late")


def test_a_run_is_gone_on_with_once_its_plugin_is_mended(failed, failing_plugin):
    before = (failed / "o.png").read_bytes()
    code, shown, _ = nstgraph("runs ck")
    assert code == 0 and re.search(r"c\.png \+ s\.png +48 +\d+ of 24 +\d+ s .* ck", shown)
    code, _, shown = nstgraph("resume ck")
    assert code == 2 and re.fullmatch(
        r"nstgraph: this run needs plugins, which are code: nstgraph resume ck --plugin \S*/p\.py\n", shown
    )
    (failed / "p.py").write_text(failing_plugin(10**9))
    code, _, shown = nstgraph("resume ck --plugin p.py")
    assert code == 0, shown
    assert "note: p.py is not what it was when the run began" in shown
    assert f"wrote {failed}/o-2.png, {failed}/log-2.json" in shown
    assert (failed / "o.png").read_bytes() == before and load(failed / "o-2.png").size == (36, 48)
    history = json.loads((failed / "log-2.json").read_text())["history"]
    assert [row["step"] for row in history] == list(range(1, 25))
    assert not (failed / "ck").exists() and "no run is kept in ck" in nstgraph("runs ck")[1]


def test_the_name_that_a_run_got_is_that_which_is_kept(picture_folder, failing_plugin):
    (picture_folder / "p.py").write_text(failing_plugin(14))
    line = LINE.replace("-o o.png ", "") + " -l 0.00001*fails_late --plugin p.py --checkpoint ck"
    with contextlib.ExitStack() as claims:
        assert claim(Path("c-s.png"), claims)
        assert nstgraph(line)[0] == 2
    registry.remove("fails_late")
    assert _run_file("ck")[0]["outputs"]["output"] == str(picture_folder / "c-s-2.png")


FAILING_AT_ONCE = """
from nstgraph import loss_term, tf

@loss_term
def fails_at_once(g):
    image = g.generated.image
    with tf.control_dependencies([tf.debugging.assert_none_equal(tf.shape(image)[1], 36)]):
        return g.mean(tf.square(tf.identity(image) - 100))
"""


def test_a_run_that_fails_before_its_first_step_is_not_kept(picture_folder):
    (picture_folder / "p.py").write_text(FAILING_AT_ONCE)
    code, _, shown = nstgraph(f"{LINE} -l fails_at_once --plugin p.py --checkpoint ck")
    registry.remove("fails_at_once")
    assert code == 2 and "kept in ck on the way" in shown and "goes on with it" not in shown
    assert not (picture_folder / "ck").exists()


def test_a_resumed_run_that_can_be_kept_no_longer_says_so_once(failed, failing_plugin):
    mended = failing_plugin(10**9).replace("def fails_late(g):\n", "def fails_late(g):\n    shutil.rmtree('ck')\n")
    (failed / "p.py").write_text(f"import shutil\n{mended}")
    code, _, shown = nstgraph("resume ck --plugin p.py --checkpoint-every 0")
    assert code == 0, shown
    lines = [line for line in shown.splitlines() if "no checkpoint was written" in line]
    assert len(lines) == 1 and lines[0].startswith("note: no checkpoint was written (cannot write ck: the folder ck")


def test_commands_to_be_pasted_are_quoted(failed):
    shutil.move("ck", "my ck")
    about, arrays = _run_file("my ck")
    _run_file("my ck", {**about, "plugins": {"/x/p.py; rm -r ~": "0"}}, arrays)
    outcome = CliRunner().invoke(app, ["resume", "my ck"])
    assert outcome.exit_code == 2
    assert outcome.stderr.endswith(": nstgraph resume 'my ck' --plugin '/x/p.py; rm -r ~'\n")
    outcome = CliRunner().invoke(app, [*LINE.replace("o.png", "n.png").split(), "--checkpoint", "my ck"])
    assert "that can be resumed: nstgraph resume 'my ck'; or delete it" in outcome.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("resume", "there is no run to go on with"),
        ("resume nowhere", "there is no run in nowhere"),
        ("resume . --plugin x.py", "no plugin file x.py"),
        ("resume --size 64", "No such option"),
        (f"{LINE} --checkpoint full", "full holds other files; name a new folder"),
        (f"{LINE} --checkpoint c.png", "c.png is a file; name a new folder"),
        (f"{LINE} --checkpoint-every -1", "checkpoint_every is -1.0; choose a number from 0.0"),
    ],
)
def test_what_is_wrong_is_one_line(picture_folder, line, said):
    (picture_folder / "full").mkdir()
    (picture_folder / "full" / "mine.txt").write_text("x")
    code, _, shown = nstgraph(line)
    assert code == 2 and said in shown and "Traceback" not in shown


def test_a_stranger_s_checkpoint_writes_over_nothing_and_runs_no_code(failed):
    shutil.copytree("ck", "theirs")
    about, arrays = _run_file("theirs")
    about["outputs"] = {"output": str(failed / "c.png"), "latest": str(failed / "s.png"), "log": "/nowhere/log.json"}
    about["config"]["loss"], about["plugins"] = "style:layers=image", {}
    _run_file("theirs", about, arrays)
    inputs = [(failed / name).read_bytes() for name in ("c.png", "s.png", "p.py")]
    code, _, shown = nstgraph("resume theirs")
    assert code == 0, shown
    assert [(failed / name).read_bytes() for name in ("c.png", "s.png", "p.py")] == inputs
    assert "wrote c-2.png, log-2.json, s-2.png" in shown.replace(f"{failed}/", "")


def _run_file(folder, about=None, arrays=None):
    from nstgraph.checkpoints.array_file import read_arrays, write_arrays

    if about is None:
        return read_arrays(Path(folder, "run.npz"))
    return write_arrays(Path(folder, "run.npz"), about, arrays)


@pytest.fixture
def folder(tmp_path, monkeypatch, save_picture):
    """A folder for processes: two pictures, and a place for the user's state."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NSTGRAPH_WEIGHTS", raising=False)
    save_picture(tmp_path / "c.png", 96, 72)
    save_picture(tmp_path / "s.png", 80, 80)
    return tmp_path


def start(folder, line):
    command = [sys.executable, "-m", "nstgraph", *line.split()]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(process):
    process.communicate()
    return process.returncode


def best(log):
    return min(row["total"] for row in json.loads(log.read_text())["history"][-30:])


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_thirty_kills_at_random_moments_cost_nothing(folder):
    """Up to three kills to a run: while it starts, plans, searches, writes its checkpoints or its result."""
    line = "stylize c.png s.png -o {name}.png --size 96 --steps 100 --precision float32 --log {name}.json"
    line += " --latest {name}-now.png --checkpoint-every 0.1 --checkpoint {name}"
    began = time.monotonic()
    assert ended(start(folder, line.format(name="whole"))) == 0
    took, whole = time.monotonic() - began, best(folder / "whole.json")
    moments = random.Random(11)
    kills, states = 0, 0
    for name in (f"run{number}" for number in itertools.count()):
        if kills >= 30:
            break
        kept, commands = folder / name, [line.format(name=name), *[f"resume {name} --log {name}.json --overwrite"] * 3]
        for kill, command in enumerate(commands):
            began_anew = not (kept / "run.npz").exists() and kill > 0
            if began_anew and (folder / f"{name}.png").exists():
                break  # it had ended, and only its process was killed
            process = start(folder, commands[0] if began_anew else command)
            try:
                process.communicate(timeout=moments.uniform(0.3, 0.95) * took if kill < 3 else None)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
            for path in folder.glob("[!.]*.png"):  # not what was written beside its target when the kill came
                load(path)  # is whole, whenever it appeared
            if (kept / "run.npz").exists():
                with Checkpoint.open(kept) as checkpoint:
                    assert checkpoint.state is not None or not list(kept.glob("state-*"))
                    states += checkpoint.state is not None
        if (folder / f"{name}.json").exists():
            assert best(folder / f"{name}.json") < 1.01 * whole
        assert (folder / f"{name}.png").exists()
    assert states >= 10  # kills that came after the first checkpoint


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_run_is_gone_on_with_by_name_of_nothing(folder):
    """Long runs are kept unasked; so that the plan of this one is long, it has many steps."""
    line = "stylize c.png s.png -o o.png --size 48 --steps 1000000 --checkpoint-every 0 --log o.csv"
    # Of pixels alone, a million steps at this size are not always predicted to be long.
    process = start(folder, f"{line} -l style:layers=conv1_1 --precision float32")
    for shown in process.stdout:
        if shown.startswith("step 1/") or "Error" in shown:
            break
    while not (folder / "o.csv").exists() or len((folder / "o.csv").read_text().splitlines()) < 6:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (kept,) = (folder / "state" / "nstgraph" / "runs").iterdir()
    with Checkpoint.open(kept) as checkpoint:
        steps = len(checkpoint.state.history)
        assert checkpoint.about["config"]["size"] == 48 and steps >= 1
    assert not (folder / "o.png").exists()
    process = start(folder, "resume")
    for shown in process.stdout:
        if shown.startswith("step "):
            break
    assert int(re.match(r"step (\d+)/1000000 ", shown)[1]) > steps
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate()
    assert process.returncode == 143 and f"nstgraph resume {kept} goes on with it" in rest
    assert load(folder / "o.png").size == (36, 48) and (folder / "o-2.csv").exists()


ABORTING = """
import os
from nstgraph import loss_term, tf

def fatal(image):
    if image.shape[1] > 40 and os.path.exists("fatal"):
        os.abort()
    return image.mean()

@loss_term
def aborts(g):
    number = tf.ensure_shape(tf.numpy_function(fatal, [g.generated.image], tf.float32), [])
    return g.mean(tf.square(g.generated.image - 100)) + 0 * number
"""


@pytest.mark.slow
def test_the_sizes_before_a_native_abort_are_kept(folder):
    (folder / "p.py").write_text(ABORTING)
    line = "stylize c.png s.png -o o.png --size 96 --scales 2 --steps 12 --precision float32 --checkpoint ck"
    line += " --checkpoint-every 3600 -l style:layers=image -l 0.00001*aborts --plugin p.py"
    process = start(folder, line)
    for shown in process.stdout:
        if shown.startswith("step 1/"):
            (folder / "fatal").touch()
    assert ended(process) == -signal.SIGABRT and not (folder / "o.png").exists()
    (folder / "fatal").unlink()
    with Checkpoint.open(folder / "ck") as checkpoint:
        assert checkpoint.state.stage == 1 and {step.height for step in checkpoint.state.history} == {36}
    assert ended(start(folder, "resume ck --plugin p.py")) == 0 and load(folder / "o.png").size == (72, 96)


def test_a_run_that_goes_on_names_its_files_by_patterns_and_draws_all_of_its_steps(failed, failing_plugin):
    (failed / "p.py").write_text(failing_plugin(10**9))
    words = "-o {content}-{style}-{steps}.png --animation {content}.webp --frames 4 --curves {style}.svg"
    code, _, shown = nstgraph(f"resume ck --plugin p.py {words}")
    assert code == 0, shown
    assert load(failed / "c-s-24.png").size == (36, 48) and (failed / "s.svg").exists()
    with Image.open(failed / "c.webp") as image:
        assert 2 <= image.n_frames <= 4 and image.size == (48, 36)


def test_what_a_pattern_stands_for_is_what_is_kept(picture_folder, failing_plugin):
    (picture_folder / "p.py").write_text(failing_plugin(14))
    line = LINE.replace("-o o.png", "-o {content}{{}}-{size}.jpg --quality 70 --animation {style}.gif")
    assert nstgraph(f"{line} -l 0.00001*fails_late --plugin p.py --checkpoint ck-{{seed}}")[0] == 2
    registry.remove("fails_late")
    kept = _run_file("ck-0")[0]["outputs"]
    assert (kept["output"], kept["animation"]) == tuple(str(picture_folder / name) for name in ("c{}-48.jpg", "s.gif"))
    assert kept["quality"] == 70 and load("c{}-48.jpg").size == (36, 48)
    with Image.open("s.gif") as image:  # of what there was until it failed
        assert image.n_frames > 2 and image.size == (48, 36)
