"""The command ``nstgraph batch``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from nstgraph.cli import options, running
from nstgraph.cli.exit_codes import command
from nstgraph.cli.interruptions import deaf
from nstgraph.cli.name_patterns import expanded, fields_of
from nstgraph.cli.printing import show, stderr_held_back, to_stderr
from nstgraph.config import Config
from nstgraph.errors import ConfigError, OutputError
from nstgraph.files import same_file, unused
from nstgraph.messages import printable
from nstgraph.settings.exclusions import over

if TYPE_CHECKING:
    from nstgraph.batch.folder import BatchFolder
    from nstgraph.batch.identity import Identities
    from nstgraph.batch.job import Job
    from nstgraph.batch.job_file import Row

__all__ = ["app"]

app = typer.Typer()

#: What nobody chose.
_PATTERN = "{content}-{style}.png"


@command(app)
@options.takes(config=Config)
def batch(
    config: Config,
    contents: Annotated[
        list[Path] | None, typer.Argument(metavar="CONTENT", help="Photos: files, folders, or patterns in quotes.")
    ] = None,
    style: Annotated[
        list[Path] | None,
        typer.Option(metavar="STYLE", help="A painting, a folder of them, or a pattern; may be given again."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="A folder for the results; made if need be.")
    ] = Path("nstgraph-batch"),
    name: Annotated[
        str,
        typer.Option(metavar="PATTERN", help="Names of the results, with {content}, {style}, {size}, {steps}, {seed}."),
    ] = _PATTERN,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="The first photo with the first painting, and so on, not all with all.")
    ] = False,
    jobs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A list of pictures, .csv or .toml: content, style, output, any setting."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are not results of an earlier batch there, too.")
    ] = False,
    like: options.Like = None,
    config_file: options.ConfigFile = None,
    preset: options.PresetName = None,
    plugin: options.Plugins = None,
    quiet: options.Quiet = False,
) -> None:
    """Stylise every CONTENT in the manner of every STYLE; started again, only what is missing or changed is done.

    For example: nstgraph batch photos --style wave.jpg --style scream.jpg -o results --size 512
    """
    from nstgraph.run.preset_weights import with_weights_of

    options.load_plugins(plugin)
    if preset is not None:
        config = with_weights_of(preset, config)
    made = _jobs(_rows(contents or [], style or [], jobs, pairs), config, output / name, preset)
    _check_losses(made)
    _run(made, output, overwrite, quiet)


def _rows(contents: Sequence[Path], styles: Sequence[Path], jobs: Path | None, in_pairs: bool) -> list[Row]:
    from nstgraph.batch.job_file import Row, read_job_file
    from nstgraph.batch.pairing import found, paired

    if jobs is not None:
        if contents or styles or in_pairs:
            raise ConfigError("--jobs lists photos and paintings itself; leave CONTENT, --style and --pairs out")
        return read_job_file(jobs)
    if not contents or not styles:
        raise ConfigError("a batch needs photos and paintings: nstgraph batch PHOTO... --style PAINTING")
    return [
        Row(content, (style,), None, {}) for content, style in paired(found(contents), found(styles), in_pairs=in_pairs)
    ]


def _jobs(rows: Sequence[Row], config: Config, pattern: Path, preset: str | None) -> list[Job]:
    """What is to be made, each under a name of its own; those with the same settings follow each other."""
    from nstgraph.batch.job import Job

    names: set[Path] = set()
    made = []
    for row in rows:
        chosen = config
        if row.settings:
            given = {name: getattr(config, name) for name in Config.__dataclass_fields__}
            chosen = Config(**over(given, row.settings))
        target = _target(row, chosen, pattern, preset, names)
        names.add(target)
        made.append(Job(row.content, row.styles, chosen, target, row.settings))
    places: dict[tuple[Any, ...], int] = {}
    for job in made:
        places.setdefault((job.config, len(job.styles)), len(places))
    return sorted(made, key=lambda job: places[job.config, len(job.styles)])


def _target(row: Row, config: Config, pattern: Path, preset: str | None, names: set[Path]) -> Path:
    if row.output is not None:
        pattern = pattern.parent / row.output
    if pattern.suffix.lower() != ".png" or pattern.parent / pattern.name != pattern or not pattern.stem:
        raise OutputError(f"{pattern.name} is no name of a result; let it end in .png, which carries how it was made")
    if row.output is not None and (row.output.name != str(row.output) or row.output.is_absolute()):
        raise OutputError(f"{row.output} leads out of the folder; give a name without folders")
    fields = fields_of(config, [row.content, *row.styles], preset)
    for changing in ("date", "time"):
        if f"{{{changing}}}" in pattern.name:
            raise OutputError(
                f"{{{changing}}} is another one each time, and a batch knows its results by name; leave it out"
            )
    target = pattern.parent / expanded(Path(pattern.name), fields)
    if any(same_file(source, target) for source in (row.content, *row.styles)):
        raise OutputError(f"{target} is an input and is never written over; choose another folder")
    return unused(target, ".png", lambda path: path in names)


def _check_losses(made: Sequence[Job]) -> None:
    """Refuse, before any work, a loss that cannot be read."""
    from nstgraph.losses.loss_text import as_loss

    for config in {job.config for job in made}:
        as_loss(config.loss)


def _run(made: Sequence[Job], output: Path, overwrite: bool, quiet: bool) -> None:
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
        tell = (lambda line: None) if quiet else to_stderr
        tell(f"{len(made)} pictures, {len(made) - len(left)} of them done before")
        try:
            if left:
                _work_off(left, folder, identities, tell)
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


def _work_off(left: Sequence[Job], folder: BatchFolder, identities: Identities, tell: Any) -> None:
    running.import_tensorflow()
    from nstgraph.batch.work import Outcome, Parcel, work
    from nstgraph.errors import NstgraphError, fault_of
    from nstgraph.pictures.load import check_file
    from nstgraph.run.stylizers import Stylizers

    with Stylizers() as stylizers:
        for number, job in enumerate(left, 1):
            try:
                for path in job.pictures:
                    check_file(path)
                with stderr_held_back():  # libtiff warns there of damaged files
                    files = tuple((os.fspath(path), path.read_bytes()) for path in job.pictures)
                    checkpoint = folder.checkpoint(identities.key(job))
                parcel = Parcel(files, job.config, identities.weights(job.config), checkpoint)
                outcome = work(parcel, stylizers)
            except (NstgraphError, OSError) as error:
                outcome = Outcome(fault=fault_of(error))
            with deaf():
                folder.add(job, outcome)
            said = f"failed: {outcome.fault}" if outcome.fault else f"loss {outcome.losses.get('total', 0):.6g}"
            tell(f"{number} of {len(left)}: {job.target.name}, {said}, {outcome.seconds:.1f} s")


def _show_failures(folder: BatchFolder) -> None:
    table = Table("file", "why there is none", box=None, pad_edge=False)
    for file, reason in folder.failures:
        table.add_row(printable(file), printable(reason))
    with contextlib.suppress(OutputError):
        show(table)
