"""How a search is shown: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from nstgraph.cli.lines_and_bar import LinesAndBar
from nstgraph.run.step_text import StepText

if TYPE_CHECKING:
    from nstgraph.search.step import Step

__all__ = ["Display", "download_bar"]

#: Plain output has one line for each so many percent of the work.
_PERCENT_A_LINE = 5


class Display(LinesAndBar):
    """Shows each step on stderr: number, every term's loss, time left.

    Args:
        steps: how many there will be.
        quiet: show nothing.
    """

    def __init__(self, steps: int, *, quiet: bool = False) -> None:
        columns = (TextColumn("{task.fields[head]}"), BarColumn(), TextColumn("{task.fields[left]}"))
        super().__init__(columns, 1.0, quiet=quiet, head=f"step 0/{steps}", left="")
        self._steps = steps
        self._next_line = 0.0
        self._text = StepText(steps)

    def show(self, step: Step) -> None:
        """Show a step."""
        head, losses, left = self._text.head(step), self._text.losses(step), self._text.left(step)
        if self.has_bar:
            self.move(step.done, losses, head=head, left=left)
        elif step.done * 100 >= self._next_line or step.step == self._steps:
            self.note(f"{head}  {losses}  {left}".rstrip())
            self._next_line = step.done * 100 + _PERCENT_A_LINE


@contextlib.contextmanager
def download_bar() -> Iterator[Callable[[int, int | None], None]]:
    """Show a download on stderr; yields the function to call with bytes received and their total, if known."""
    bar = Progress(BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=Console(stderr=True))
    task = bar.add_task("", total=None)

    def show(received: int, total: int | None) -> None:
        with contextlib.suppress(OSError, ValueError):
            bar.start()  # not before there is something to show; again it does nothing
            bar.update(task, completed=received, total=total)

    try:
        yield show
    finally:
        if bar.live.is_started:
            with contextlib.suppress(OSError, ValueError):
                bar.stop()
