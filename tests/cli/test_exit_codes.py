"""What commands share: an error's line and exit code, Ctrl-C, and ``python -m nstgraph``."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
import typer

from nstgraph import __version__
from nstgraph.cli.exit_codes import command, ctrl_c, deaf_to_ctrl_c, on_ctrl_c
from nstgraph.cli.printing import say, to_stderr
from nstgraph.errors import ConfigError, Interrupted


@pytest.fixture(autouse=True)
def no_ctrl_c():
    yield
    ctrl_c.clear()


@command(typer.Typer())
def fails(error: Any):
    """Fail."""
    if error:
        raise error


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError("wrong; choose\nanother"), 2, "nstgraph: wrong; choose another\n"),
        (ValueError("odd"), 1, "nstgraph: ValueError: odd (unexpected; --debug shows where)\n"),
        (KeyboardInterrupt(), 130, "nstgraph: interrupted\n"),
        (Interrupted(None), 130, "nstgraph: interrupted\n"),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(capsys, error, code, said):
    with pytest.raises(typer.Exit) as left:
        fails(error=error)
    assert left.value.exit_code == code and left.value.__cause__ is error
    assert capsys.readouterr() == ("", said)


def test_no_error(capsys):
    fails(error=None)
    assert capsys.readouterr() == ("", "") and (fails.__name__, fails.__doc__) == ("fails", "Fail.")


def test_debug_shows_where(capsys):
    with pytest.raises(typer.Exit):
        fails(error=ValueError("odd"), debug=True)
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first.startswith("Traceback") and last.startswith("nstgraph: ValueError: odd")


def test_a_ctrl_c_that_became_another_error_is_still_one(capsys):
    with pytest.raises(KeyboardInterrupt):
        on_ctrl_c(signal.SIGINT, None)
    with pytest.raises(typer.Exit) as left:
        fails(error=ImportError("cut off"), debug=True)
    assert left.value.exit_code == 130 and capsys.readouterr().err == "nstgraph: interrupted\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to a single process")
def test_deaf_to_ctrl_c():
    before = signal.getsignal(signal.SIGINT)
    with deaf_to_ctrl_c():
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_say(capsys):
    say("two\nlines")
    assert capsys.readouterr() == ("", "nstgraph: two lines\n")


@pytest.mark.parametrize("write", [say, to_stderr])
def test_a_stderr_that_is_gone_is_no_error(monkeypatch, write):
    monkeypatch.setattr(sys, "stderr", closed := io.StringIO())
    closed.close()
    write("nobody hears this")
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as full:
            monkeypatch.setattr(sys, "stderr", full)
            write("nor this")
            monkeypatch.undo()
            with contextlib.suppress(OSError):
                full.close()


@pytest.mark.parametrize(
    ("arguments", "code", "output"), [(["--version"], 0, f"nstgraph {__version__}\n"), (["terms", "stile"], 2, "")]
)
def test_the_package_can_be_run(tmp_path, arguments, code, output):
    line = [sys.executable, "-m", "nstgraph", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (code, output)
    assert bool(done.stderr) == bool(code)
