"""The files that one run writes: on its way, and at its end, safely."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nstgraph.arrays import Array
from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.cli.output_names import OutputNames, inputs
from nstgraph.cli.output_options import OFF, STDOUT, Outputs
from nstgraph.cli.page import check_page
from nstgraph.config import Config
from nstgraph.errors import OutputError, fault_of
from nstgraph.graph.trace import save_trace
from nstgraph.pictures.formats import format_of
from nstgraph.pictures.resize import resize
from nstgraph.pictures.save import encode, save
from nstgraph.run.animation import Animation
from nstgraph.run.growing_log import GrowingLog
from nstgraph.run.result import Result
from nstgraph.search.step import Step

__all__ = ["OutputFiles", "checked_files"]

#: The newest picture is written again after this many times as long as writing it takes.
_REST = 10.0


def checked_files(
    config: Config,
    outputs: Outputs,
    names: Sequence[Path],
    read: Sequence[Path | None],
    plugins: Sequence[Path] | None,
    fields: Mapping[str, str],
) -> tuple[Outputs, OutputFiles]:
    """The files of a new run, with their names, refused before any work if they could not be written after it.

    Args:
        config: all settings.
        outputs: which files are wanted.
        names: what the picture's name is made from, if it is not given.
        read: files that are read beside those which settings name.
        plugins: plugin files.
        fields: what fields in the names stand for.

    Raises:
        OutputError: as for `OutputNames.check`, or a name has a field that there is not.
        CheckpointError: the folder for checkpoints holds something.
        ConfigError: a page is wanted, and cannot be had.
    """
    outputs = outputs.named(fields)
    files = OutputFiles(outputs, names)
    files.names.check(inputs(config, [path for path in read if path is not None], plugins), config.steps)
    if outputs.checkpoint not in (None, OFF):
        Checkpoint.check_new(outputs.checkpoint)
    check_page(outputs)
    return outputs, files


class OutputFiles:
    """The files of one run.

    Args:
        outputs: which of them are wanted.
        pictures: what the picture's name is made from, if it is not given: the photo, then the paintings.
        before: the steps of a run that goes on.

    Attributes:
        names: theirs.
    """

    def __init__(self, outputs: Outputs, pictures: Sequence[Path], before: Sequence[Step] = ()) -> None:
        self._wanted = outputs
        self.names = OutputNames(outputs, pictures)
        self._latest_due = 0.0
        self._how: dict[str, Any] = {"depth": outputs.depth, "quality": outputs.quality}
        lossy = outputs.latest is not None and format_of(outputs.latest).lossy
        self._how_latest: dict[str, Any] = {
            "quality": outputs.quality if lossy else None
        }  # which is to be looked at, in 8 bits
        self._log = None
        if outputs.log is not None and outputs.log.suffix.lower() == ".csv":
            self._log = GrowingLog(outputs.log, overwrite=outputs.overwrite, before=before)
        self._animation: Animation | None = None
        self._told: set[str] = set()
        self._hooks: list[Any] = []

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

    def begin(self, steps: int) -> None:
        """Say how many steps the run will have, at all sizes."""
        if self._wanted.animation is not None:
            self._animation = Animation(steps, self._wanted.frames)

    @property
    def traced(self) -> bool:
        """Whether an evaluation is to be traced."""
        return self._wanted.trace is not None

    def on_the_way(
        self,
        step: Step,
        image: Array,
        alpha: Array | None,
        say: Callable[[str], None],
        shown: Callable[[Array], Array] = lambda image: image,
        *,
        profile: bytes | None = None,
    ) -> None:
        """Write what is written on the way; what cannot be is said once, and costs nothing else.

        Args:
            step, image: as for `StepCallback`.
            alpha: the photo's, [height, width], 0..1, or None.
            say: prints a line.
            shown: gives what an image looks like; called only where it is written.
            profile: the photo's colour profile, or None.
        """
        write_current = functools.partial(self._write_current, alpha=alpha, profile=profile, shown=shown)
        for write in (self._write_log, functools.partial(self._keep_frame, shown=shown), write_current):
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

    def _keep_frame(self, step: Step, image: Array, *, shown: Callable[[Array], Array]) -> None:
        if self._animation is not None and self._animation.wants(step):
            self._animation(step, shown(image))

    def _write_current(
        self,
        step: Step,
        image: Array,
        *,
        alpha: Array | None,
        profile: bytes | None,
        shown: Callable[[Array], Array],
    ) -> None:
        wanted = self._wanted
        if alpha is not None:
            alpha = resize(alpha, step.height, step.width).clip(0, 1)
        as_photo: dict[str, Any] = {"alpha": alpha, "profile": profile}
        if wanted.save_every and step.step % wanted.save_every == 0:
            save(self.names.numbered(step.step), shown(image), **as_photo, **self._how, overwrite=wanted.overwrite)
        began = time.perf_counter()
        if wanted.latest is not None and began >= self._latest_due:
            save(wanted.latest, shown(image), **as_photo, **self._how_latest, overwrite=True)
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
        for path, save_as, replace in self._further(result):
            if path is not None:
                try:
                    written.append(save_as(path, overwrite=replace))
                except Exception as error:  # whatever it is, the other files are still to be written
                    faults.append(fault_of(error))
        note(f"wrote {', '.join(map(str, written))}")
        if faults:
            raise OutputError(f"{'; '.join(faults)}; the picture is in {written[0]}")

    def _further(self, result: Result) -> Iterator[tuple[Path | None, Callable[..., Path], bool]]:
        """What is written beside the picture: where, if it is wanted, by what, and whether a file there may go."""
        wanted, overwrite = self._wanted, self._wanted.overwrite
        yield wanted.log, result.save_log, overwrite or (self._log is not None and self._log.begun)
        if result.trace is not None:
            yield wanted.trace, functools.partial(save_trace, result.trace), overwrite
        if wanted.compare:
            yield self.names.compared, functools.partial(result.save_comparison, **self._how), overwrite
        yield wanted.latest, functools.partial(result.save, **self._how_latest), True
        yield wanted.curves, result.save_curves, overwrite
        if self._animation is not None:
            yield wanted.animation, functools.partial(_saved, self._animation, result), overwrite

    def _write_picture(self, result: Result, faults: list[str]) -> Path:
        """Write the picture where it was wanted, or else where it can be."""
        try:
            if self.names.picture != STDOUT:
                return result.save(self.names.picture, **self._how, overwrite=self._wanted.overwrite)
            about: dict[str, Any] = {"metadata": result.metadata, "profile": result.profile}
            sys.stdout.buffer.write(encode(result.image, alpha=result.alpha, **about, **self._how))
            sys.stdout.buffer.flush()
            return self.names.picture
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


def _saved(animation: Animation, result: Result, path: Path, *, overwrite: bool) -> Path:
    return animation.save(path, result, overwrite=overwrite)
