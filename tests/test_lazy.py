"""What is imported when, asked of fresh interpreters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nstgraph

HEAVY = "heavy = {'tensorflow', 'scipy', 'numpy', 'PIL'} & {name.split('.')[0] for name in sys.modules}"


def python(code: str, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a fresh interpreter, with ``path`` before everything else that can be imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    if path is not None:
        environment["PYTHONPATH"] = os.pathsep.join([str(path), environment.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def command_line(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line, and print as the last line what heavy packages it has imported."""
    code = f"import atexit, sys\n@atexit.register\ndef report():\n    {HEAVY}\n    print(sorted(heavy))\n"
    return python(f"{code}from nstgraph.cli.app import main\nmain()", *arguments)


def test_importing_the_package_imports_nothing_heavy() -> None:
    done = python(f"import sys, nstgraph\n{HEAVY}\nprint(heavy or 'none', nstgraph.__version__)")
    assert (done.stdout, done.stderr) == (f"none {nstgraph.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["stylize", "--help"], ["plan", "--help"], ["weights", "fetch", "--help"], ["--version"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done = command_line(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("Usage: " in done.stdout) == ("--help" in arguments)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "answer", "returncode"),
    [
        (["terms"], "pixel_range", 0),
        (["terms", "sytle"], "did you mean 'style'?", 2),
        (["weights", "list"], "used", 0),
        (["plan", "nope.png", "nope.png"], "nope.png does not exist", 2),
        (["plan", "nope.png", "nope.png", "--tile", "8"], "tile is 8", 2),
        (["stylize", "nope.png", "nope.png", "-o", "nope-out.png"], "nope.png does not exist", 2),
    ],
)
def test_lists_and_refusals_need_no_tensorflow(arguments: list[str], answer: str, returncode: int) -> None:
    done = command_line(*arguments)
    assert done.returncode == returncode and answer in done.stdout + done.stderr
    assert "tensorflow" not in done.stdout.splitlines()[-1]


def test_names_of_the_package_are_resolved_without_tensorflow() -> None:
    done = python("import sys\nfrom nstgraph import *\nprint(Stylizer.__name__, type(tf), 'tensorflow' in sys.modules)")
    assert done.stdout.startswith("Stylizer <class") and done.stdout.endswith(" False\n") and done.stderr == ""


def test_a_session_prints_nothing_to_stderr() -> None:
    code = """
from nstgraph import tf
with tf.Graph().as_default(), tf.Session() as session:
    print(session.run(tf.reduce_sum(tf.ones([2, 3]) * 7.0)))
"""
    done = python(code)
    assert (done.stdout, done.stderr) == ("42.0\n", "")


CHATTER = "import os, types\nos.write(2, b'chatter\\n')\nclass v1: Graph = 'the graph'\nclass compat: v1 = v1\n"


@pytest.mark.parametrize("already", [False, True])
def test_what_tensorflow_writes_at_start_is_held_back(tmp_path: Path, already: bool) -> None:
    (tmp_path / "tensorflow.py").write_text(CHATTER)
    code = "from nstgraph import tf\nprint(tf.Graph, tf.Graph)\nimport os\nos.write(2, b'heard again')"
    done = python(f"import tensorflow\n{code}" if already else code, path=tmp_path)
    assert done.stdout == "the graph the graph\n"
    assert done.stderr == ("chatter\nheard again" if already else "heard again")


def test_what_was_held_back_is_shown_when_tensorflow_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(f"{CHATTER}raise ImportError('no such library')")
    done = python("from nstgraph import tf\ntf.Graph", path=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("chatter\nTraceback")
    assert done.stderr.endswith("ImportError: no such library\n")


def test_the_user_chooses_the_log_level(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(f"{CHATTER}print(os.environ['TF_CPP_MIN_LOG_LEVEL'])")
    assert python("from nstgraph import tf\ntf.Graph", path=tmp_path).stdout == "3\n"
    code = "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '0'\nfrom nstgraph import tf\ntf.Graph"
    assert python(code, path=tmp_path).stdout == "0\n"


def test_every_public_name_resolves_and_is_listed() -> None:
    assert nstgraph.__all__ == sorted(nstgraph.__all__) and set(nstgraph._HOMES) == set(nstgraph.__all__)
    assert {*nstgraph.__all__, "__version__"} <= set(dir(nstgraph))
    for name in nstgraph.__all__:
        value = getattr(nstgraph, name)
        home = sys.modules[f"nstgraph.{nstgraph._HOMES[name]}"]
        assert value is getattr(home, name) and name in home.__all__


@pytest.mark.parametrize("name", ["stylise", "_HOME", "registrys"])
def test_an_unknown_attribute(name: str) -> None:
    with pytest.raises(AttributeError, match=f"^module 'nstgraph' has no attribute '{name}'$"):
        getattr(nstgraph, name)
    with pytest.raises(ImportError, match=f"cannot import name '{name}' from 'nstgraph'"):
        exec(f"from nstgraph import {name}")
