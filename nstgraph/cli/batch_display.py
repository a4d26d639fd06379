"""How a batch is shown: a line a picture, below them on a terminal a bar; nothing when quiet."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from nstgraph.cli.printing import to_stderr
from nstgraph.messages import printable

if TYPE_CHECKING:
    from nstgraph.batch.job import Job
    from nstgraph.batch.work import Outcome

__all__ = ["BatchDisplay"]

#: The bar's estimate looks back so many seconds: pictures of a batch may take an hour each.
_LOOKS_BACK = 4 * 3600.0


class BatchDisplay:
    """Shows pictures on stderr as they are done, and how many are left. A stderr that is gone is no error.

    Args:
        pictures: how many there will be.
        quiet: show nothing.
    """

    def __init__(self, pictures: int, *, quiet: bool = False) -> None:
        self._pictures, self._quiet = pictures, quiet
        self._done = self._failed = 0
        self._bar: Progress | None = None
        self._task = TaskID(0)
        console = Console(stderr=True)
        if not quiet and sys.stderr.isatty() and not console.is_dumb_terminal:
            columns = (MofNCompleteColumn(), BarColumn(), TextColumn("{task.fields[failed]}"), TimeRemainingColumn())
            self._bar = Progress(*columns, console=console, speed_estimate_period=_LOOKS_BACK)
            self._task = self._bar.add_task("", total=pictures, failed="")

    def note(self, line: str) -> None:
        """Show a line of information."""
        if self._quiet:
            return
        if self._bar is None:
            to_stderr(line)
        else:
            with contextlib.suppress(OSError, ValueError):
                self._bar.console.print(printable(line), highlight=False, markup=False, soft_wrap=True)

    def show(self, job: Job, outcome: Outcome) -> None:
        """Show what has come of a picture."""
        self._done += 1
        self._failed += bool(outcome.fault)
        said = f"failed: {outcome.fault}" if outcome.fault else f"loss {outcome.losses.get('total', 0):.6g}"
        self.note(f"{self._done} of {self._pictures}: {job.target.name}, {said}, {outcome.seconds:.1f} s")
        if self._bar is not None:
            failed = f"{self._failed} failed" if self._failed else ""
            with contextlib.suppress(OSError, ValueError):
                self._bar.update(self._task, completed=self._done, failed=failed)

    def __enter__(self) -> BatchDisplay:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            with contextlib.suppress(OSError, ValueError):
                self._bar.stop()
