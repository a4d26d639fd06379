"""The log of a run that is on its way: a line a step, so that whatever ends the process, it is there so far."""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Iterable
from pathlib import Path

from nstgraph.errors import OutputError
from nstgraph.search.step import Step

__all__ = ["GrowingLog", "row"]


def row(step: Step) -> dict[str, float]:
    """What a log says of a step."""
    return {
        "step": step.step,
        "width": step.width,
        "height": step.height,
        "evaluations": step.evaluations,
        "seconds": round(step.seconds, 3),
        "total": step.total,
        **step.terms,
    }


class GrowingLog:
    """A table of steps in a file, which is made with the first of them.

    Args:
        path: ends in ``.csv``.
        overwrite: whether a file that is there may be replaced.
        before: steps to begin with, if the run goes on.

    Attributes:
        begun: whether the file is this log's.
    """

    def __init__(self, path: Path, *, overwrite: bool = False, before: Iterable[Step] = ()) -> None:
        self._path = path
        self._mode = "wb" if overwrite else "xb"
        self._waiting = list(before)
        self._length = 0  # of what was written whole, in bytes
        self.begun = False

    def add(self, step: Step) -> None:
        """Write a step, and those that have waited.

        Raises:
            OutputError: the file cannot be made, or not be written to.
        """
        self._waiting.append(step)
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, list(row(step)))
        if not self._length:
            table.writeheader()
        table.writerows(map(row, self._waiting))
        data = text.getvalue().encode()
        try:
            with open(self._path, "ab" if self.begun else self._mode) as file:
                self.begun = True
                file.write(data)
        except OSError as error:
            if self.begun:  # what has been written of it would be the beginning of the next row
                with contextlib.suppress(OSError):
                    os.truncate(self._path, self._length)
            raise OutputError(f"cannot go on with the log {self._path} ({error.strerror})") from error
        self._length += len(data)
        self._waiting.clear()
