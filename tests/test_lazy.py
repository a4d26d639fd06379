"""What is imported when, asked of fresh interpreters."""

from __future__ import annotations

import ast
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
    return python(f"{code}from nstgraph.__main__ import main\nmain()", *arguments)


def blas_threads(given: str, start: str) -> set[int]:
    """How many threads numpy's BLAS has, once ``start`` was run where OPENBLAS_NUM_THREADS is ``given``, if it is."""
    report = "import numpy, threadpoolctl\n    print({one['num_threads'] for one in threadpoolctl.threadpool_info()})"
    choose = f"os.environ['OPENBLAS_NUM_THREADS'] = '{given}'" if given else "os.environ.pop('OPENBLAS_NUM_THREADS', 0)"
    code = f"import atexit, os\n{choose}\n@atexit.register\ndef report():\n    {report}\n{start}"
    done = python(code, "--version")
    return set(ast.literal_eval(done.stdout.splitlines()[-1]))


def test_importing_the_package_imports_nothing_heavy() -> None:
    done = python(f"import sys, nstgraph\n{HEAVY}\nprint(heavy or 'none', nstgraph.__version__)")
    assert (done.stdout, done.stderr) == (f"none {nstgraph.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["stylize", "--help"],
        pytest.param(["plan", "--help"], marks=pytest.mark.slow),
        pytest.param(["weights", "fetch", "--help"], marks=pytest.mark.slow),
        pytest.param(["--version"], marks=pytest.mark.slow),
    ],
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
        pytest.param(["terms", "sytle"], "did you mean 'style'?", 2, marks=pytest.mark.slow),
        (["weights", "list"], "used", 0),
        pytest.param(["plan", "nope.png", "nope.png"], "nope.png does not exist", 2, marks=pytest.mark.slow),
        pytest.param(["plan", "nope.png", "nope.png", "--tile", "8"], "tile is 8", 2, marks=pytest.mark.slow),
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


def test_a_session_prints_nothing_to_stderr_but_tensorflow_s_own_first_lines() -> None:
    code = """
import sys
from nstgraph import tf
tf.Graph
print("imported", file=sys.stderr, flush=True)
with tf.Graph().as_default(), tf.Session() as session:
    print(session.run(tf.reduce_sum(tf.ones([2, 3]) * 7.0)))
"""
    done = python(code)
    assert done.stdout == "42.0\n" and done.stderr.endswith("imported\n")


CHATTER = "import os, types\nos.write(2, b'chatter\\n')\nclass v1: Graph = 'the graph'\nclass compat: v1 = v1\n"
IMPORT = "from nstgraph import tf\nprint(tf.Graph, tf.Graph)\n"
HELD_BACK = "from nstgraph.cli.running import import_tensorflow\nimport_tensorflow()\n"
CLOSED = "import os, sys\nos.close(2)\nsys.stderr = None\n"


def test_the_library_leaves_standard_error_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(CHATTER)
    done = python(f"{IMPORT}import os\nos.write(2, b'heard again')", path=tmp_path)
    assert (done.stdout, done.stderr) == ("the graph the graph\n", "chatter\nheard again")


def test_what_other_threads_print_during_the_import_is_heard(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(f"import time\ntime.sleep(0.5)\n{CHATTER}")
    code = """
import sys, threading, time
def talk():
    for number in range(30):
        print(f"line {number}", file=sys.stderr, flush=True)
        time.sleep(0.02)
thread = threading.Thread(target=talk)
thread.start()
from nstgraph import tf
tf.Graph
thread.join()
"""
    lines = python(code, path=tmp_path).stderr.splitlines()
    assert [line for line in lines if line != "chatter"] == [f"line {number}" for number in range(30)]


def test_a_process_without_standard_error_can_import_tensorflow(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(CHATTER.replace("os.write(2, b'chatter\\n')", ""))
    done = python(f"{CLOSED}{IMPORT}", path=tmp_path)
    assert (done.returncode, done.stdout) == (0, "the graph the graph\n")


def test_the_command_line_holds_tensorflow_s_first_lines_back(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(CHATTER)
    done = python(f"{HELD_BACK}{IMPORT}os = __import__('os')\nos.write(2, b'heard again')", path=tmp_path)
    assert (done.stdout, done.stderr) == ("the graph the graph\n", "heard again")


def test_what_was_held_back_is_shown_when_tensorflow_cannot_be_imported(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(f"{CHATTER}raise ImportError('no such library')")
    done = python(HELD_BACK, path=tmp_path)
    assert done.returncode == 1 and done.stderr.startswith("chatter\nTraceback")
    assert "\nImportError: no such library\n" in done.stderr
    assert "ConfigError: TensorFlow cannot be imported (no such library); install it again" in done.stderr


def test_the_user_chooses_the_log_level_and_it_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(f"{CHATTER}print(os.environ['TF_CPP_MIN_LOG_LEVEL'])")
    after = "import os\nprint(os.environ.get('TF_CPP_MIN_LOG_LEVEL'))"
    import_it = "from nstgraph import tf\ntf.Graph\n"
    assert python(import_it + after, path=tmp_path).stdout == "3\nNone\n"
    chosen = "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '0'\n"
    assert python(chosen + import_it + after, path=tmp_path).stdout == "0\n0\n"


FORKS = """
import os, signal
from nstgraph import NstgraphError, tf

def value():
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.reduce_sum(tf.ones([2, 3]) * 7.0))

def forked(work):
    child = os.fork()
    if not child:
        signal.alarm(60)  # rather than for ever
        try:
            print(work(), flush=True)
        except NstgraphError as error:
            print(error, flush=True)
        os._exit(0)
    os.waitpid(child, 0)

tf.Graph
forked(value)
print(value(), flush=True)
forked(value)
print(value(), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_after_a_fork_tensorflow_that_was_at_work_is_refused_and_does_not_hang() -> None:
    before, own, after, again = python(FORKS).stdout.splitlines()
    assert before == own == again == "42.0"
    assert after.startswith("TensorFlow was at work before this process was forked, and would hang here; ")
    assert after.endswith('start processes by multiprocessing.get_context("spawn")')


def test_every_public_name_resolves_and_is_listed() -> None:
    assert nstgraph.__all__ == sorted(nstgraph.__all__) and set(nstgraph._HOMES) == set(nstgraph.__all__)
    assert {*nstgraph.__all__, "__version__"} <= set(dir(nstgraph))
    for name in nstgraph.__all__:
        value = getattr(nstgraph, name)
        home = sys.modules[f"nstgraph.{nstgraph._HOMES[name]}"]
        assert value is getattr(home, name) and name in home.__all__


@pytest.mark.parametrize(("given", "threads"), [("", 1), ("2", 2)], ids=["by itself", "as the user chooses"])
def test_the_command_line_has_one_thread_for_products_of_vectors(given: str, threads: int) -> None:
    assert blas_threads(given, "from nstgraph.__main__ import main\nmain()") in ({threads}, {1})  # of one core


def test_the_library_leaves_the_number_of_threads_as_it_is() -> None:
    assert blas_threads("", "import nstgraph\nnstgraph.Config") == blas_threads("", "")


@pytest.mark.parametrize("name", ["stylise", "_HOME", "registrys"])
def test_an_unknown_attribute(name: str) -> None:
    with pytest.raises(AttributeError, match=f"^module 'nstgraph' has no attribute '{name}'$"):
        getattr(nstgraph, name)
    with pytest.raises(ImportError, match=f"cannot import name '{name}' from 'nstgraph'"):
        exec(f"from nstgraph import {name}")
