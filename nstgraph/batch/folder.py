"""The folder of a batch: one batch's at a time, with a table of what there is in it, and why something is not."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nstgraph.batch.job import Job
from nstgraph.batch.work import Outcome
from nstgraph.errors import OutputError
from nstgraph.files import what_is_wrong_with, writing
from nstgraph.hashes import hash_of
from nstgraph.locks import FileLock

__all__ = ["RESULTS", "BatchFolder"]

#: The table of results.
RESULTS = "results.csv"

#: Where a batch keeps what it needs on its way.
_OWN = ".nstgraph"

#: Bytes of a table that is read.
_LONGEST = 1 << 26


@dataclass
class _Row:
    file: str
    outcome: str
    content: str
    style: str
    settings: str
    losses: str
    total: str
    steps: str
    seconds: str
    sha256: str
    reason: str


_COLUMNS = list(_Row.__dataclass_fields__)


class BatchFolder:
    """A folder of results, and its table ``results.csv``.

    A row of the table has a result's file, its outcome (``done``, ``failed`` or ``waiting``), its pictures, the
    settings that are its own, the losses of its last step, steps, seconds, its SHA-256, and the reason of a failure.

    Args:
        path: the folder, which is there.
        jobs: the batch's.
    """

    def __init__(self, path: Path, jobs: Sequence[Job]) -> None:
        self.path = path
        self._before = _read(path / RESULTS)
        self._rows = {job.target: _row(job) for job in jobs}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other batches out.

        Raises:
            OutputError: another one is at work, or nothing can be written.
        """
        lock = FileLock(self.path / _OWN / "lock")
        try:
            (self.path / _OWN / "checkpoints").mkdir(parents=True, exist_ok=True)
            held = lock.acquire()
        except OSError as error:
            raise OutputError(f"cannot write in {self.path} ({error.strerror}); choose another folder") from error
        if not held:
            raise OutputError(f"another batch is at work in {self.path}; wait for it, or choose another folder")
        try:
            yield
        finally:
            lock.release()
            for folder in (self.path / _OWN / "checkpoints", self.path / _OWN):
                with contextlib.suppress(OSError):  # of pictures that did not end
                    folder.rmdir()

    def checkpoint(self, key: str) -> Path:
        """Where a run is kept on its way."""
        return (self.path / _OWN / "checkpoints" / key[:32]).absolute()

    def check_replaces(self, jobs: Sequence[Job]) -> None:
        """Refuse to write over what is not this folder's own result, as its table lists it.

        Raises:
            OutputError: there is such a file.
        """
        for job in jobs:
            if not job.target.exists():
                continue
            before = self._before.get(job.target.name)
            if before is None or what_is_wrong_with(job.target) or before.sha256 != hash_of(job.target):
                raise OutputError(
                    f"{job.target} is there and is not what this batch would make; choose another folder, or pass "
                    "--overwrite"
                )

    def keep(self, job: Job) -> None:
        """Note that a result is there already."""
        sha256 = hash_of(job.target)
        before = self._before.get(job.target.name)
        row = self._rows[job.target]
        if before is not None and before.sha256 == sha256:
            for name in ("losses", "total", "steps", "seconds"):
                setattr(row, name, getattr(before, name))
        row.outcome, row.sha256 = "done", sha256

    def add(self, job: Job, outcome: Outcome) -> None:
        """Write a picture, and the table, with what has come of a job.

        Raises:
            OutputError: that cannot be written.
        """
        row = self._rows[job.target]
        row.losses = " ".join(f"{label}={loss:.6g}" for label, loss in outcome.losses.items() if label != "total")
        row.total = f"{outcome.losses['total']:.6g}" if outcome.losses else ""
        row.steps, row.seconds = str(outcome.steps), f"{outcome.seconds:.2f}"
        row.outcome, row.reason = "failed" if outcome.fault else "done", outcome.fault
        if not outcome.fault:
            row.sha256 = hashlib.sha256(outcome.picture).hexdigest()
            with writing(job.target, overwrite=True) as file:
                file.write(outcome.picture)
        self.write()

    def write(self) -> None:
        """Write the table.

        Raises:
            OutputError: that cannot be.
        """
        text = io.StringIO(newline="")
        table = csv.DictWriter(text, _COLUMNS)
        table.writeheader()
        table.writerows(asdict(row) for row in self._rows.values())
        with writing(self.path / RESULTS, overwrite=True) as file:
            file.write(text.getvalue().encode())

    @property
    def failures(self) -> list[tuple[str, str]]:
        """Files that there are not, and why."""
        return [(row.file, row.reason) for row in self._rows.values() if row.outcome == "failed"]

    @property
    def done(self) -> int:
        """How many results are there."""
        return sum(row.outcome == "done" for row in self._rows.values())


def _row(job: Job) -> _Row:
    settings = " ".join(f"{name}={_text(value)}" for name, value in job.own.items())
    style = "|".join(map(str, job.styles))
    return _Row(job.target.name, "waiting", str(job.content), style, settings, "", "", "", "", "", "")


def _text(value: Any) -> str:
    return "|".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _read(path: Path) -> Mapping[str, _Row]:
    """The rows of a table by file; one that is no such table is nobody's to be written over.

    Raises:
        OutputError: it is something else.
    """
    if what_is_wrong_with(path) == "does not exist":
        return {}
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(io.StringIO(file.read(_LONGEST)))
            if reader.fieldnames != _COLUMNS:
                raise ValueError
            return {row["file"]: _Row(**row) for row in reader}
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise OutputError(f"{path} is not the table of a batch; choose another folder, or move it") from error
