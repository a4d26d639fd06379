"""What the command line prints: nothing that is printed, or cannot be, may cost a picture."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from rich.console import Console

__all__ = ["open_streams", "say", "show", "stderr_held_back", "to_stderr"]


def open_streams() -> None:
    """Give a process that was started with closed streams others that lead nowhere.

    Otherwise the next file that is opened would take their place, and messages of C libraries would go into it.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - for as long as the process lives


def say(message: str) -> None:
    """Print ``message`` to stderr as one line, with the program's name before it."""
    to_stderr(" ".join(["nstgraph:", *message.splitlines()]))


def to_stderr(line: str) -> None:
    """Print a line to stderr, if that is still there."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def show(what: Any, *, unbroken: bool = False) -> None:
    """Print text, or a table of `rich`, to stdout; one that is ``unbroken`` may be wider than the terminal."""
    console = Console(soft_wrap=isinstance(what, str))
    if unbroken:
        console.width = max(console.width, what.__rich_measure__(console, console.options.update(width=1000)).maximum)
    with console.capture() as captured:  # as `rich` itself would end the process when a reader leaves
        console.print(what, highlight=False, markup=False)
    print(captured.get(), end="")


@contextlib.contextmanager
def stderr_held_back() -> Iterator[list[str]]:
    """Hold back what C libraries write to stderr; show it only when the block fails.

    TensorFlow writes its first lines before any of its log levels can take effect, and libtiff knows no levels, so only
    the file descriptor helps. It is the process's: the command line may do so, a library may not.

    Yields:
        A list that holds the lines once the block has ended.
    """
    sys.stderr.flush()
    lines: list[str] = []
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield lines
        except Exception:  # not Ctrl-C, of which nothing is to be explained
            held.seek(0)
            with contextlib.suppress(OSError):
                os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
        held.seek(0)
        lines += held.read().decode(errors="replace").splitlines()
