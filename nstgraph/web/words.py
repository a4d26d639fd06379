"""Words and pieces of HTML that several parts of the page use."""

from __future__ import annotations

import functools
from collections.abc import Callable
from html import escape
from typing import Any

from nstgraph.errors import NstgraphError

__all__ = ["line", "one_line_errors", "refused"]


def line(text: str, kind: str = "plain") -> str:
    """A line of text in its own box; ``kind`` is plain, or refused for what is wrong."""
    role = "alert" if kind == "refused" else "status"
    return f'<p class="line {kind}" role="{role}">{escape(text)}</p>' if text else ""


def refused(error: NstgraphError) -> str:
    """What is wrong, as a line."""
    return line(str(error), "refused")


def one_line_errors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let nstgraph's own errors appear on the page as one line."""

    @functools.wraps(function)
    def answered(*given: Any) -> Any:
        import gradio

        try:
            return function(*given)
        except NstgraphError as error:
            raise gradio.Error(escape(str(error)), title="That does not work", print_exception=False) from error

    return answered
