"""How commands end: errors as one line, exit codes, and Ctrl-C.

0: done; 2: nstgraph's own errors, and wrong arguments; 130: Ctrl-C; 1: what nobody foresaw.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Annotated, Any

import typer

from nstgraph.cli.help import Command
from nstgraph.cli.printing import say
from nstgraph.errors import NstgraphError

__all__ = ["command", "ctrl_c", "deaf_to_ctrl_c", "on_ctrl_c"]

#: Set by Ctrl-C: what runs while TensorFlow is imported may swallow the exception, or turn it into another.
ctrl_c = threading.Event()

_Debug = Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")]


def on_ctrl_c(number: int, frame: FrameType | None) -> None:
    """Handle SIGINT as Python does, and remember it."""
    ctrl_c.set()
    raise KeyboardInterrupt


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command, with the option --debug; errors become one line and an exit code."""

    def decorated(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(*, debug: bool = False, **given: Any) -> None:
            try:
                function(**given)
            except (KeyboardInterrupt, Exception) as error:
                raise typer.Exit(_reported(error, debug)) from error

        signature = inspect.signature(function, eval_str=True)
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in signature.parameters.values()]
        debug = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_Debug)
        run.__signature__ = signature.replace(parameters=[*parameters, debug])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in (*parameters, debug)}
        return app.command(name, cls=Command)(run)

    return decorated


def _reported(error: BaseException, debug: bool) -> int:
    """Say what went wrong; returns the exit code."""
    interrupted = isinstance(error, KeyboardInterrupt) or ctrl_c.is_set()
    if debug and not interrupted:
        with contextlib.suppress(OSError):
            traceback.print_exception(error)
    if isinstance(error, NstgraphError):
        say(str(error))
    elif not interrupted:
        say(f"{type(error).__name__}: {error} (unexpected; --debug shows where)")
    if interrupted:
        say("interrupted")
        return 130
    return 2 if isinstance(error, NstgraphError) else 1


@contextlib.contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Let no second, impatient Ctrl-C cut off the writing of what the first one left."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
