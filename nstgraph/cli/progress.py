"""How a search is shown: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from nstgraph.cli.printing import to_stderr
from nstgraph.messages import printable
from nstgraph.run.step_text import StepText

if TYPE_CHECKING:
    from nstgraph.search.step import Step

__all__ = ["Display", "download_bar"]

#: Plain output has one line for each so many percent of the work.
_PERCENT_A_LINE = 5


class _BarAndLine(Progress):
    """A bar, and a line of text below, which has more to say than fits beside the bar."""

    line = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.line:
            yield Text(self.line)


class Display:
    """Shows each step on stderr: number, every term's loss, time left. A stderr that is gone is no error.

    Args:
        steps: how many there will be.
        quiet: show nothing.
    """

    def __init__(self, steps: int, *, quiet: bool = False) -> None:
        self._steps = steps
        self._quiet = quiet
        self._next_line = 0.0
        self._text = StepText(steps)
        self._bar: _BarAndLine | None = None
        self._task = TaskID(0)
        console = Console(stderr=True)
        if not quiet and sys.stderr.isatty() and not console.is_dumb_terminal:
            columns = (TextColumn("{task.fields[head]}"), BarColumn(), TextColumn("{task.fields[left]}"))
            self._bar = _BarAndLine(*columns, console=console)
            self._task = self._bar.add_task("", total=1.0, head=f"step 0/{steps}", left="")

    def note(self, line: str, *, always: bool = False) -> None:
        """Show a line of information, above a bar; when quiet, only if it is ``always`` to be shown."""
        if self._quiet and not always:
            return
        if self._bar is None:
            to_stderr(line)
        else:
            with contextlib.suppress(OSError, ValueError):
                self._bar.console.print(printable(line), highlight=False, markup=False, soft_wrap=True)

    def show(self, step: Step) -> None:
        """Show a step."""
        head, losses, left = self._text.head(step), self._text.losses(step), self._text.left(step)
        if self._bar is not None:
            self._bar.line = losses
            with contextlib.suppress(OSError, ValueError):
                self._bar.update(self._task, completed=step.done, head=head, left=left)
        elif step.done * 100 >= self._next_line or step.step == self._steps:
            self.note(f"{head}  {losses}  {left}".rstrip())
            self._next_line = step.done * 100 + _PERCENT_A_LINE

    def __enter__(self) -> Display:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            with contextlib.suppress(OSError, ValueError):
                self._bar.stop()


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
