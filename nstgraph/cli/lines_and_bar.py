"""Lines on stderr and, on a terminal, a bar below them: what all displays of progress are made of."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, TaskID
from rich.text import Text

from nstgraph.cli.printing import to_stderr
from nstgraph.messages import printable

__all__ = ["LinesAndBar"]

_Self = TypeVar("_Self", bound="LinesAndBar")


class _BarAndLine(Progress):
    """A bar, and a line of text below, which has more to say than fits beside the bar."""

    line = ""

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.line:
            yield Text(self.line)


class LinesAndBar:
    """Shows lines on stderr, above a bar where that is a terminal. A stderr that is gone is no error.

    Args:
        columns: of the bar.
        total: of what the bar shows.
        fields: that the columns show.
        quiet: show nothing.
        looks_back: seconds that the bar's estimate of the time left is made from.
    """

    def __init__(
        self, columns: Sequence[ProgressColumn], total: float, *, quiet: bool, looks_back: float = 30.0, **fields: Any
    ) -> None:
        self._quiet = quiet
        self._bar: _BarAndLine | None = None
        self._task = TaskID(0)
        console = Console(stderr=True)
        if not quiet and sys.stderr.isatty() and not console.is_dumb_terminal:
            self._bar = _BarAndLine(*columns, console=console, speed_estimate_period=looks_back)
            self._task = self._bar.add_task("", total=total, **fields)

    @property
    def has_bar(self) -> bool:
        """Whether there is a bar, or lines alone."""
        return self._bar is not None

    def note(self, line: str, *, always: bool = False) -> None:
        """Show a line of information, above a bar; when quiet, only if it is ``always`` to be shown."""
        if self._quiet and not always:
            return
        if self._bar is None:
            to_stderr(line)
        else:
            with contextlib.suppress(OSError, ValueError):
                self._bar.console.print(printable(line), highlight=False, markup=False, soft_wrap=True)

    def move(self, completed: float, below: str = "", **fields: Any) -> None:
        """Let the bar, if there is one, show how far it is; and a line ``below`` it."""
        if self._bar is not None:
            self._bar.line = below
            with contextlib.suppress(OSError, ValueError):
                self._bar.update(self._task, completed=completed, **fields)

    def __enter__(self: _Self) -> _Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            with contextlib.suppress(OSError, ValueError):
                self._bar.stop()
