"""What the command line prints: nothing that is printed, or cannot be, may cost a picture."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import IO, Any

from rich.console import Console

from nstgraph.errors import OutputError
from nstgraph.messages import printable

__all__ = [
    "open_streams",
    "say",
    "show",
    "stderr_held_back",
    "stderr_ours_alone",
    "stdout_guarded",
    "to_stderr",
    "to_stdout",
]


def open_streams() -> None:
    """Give a process that was started with closed streams others that lead nowhere.

    Otherwise the next file that is opened would take their place, and messages of C libraries would go into it.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_WRONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - for as long as the process lives


def say(message: str) -> None:
    """Print ``message`` to stderr as one line, with the program's name before it."""
    to_stderr(" ".join(["nstgraph:", *message.splitlines()]))


def to_stderr(line: str) -> None:
    """Print a line to stderr, if that is still there."""
    with contextlib.suppress(OSError, ValueError):
        print(printable(line), file=sys.stderr, flush=True)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise the error that `rich` is handling; it would end the process."""
        raise


def show(what: Any, *, unbroken: bool = False) -> None:
    """Print text, or a table of `rich`, to stdout; one that is ``unbroken`` may be wider than the terminal."""
    console = _Console(soft_wrap=isinstance(what, str))
    if unbroken:
        console.width = max(console.width, what.__rich_measure__(console, console.options.update(width=1000)).maximum)
    if isinstance(what, str):
        what = "\n".join(map(printable, what.split("\n")))
    with stdout_guarded():
        console.print(what, highlight=False, markup=False)


def to_stdout(text: str) -> None:
    """Print text to stdout at once; see `stdout_guarded`."""
    with stdout_guarded():
        print(text, end="")


@contextlib.contextmanager
def stdout_guarded() -> Iterator[None]:
    """Say in words that what the block prints cannot be; that nobody reads on is no error.

    Raises:
        OutputError: stdout cannot be written to.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # lest Python try once more as it ends
        if not isinstance(error, BrokenPipeError):
            message = f"cannot write to standard output ({error.strerror or error}); send it elsewhere"
            raise OutputError(message) from error


def _place_to_hold() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError:  # no folder for temporary files has room: nothing is shown of what is held back
        return open(os.devnull, "w+b")


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
    with _place_to_hold() as held:
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


@contextlib.contextmanager
def stderr_ours_alone() -> Iterator[None]:
    """Keep from stderr what processes that are started write there, and C libraries; our own lines still go there.

    It is the process's: the command line may do so, a library may not.
    """
    sys.stderr.flush()
    before, descriptor = sys.stderr, os.dup(2)
    with (
        open(descriptor, "w", encoding=before.encoding, errors="replace", buffering=1) as ours,
        open(os.devnull, "wb") as nowhere,
    ):
        if _is_descriptor(before, 2):
            sys.stderr = ours
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(descriptor, 2)
            sys.stderr = before


def _is_descriptor(stream: Any, number: int) -> bool:
    try:
        return bool(stream.fileno() == number)
    except (OSError, ValueError, AttributeError):
        return False
