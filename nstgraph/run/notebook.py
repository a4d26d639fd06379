"""A run as a notebook shows it: a bar below the cell, with every term's loss."""

from __future__ import annotations

import contextlib
import html
import sys
import time
from collections.abc import Mapping
from typing import Any

from nstgraph.arrays import Array
from nstgraph.errors import ConfigError
from nstgraph.run.step_text import StepText
from nstgraph.search.step import Step, StepCallback

__all__ = ["both", "in_notebook", "progress_bar"]

#: Seconds between two changes of the bar.
_PAUSE = 0.2


def in_notebook() -> bool:
    """Whether this process is a notebook's kernel, which shows more than text."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def progress_bar(steps: int, wanted: bool | None = None) -> StepCallback | None:
    """A callback that shows each step of a run below the cell, or None.

    Args:
        steps: how many there will be.
        wanted: whether it is to be shown; None is in a notebook alone.

    Raises:
        ConfigError: it is wanted, and this is no notebook.
    """
    if wanted and not in_notebook():
        raise ConfigError("progress is shown in notebooks; elsewhere leave it out, and give a callback to see steps")
    return _Bar(steps) if wanted is not False and in_notebook() else None


def both(first: StepCallback | None, second: StepCallback | None) -> StepCallback | None:
    """One callback of two, of which the first is called first, and the second's weights count."""
    if first is None or second is None:
        return first or second

    def callback(step: Step, image: Array) -> Mapping[str, float] | None:
        first(step, image)
        return second(step, image)

    return callback


class _Bar:
    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._text = StepText(steps)
        self._shown: Any = None
        self._next = 0.0

    def __call__(self, step: Step, image: Array) -> None:
        lines = [self._text.head(step), self._text.left(step), self._text.losses(step)]
        if time.monotonic() < self._next and step.step < self._steps:
            return
        self._next = time.monotonic() + _PAUSE
        with contextlib.suppress(Exception):  # a front end that is gone costs no picture
            self._show(_Html(step.done, lines))

    def _show(self, what: _Html) -> None:
        if self._shown is None:
            from IPython.display import display  # of the notebook that this is

            self._shown = display(what, display_id=True)
        else:
            self._shown.update(what)


class _Html:
    def __init__(self, done: float, lines: list[str]) -> None:
        self._done, self._lines = done, lines

    def _repr_html_(self) -> str:
        head, left, losses = map(html.escape, self._lines)
        return f'{head} <progress value="{self._done:.4f}" max="1"></progress> {left}<br>{losses}'

    def __repr__(self) -> str:
        return "  ".join(line for line in self._lines if line)
