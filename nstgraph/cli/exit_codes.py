"""How commands end: errors as one line, and exit codes.

0: done; 2: nstgraph's own errors, and wrong arguments; 130: Ctrl-C; 143 and 129: SIGTERM and SIGHUP; 1: some pictures
of a batch failed, or what nobody foresaw.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import signal
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer

from nstgraph.cli.help import Command
from nstgraph.cli.interruptions import received
from nstgraph.cli.printing import say
from nstgraph.errors import NstgraphError

__all__ = ["command"]

_Debug = Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")]


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function a command, with the option --debug; errors become one line and an exit code."""

    def decorated(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def run(*, debug: bool = False, **given: Any) -> None:
            try:
                function(**given)
            except typer.Exit:  # of a command that has said itself how it ended
                raise
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
    number = received() or (signal.SIGINT if isinstance(error, KeyboardInterrupt) else None)
    if debug and number is None:
        with contextlib.suppress(OSError):
            traceback.print_exception(error)
    if isinstance(error, NstgraphError):
        say(str(error))
    elif number is None:
        say(f"{type(error).__name__}: {error} (unexpected; --debug shows where)")
    if number is not None:
        say("interrupted")
        return 128 + number
    return 2 if isinstance(error, NstgraphError) else 1
