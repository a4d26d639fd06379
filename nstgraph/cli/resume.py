"""The commands for runs that did not end: ``resume`` goes on with one, ``runs`` lists them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nstgraph import messages
from nstgraph.cli import options, running
from nstgraph.cli.exit_codes import command
from nstgraph.cli.name_patterns import fields_of
from nstgraph.cli.output_options import Outputs
from nstgraph.cli.printing import to_stderr
from nstgraph.config import Config
from nstgraph.errors import CheckpointError
from nstgraph.workers.address import PATIENCE

if TYPE_CHECKING:
    from nstgraph.checkpoints.checkpoint import Checkpoint

__all__ = ["app"]

app = typer.Typer()

#: What a run that goes on may be given anew: where its files go, and what belongs to the machine.
_ANEW = (
    *("output", "depth", "quality", "overwrite", "compare", "save_every", "latest", "animation", "frames", "curves"),
    *("log", "summaries", "trace", "checkpoint_every"),
    *("memory", "tile", "weights", "network"),
)


@command(app)
@options.takes(*_ANEW, config=Config, outputs=Outputs)
def resume(
    config: Config,
    outputs: Outputs,
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="The run's checkpoints; by default the newest run's.")
    ] = None,
    plugin: options.Plugins = None,
    workers: options.WorkerList = None,
    worker_timeout: options.Patience = PATIENCE,
    quiet: options.Quiet = False,
) -> None:
    """Go on with a run that did not end, here or on another machine.

    It writes the files that it was to write, under names that are free, unless others are given.
    """
    from nstgraph.checkpoints.checkpoint import Checkpoint
    from nstgraph.checkpoints.resumed import MACHINE, resumed
    from nstgraph.cli.output_files import OutputFiles
    from nstgraph.cli.output_names import inputs

    helped = options.chosen_workers(workers, worker_timeout)
    options.load_plugins(plugin)
    with Checkpoint.open(folder or _newest()) as checkpoint:
        _check_plugins(checkpoint, plugin or [])
        given = {name: value for name in MACHINE if (value := getattr(config, name)) != getattr(Config, name)}
        config = resumed(checkpoint.about, **given)
        before = checkpoint.state.history if checkpoint.state else ()
        names = [Path(picture.name) for picture in (checkpoint.pictures.content, *checkpoint.pictures.styles)]
        # Patterns are those that are given now: what the run was to write is kept as names.
        outputs = outputs.named(fields_of(config, names)).resumed(checkpoint.about.get("outputs"))
        files = OutputFiles(outputs, names, before)
        files.names.check(inputs(config, [], plugin), config.steps)
        running.go_on(config, checkpoint, outputs, files, quiet, helped)


@command(app)
def runs(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="Where to look; by default where runs are kept unasked.")
    ] = None,
) -> None:
    """List the runs that can be resumed, and what that would take. To forget one, delete its folder."""
    from nstgraph.cli.tables import show_runs

    show_runs(folder or running.runs_folder())


def _newest() -> Path:
    from nstgraph.checkpoints.kept_runs import kept_runs

    free = [run for run in kept_runs(running.runs_folder()) if not run.in_use]
    if not free:
        raise CheckpointError("there is no run to go on with; one with --checkpoint FOLDER is resumed by that name")
    return free[0].folder


def _check_plugins(checkpoint: Checkpoint, given: list[Path]) -> None:
    """Ask for the plugins of a run: they are code, which is run because somebody names it, not because a file does."""
    from nstgraph.hashes import hash_of

    wanted = checkpoint.about.get("plugins")
    if not isinstance(wanted, dict):
        raise CheckpointError(f"the checkpoint in {checkpoint.folder} is damaged; it cannot be resumed")
    missing = [str(path) for path in wanted if Path(path).name not in [path.name for path in given]]
    if missing:
        words = [word for path in missing for word in ("--plugin", path)]
        raise CheckpointError(
            f"this run needs plugins, which are code: {messages.command('resume', checkpoint.folder, *words)}"
        )
    hashes = {hash_of(path) for path in given}
    for path, sha256 in wanted.items():
        if sha256 not in hashes:
            to_stderr(f"note: {Path(path).name} is not what it was when the run began")
