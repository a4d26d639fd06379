"""Words for people: suggestions, durations, and other programs' errors in one line."""

from __future__ import annotations

import difflib
import reprlib
import shlex
import unicodedata
from collections.abc import Iterable
from typing import Any

__all__ = ["command", "did_you_mean", "duration", "one_line", "printable", "shown"]

_LONGEST = 200

_short = reprlib.Repr()
_short.maxstring = _short.maxlong = _short.maxother = 100


def one_line(error: BaseException | str) -> str:
    """What an error says, in one line of at most 200 characters, without TensorFlow's stack traces."""
    text = str(error).partition("\nOriginal stack trace")[0].partition("\nTraceback (most recent")[0]
    _, named, rest = text.rpartition("\nNode: ")  # and the node's name, a line of its own
    text = rest.partition("\n")[2] if named else text
    line = " ".join(text.partition("\n\t [[")[0].split())
    return line[:_LONGEST] or type(error).__name__


def printable(text: str) -> str:
    """Text as it is, but for characters that would steer a terminal, or end the line: these are written \\x00."""
    return "".join(map(_printable, text))


def shown(value: Any) -> str:
    """A value as Python writes it, shortened if it is long; its type if Python does not write it at all."""
    try:
        return _short.repr(value)
    except ValueError:  # of whole numbers of more than 4300 digits
        return f"<{type(value).__name__}>"


def command(*words: object) -> str:
    """A command of nstgraph that can be pasted into a shell, whatever is in the names of files."""
    return shlex.join(["nstgraph", *map(str, words)])


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


def _printable(letter: str) -> str:
    prints = letter.isprintable() or unicodedata.category(letter) == "Zs"  # as file names of macOS have
    return letter if prints else repr(letter)[1:-1]
