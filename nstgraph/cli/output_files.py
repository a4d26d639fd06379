"""The files that one run writes: checked and claimed before the work, safe after it."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from nstgraph.arrays import Array
from nstgraph.cli.claims import claim
from nstgraph.cli.output_options import STDOUT, Outputs
from nstgraph.config import INITS, Config
from nstgraph.errors import OutputError, fault_of
from nstgraph.files import check_folder, check_suffix, check_target, same_file, unused
from nstgraph.graph.trace import TRACE_SUFFIXES, save_trace
from nstgraph.networks.find_weights import candidates
from nstgraph.pictures.formats import format_of
from nstgraph.pictures.resize import resize
from nstgraph.pictures.save import encode, save
from nstgraph.run.growing_log import GrowingLog
from nstgraph.run.result import LOG_SUFFIXES, Result
from nstgraph.search.step import Step

__all__ = ["OutputFiles", "inputs"]

#: The newest picture is written again after this many times as long as writing it takes.
_REST = 10.0

#: Bytes of a picture's name that the name of the result begins with.
_LONGEST_STEM = 80


def inputs(config: Config, sources: Sequence[Path], plugins: Sequence[Path] | None) -> list[Path]:
    """All files that a run reads, or might: pictures, plugins, and network or weights, wherever these are found."""
    named = [config.init if config.init not in INITS else None, config.network]
    weights = [] if config.network else [place.path for place in candidates(config.weights)]
    paths = [*sources, *(plugins or ()), *(Path(name) for name in named if name is not None), *weights]
    return [path for path in paths if path != STDOUT]


class OutputFiles:
    """The files of one run.

    Args:
        outputs: which of them are wanted.
        pictures: what the picture's name is made from, if it is not given: the photo, then the paintings.
        before: the steps of a run that goes on.

    Attributes:
        picture: where the result goes; ``STDOUT`` for standard output.
    """

    def __init__(self, outputs: Outputs, pictures: Sequence[Path], before: Sequence[Step] = ()) -> None:
        self._wanted = outputs
        stems = [re.sub(r"\W+", "-", path.stem).strip("-") or "picture" for path in pictures[:2]]
        stems = [stem.encode()[:_LONGEST_STEM].decode(errors="ignore") for stem in stems]
        # A name that nobody chose is never that of a file.
        self._named = Path("-".join(stems) + ".png")
        self.picture = outputs.output or unused(self._named, ".png")
        self._latest_due = 0.0
        self._log = None
        if outputs.log is not None and outputs.log.suffix.lower() == ".csv":
            self._log = GrowingLog(outputs.log, overwrite=outputs.overwrite, before=before)
        self._told: set[str] = set()
        self._hooks: list[Any] = []

    def check(self, inputs: Sequence[Path], steps: int = 0) -> None:
        """Refuse, before any work, what could not be written after it.

        Args:
            inputs: files that are read.
            steps: how many there will be; 0 if that is not known yet.

        Raises:
            OutputError: a format that cannot be written, a folder that does not exist, an existing file without
                ``overwrite``, one of ``inputs``, or a file that is named twice.
        """
        wanted = self._wanted
        if self.picture == STDOUT and (wanted.compare or wanted.save_every):
            raise OutputError("--compare and --save-every name their files after the result; name a file with -o")
        if self.picture == STDOUT and sys.__stdout__ is None:
            raise OutputError("standard output is closed; name a file with -o")
        if self.picture != STDOUT:
            format_of(self.picture)
        if wanted.latest is not None:
            format_of(wanted.latest)
        if wanted.log is not None:
            check_suffix(wanted.log, "a log", LOG_SUFFIXES)
        if wanted.trace is not None:
            check_suffix(wanted.trace, "a trace", TRACE_SUFFIXES)
        if wanted.summaries is not None:
            check_folder(wanted.summaries)
        targets = list(self._targets())
        for number, (name, target) in enumerate(targets):
            check_target(target, overwrite=wanted.overwrite, inputs=inputs)
            for other, before in targets[:number]:
                if same_file(before, target):
                    raise OutputError(f"{target} is given for both {other} and {name}; choose different names")
            if self._is_numbered(target, steps):
                raise OutputError(
                    f"{target} is given for {name} and is the name of a picture on the way; choose another"
                )
        if os.path.isdir(self.picture.parent):
            for path in sorted(self.picture.parent.iterdir()):
                if self._is_numbered(path, steps):
                    check_target(path, overwrite=wanted.overwrite, inputs=inputs)

    def _targets(self) -> Iterator[tuple[str, Path]]:
        if self.picture != STDOUT:
            yield "the result", self.picture
        if self._wanted.compare:
            yield "the comparison", self._compared
        for name in ("latest", "log", "trace"):
            target = getattr(self._wanted, name)
            if target is not None:
                yield f"--{name}", target

    def _is_numbered(self, path: Path, steps: int) -> bool:
        """Whether a path is that of a picture on the way."""
        number = path.stem.removeprefix(f"{self.picture.stem}-")
        every = self._wanted.save_every
        if not every or not number.isdecimal() or int(number) % every or int(number) > (steps or int(number)):
            return False
        return same_file(path, self._numbered(int(number)))

    def hooks(self) -> list[Any]:
        """Session hooks that write while a search is on its way."""
        if self._wanted.summaries is not None:
            from nstgraph.hooks import SummaryHook  # which imports TensorFlow

            self._hooks = [SummaryHook(self._wanted.summaries)]
        return self._hooks

    def check_hooks(self) -> None:
        """Raise OutputError if, as is known once their session has ended, hooks have not written everything."""
        for hook in self._hooks:
            if hook.fault:
                raise OutputError(hook.fault)

    @property
    def traced(self) -> bool:
        """Whether an evaluation is to be traced."""
        return self._wanted.trace is not None

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Let no other run of this user write to the same files meanwhile.

        Raises:
            OutputError: another one does.
        """
        with contextlib.ExitStack() as claims:
            unchosen = self._wanted.output is None
            if unchosen:
                self.picture = unused(
                    self._named, ".png", lambda path: os.path.lexists(path) or not claim(path, claims)
                )
            for name, target in self._targets():
                if not (unchosen and target == self.picture) and not claim(target, claims):
                    raise OutputError(f"another run is writing {target} ({name}); wait for it, or choose another name")
            yield

    def on_the_way(self, step: Step, image: Array, alpha: Array | None, say: Callable[[str], None]) -> None:
        """Write what is written on the way; what cannot be is said once, and costs nothing else.

        Args:
            step, image: as for `StepCallback`.
            alpha: the photo's, [height, width], 0..1, or None.
            say: prints a line.
        """
        for write in (self._write_log, functools.partial(self._write_current, alpha=alpha)):
            try:
                write(step, image)
            except Exception as error:  # is no reason to lose the steps taken so far
                fault = fault_of(error)
                if fault not in self._told:
                    self._told.add(fault)
                    say(fault)

    def _write_log(self, step: Step, image: Array) -> None:
        if self._log is not None:
            self._log.add(step)

    def _write_current(self, step: Step, image: Array, *, alpha: Array | None) -> None:
        wanted = self._wanted
        if alpha is not None:
            alpha = resize(alpha, step.height, step.width).clip(0, 1)
        if wanted.save_every and step.step % wanted.save_every == 0:
            save(self._numbered(step.step), image, alpha=alpha, overwrite=wanted.overwrite)
        began = time.perf_counter()
        if wanted.latest is not None and began >= self._latest_due:
            save(wanted.latest, image, alpha=alpha, overwrite=True)
            self._latest_due = time.perf_counter() + _REST * (time.perf_counter() - began)

    def write(self, result: Result, note: Callable[[str], None]) -> None:
        """Write everything that was asked for; what cannot be written does not keep the rest from it.

        Raises:
            OutputError: a file cannot be written after all. If that is the picture, it is in another folder, which the
                message names, so that the work is not lost.
        """
        note(f"{result.reason}, {result.evaluations} evaluations")
        faults: list[str] = []
        written = [self._write_picture(result, faults)]
        wanted, overwrite = self._wanted, self._wanted.overwrite
        further: list[tuple[Path | None, Callable[..., Path], bool]] = [
            (wanted.log, result.save_log, overwrite or (self._log is not None and self._log.begun)),
            (
                wanted.trace if result.trace is not None else None,
                functools.partial(save_trace, result.trace),
                overwrite,
            ),
            (self._compared if wanted.compare else None, result.save_comparison, overwrite),
            (wanted.latest, result.save, True),
        ]
        for path, save_as, replace in further:
            if path is not None:
                try:
                    written.append(save_as(path, overwrite=replace))
                except Exception as error:  # whatever it is, the other files are still to be written
                    faults.append(fault_of(error))
        note(f"wrote {', '.join(map(str, written))}")
        if faults:
            raise OutputError(f"{'; '.join(faults)}; the picture is in {written[0]}")

    def _write_picture(self, result: Result, faults: list[str]) -> Path:
        """Write the picture where it was wanted, or else where it can be."""
        try:
            if self.picture != STDOUT:
                return result.save(self.picture, overwrite=self._wanted.overwrite)
            sys.stdout.buffer.write(encode(result.image, alpha=result.alpha, metadata=result.metadata))
            sys.stdout.buffer.flush()
            return self.picture
        except Exception as error:  # whatever it is, the picture may be written elsewhere
            faults.append(fault_of(error))
        for folder in (None, os.path.expanduser("~"), os.curdir):
            with contextlib.suppress(Exception):
                place = Path(tempfile.mkdtemp(prefix="nstgraph-", dir=folder))
                try:
                    return result.save(place / "result.png")
                except Exception:
                    place.rmdir()
        raise OutputError(f"{faults[0]}; the picture can be written nowhere else, either")

    @property
    def _compared(self) -> Path:
        return self.picture.with_stem(f"{self.picture.stem}-compare")

    def _numbered(self, step: int) -> Path:
        return self.picture.with_stem(f"{self.picture.stem}-{step:04d}")
