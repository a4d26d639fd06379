"""How a batch is shown: a line a picture, below them on a terminal a bar; nothing when quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from nstgraph.cli.lines_and_bar import LinesAndBar

if TYPE_CHECKING:
    from nstgraph.batch.job import Job
    from nstgraph.batch.work import Outcome

__all__ = ["BatchDisplay"]

#: The bar's estimate looks back so many seconds: pictures of a batch may take an hour each.
_LOOKS_BACK = 4 * 3600.0


class BatchDisplay(LinesAndBar):
    """Shows pictures on stderr as they are done, and how many are left.

    Args:
        pictures: how many there will be.
        quiet: show nothing.
    """

    def __init__(self, pictures: int, *, quiet: bool = False) -> None:
        columns = (MofNCompleteColumn(), BarColumn(), TextColumn("{task.fields[failed]}"), TimeRemainingColumn())
        super().__init__(columns, pictures, quiet=quiet, looks_back=_LOOKS_BACK, failed="")
        self._pictures = pictures
        self._done = self._failed = 0

    def show(self, job: Job, outcome: Outcome) -> None:
        """Show what has come of a picture."""
        self._done += 1
        self._failed += bool(outcome.fault)
        said = f"failed: {outcome.fault}" if outcome.fault else f"loss {outcome.losses.get('total', 0):.6g}"
        self.note(f"{self._done} of {self._pictures}: {job.target.name}, {said}, {outcome.seconds:.1f} s")
        self.move(self._done, failed=f"{self._failed} failed" if self._failed else "")
