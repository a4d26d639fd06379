"""A batch of the command line: only what is missing or changed is made, shown and written."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from nstgraph.cli.batch_display import BatchDisplay
from nstgraph.cli.batch_place import Place
from nstgraph.cli.interruptions import deaf
from nstgraph.cli.printing import show, stderr_held_back, to_stderr
from nstgraph.errors import OutputError
from nstgraph.messages import printable

if TYPE_CHECKING:
    from nstgraph.batch.folder import BatchFolder
    from nstgraph.batch.identity import Identities
    from nstgraph.batch.job import Job
    from nstgraph.batch.work import Parcel

__all__ = ["run"]


def run(made: Sequence[Job], output: Path, place: Place, *, overwrite: bool, quiet: bool) -> None:
    """Make pictures, those of them that are not there.

    Raises:
        OutputError: the folder cannot be used, or holds other files of these names.
        ClusterError: the cluster cannot be used.
        typer.Exit: some pictures could not be made.
    """
    from nstgraph.batch.folder import BatchFolder
    from nstgraph.batch.identity import Identities

    try:
        output.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {output} ({error.strerror}); choose another with -o") from error
    folder, identities = BatchFolder(output, made), Identities()
    with folder.locked():
        left = [job for job in made if not _is_kept(job, folder, identities)]
        if not overwrite:
            folder.check_replaces(left)
        folder.write()
        display = BatchDisplay(len(left), quiet=quiet)
        display.note(f"{len(made)} pictures, {len(made) - len(left)} of them done before")
        try:
            if left:
                _work_off(left, folder, identities, place, display)
        except KeyboardInterrupt:
            to_stderr(f"{folder.done} of {len(made)} are done; the same command goes on with the others")
            raise
    if folder.failures:
        _show_failures(folder)
        raise typer.Exit(1)


def _is_kept(job: Job, folder: BatchFolder, identities: Identities) -> bool:
    done = identities.is_done(job)
    if done:
        folder.keep(job)
    return done


def _work_off(
    left: Sequence[Job], folder: BatchFolder, identities: Identities, place: Place, display: BatchDisplay
) -> None:
    def send(job: Job) -> Parcel:
        from nstgraph.batch.parcels import parcel_of

        with stderr_held_back():  # libtiff warns there of damaged files
            return parcel_of(job, folder, identities)

    with place.opened(left, send, display.note) as make, display:
        for job, outcome in make(left, send):
            with deaf():
                folder.add(job, outcome)
            display.show(job, outcome)


def _show_failures(folder: BatchFolder) -> None:
    table = Table("file", "why there is none", box=None, pad_edge=False)
    for file, reason in folder.failures:
        table.add_row(printable(file), printable(reason))
    with contextlib.suppress(OutputError):
        show(table)
