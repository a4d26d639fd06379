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
from nstgraph.cli.exit_codes import command
from nstgraph.cli.interruptions import deaf, forget, listen
from nstgraph.cli.printing import say, to_stderr
from nstgraph.errors import ConfigError, Interrupted

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.fixture(autouse=True)
def no_signals():
    """And Python's own handlers afterwards."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    forget()
    for number, handler in before.items():
        signal.signal(number, handler)


@command(typer.Typer())
def fails(error: Any):
    """Fail."""
    if error:
        raise error


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (ConfigError("wrong; choose\nanother"), 2, "nstgraph: wrong; choose\\nanother\n"),
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


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals to a single process")
@pytest.mark.parametrize(("number", "code"), list(zip(SIGNALS, [130, 143, 129], strict=False)))
def test_a_signal_that_became_another_error_is_still_one(capsys, number, code):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    listen()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), number)
    with pytest.raises(typer.Exit) as left:
        fails(error=ImportError("cut off"), debug=True)
    assert left.value.exit_code == code and capsys.readouterr().err == "nstgraph: interrupted\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals to a single process")
def test_what_is_to_be_ignored_stays_ignored():
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    listen()
    assert {signal.getsignal(number) for number in SIGNALS} == {signal.SIG_IGN}


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals to a single process")
def test_deaf():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    listen()
    before = [signal.getsignal(number) for number in SIGNALS]
    with deaf():
        for number in SIGNALS:
            os.kill(os.getpid(), number)
    assert [signal.getsignal(number) for number in SIGNALS] == before


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
