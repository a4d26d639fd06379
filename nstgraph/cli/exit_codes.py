"""What all commands share: errors as one line, exit codes, and Ctrl-C."""

from __future__ import annotations

import contextlib
import functools
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import ParamSpec

import typer

from nstgraph.errors import NstgraphError

__all__ = ["command", "ctrl_c", "deaf_to_ctrl_c", "on_ctrl_c", "say"]

_P = ParamSpec("_P")

#: Set by Ctrl-C: what runs while TensorFlow is imported may swallow the exception, or turn it into another.
ctrl_c = threading.Event()


def on_ctrl_c(number: int, frame: FrameType | None) -> None:
    """Handle SIGINT as Python does, and remember it."""
    ctrl_c.set()
    raise KeyboardInterrupt


def command(function: Callable[_P, None]) -> Callable[_P, None]:
    """Turn errors into one line, nstgraph's own into exit code 2, and Ctrl-C into exit code 130."""

    @functools.wraps(function)
    def run(*args: _P.args, **given: _P.kwargs) -> None:
        try:
            function(*args, **given)
        except (KeyboardInterrupt, Exception) as error:
            interrupted = isinstance(error, KeyboardInterrupt) or ctrl_c.is_set()
            if given.get("debug") and not interrupted:
                traceback.print_exc()
            if isinstance(error, NstgraphError):
                say(str(error))
            elif not interrupted:
                say(f"{type(error).__name__}: {error} (unexpected; --debug shows where)")
            if interrupted:
                say("interrupted")
                raise typer.Exit(130) from error
            raise typer.Exit(2 if isinstance(error, NstgraphError) else 1) from error

    return run


@contextlib.contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Let no second, impatient Ctrl-C cut off the writing of what the first one left."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def say(message: str) -> None:
    """Print ``message`` to stderr as one line, with the program's name before it."""
    print("nstgraph:", *message.splitlines(), file=sys.stderr)
