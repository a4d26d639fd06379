"""The files that one run of the command line writes: checked before the work, safe after it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstgraph.arrays import Array
from nstgraph.errors import ConfigError, NstgraphError
from nstgraph.files import check_folder, check_target
from nstgraph.graph.trace import TRACE_SUFFIXES, save_trace
from nstgraph.pictures.save import check_writable_format, save
from nstgraph.run.result import LOG_SUFFIXES, Result
from nstgraph.search.search import Step

__all__ = ["Outputs"]


@dataclass(frozen=True)
class Outputs:
    """Where a run's files go.

    Attributes:
        picture: the result.
        compare: also write ``<picture>-compare``, content, styles and result in a row.
        save_every: also write ``<picture>-0050`` after that many steps, and so on; 0 for never.
        log: also write the history, as .csv or .json.
        trace: also write an evaluation's timeline as .json, or TensorFlow's full trace as .pb.
        summaries: folder that losses and pictures are written to for TensorBoard.
        overwrite: replace files that exist.
    """

    picture: Path
    compare: bool = False
    save_every: int = 0
    log: Path | None = None
    trace: Path | None = None
    summaries: Path | None = None
    overwrite: bool = False

    def check(self, inputs: Sequence[Path], steps: int) -> None:
        """Refuse, before any work, what could not be written after it.

        Raises:
            PictureError: a format that cannot be written.
            ConfigError: a folder that does not exist, an existing file without ``overwrite``, or one of ``inputs``.
        """
        check_writable_format(self.picture)
        if self.log is not None and self.log.suffix.lower() not in LOG_SUFFIXES:
            raise ConfigError(f"cannot write a log as {self.log}; end its name in {' or '.join(LOG_SUFFIXES)}")
        if self.trace is not None and self.trace.suffix.lower() not in TRACE_SUFFIXES:
            raise ConfigError(f"cannot write a trace as {self.trace}; end its name in {' or '.join(TRACE_SUFFIXES)}")
        if self.trace is not None and self.trace == self.log:
            raise ConfigError(f"{self.trace} is the log; choose another name for the trace")
        if self.summaries is not None:
            check_folder(self.summaries)
        numbers = range(self.save_every, steps + 1, self.save_every) if self.save_every else ()
        extra = [self._compared] * self.compare + [self._numbered(n) for n in numbers]
        for target in [self.picture, *extra, *(file for file in (self.log, self.trace) if file is not None)]:
            check_target(target, overwrite=self.overwrite, inputs=inputs)

    def hooks(self) -> list[Any]:
        """Session hooks that write while a search is on its way."""
        if self.summaries is None:
            return []
        from nstgraph.hooks.style_hook import SummaryHook  # which imports TensorFlow

        return [SummaryHook(self.summaries)]

    def intermediate(self, step: Step, image: Array) -> None:
        """Write the current picture if it is its turn; a step callback."""
        if self.save_every and step.step % self.save_every == 0:
            save(self._numbered(step.step), image, overwrite=self.overwrite)

    def write(self, result: Result, note: Callable[[str], None]) -> None:
        """Write everything that was asked for.

        Raises:
            NstgraphError: a file cannot be written after all. The picture is then in the system's temporary folder,
                which the message names, so that the work is not lost.
        """
        note(f"{result.reason}, {result.evaluations} evaluations")
        try:
            result.save(self.picture, overwrite=self.overwrite)
        except NstgraphError as error:
            kept = result.save(Path(tempfile.mkdtemp(prefix="nstgraph-")) / "result.png")
            raise type(error)(f"{error}; the picture is in {kept}") from error
        written = [self.picture]
        if self.log is not None:
            written.append(result.save_log(self.log, overwrite=self.overwrite))
        if self.trace is not None and result.trace is not None:
            written.append(save_trace(result.trace, self.trace))
        if self.compare:
            written.append(result.save_comparison(self._compared, overwrite=self.overwrite))
        note(f"wrote {', '.join(map(str, written))}")

    @property
    def _compared(self) -> Path:
        return self.picture.with_stem(f"{self.picture.stem}-compare")

    def _numbered(self, step: int) -> Path:
        return self.picture.with_stem(f"{self.picture.stem}-{step:04d}")
