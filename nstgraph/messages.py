"""Words for people: suggestions, durations, and other programs' errors in one line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from nstgraph.errors import NstgraphError

__all__ = ["did_you_mean", "duration", "fault_of", "one_line", "printable"]

_LONGEST = 200


def one_line(error: BaseException | str) -> str:
    """What an error says, in one line of at most 200 characters, without TensorFlow's stack traces."""
    text = str(error).partition("\nOriginal stack trace")[0].partition("\nTraceback (most recent")[0]
    _, named, rest = text.rpartition("\nNode: ")  # and the node's name, a line of its own
    text = rest.partition("\n")[2] if named else text
    line = " ".join(text.partition("\n\t [[")[0].split())
    return line[:_LONGEST] or type(error).__name__


def fault_of(error: Exception) -> str:
    """What went wrong, in one line: all that our own errors say, and the type and beginning of others."""
    return str(error) if isinstance(error, NstgraphError) else f"{type(error).__name__}: {one_line(error)}"


def printable(text: str) -> str:
    """Text without characters that would steer a terminal, such as escapes in the name of a file."""
    return "".join(letter if letter.isprintable() or letter == "\n" else repr(letter)[1:-1] for letter in text)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """End of an error message: the closest known name, or all of them if none is close; empty if there are none."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; choose from {', '.join(known)}" if known else ""


def duration(seconds: float) -> str:
    """A time span as people say it: ``"42 s"``, ``"3 min 05 s"``, ``"1 h 20 min"``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
