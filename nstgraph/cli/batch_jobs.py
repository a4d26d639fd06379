"""What ``nstgraph batch`` is to make: arguments and lists as jobs, each with a name for its result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nstgraph.cli.name_patterns import expanded, fields_of
from nstgraph.config import Config
from nstgraph.errors import ConfigError, OutputError
from nstgraph.files import same_file, unused
from nstgraph.settings.exclusions import over

if TYPE_CHECKING:
    from nstgraph.batch.job import Job
    from nstgraph.batch.job_file import Row

__all__ = ["check_losses", "jobs_of", "rows_of"]


def rows_of(contents: Sequence[Path], styles: Sequence[Path], jobs: Path | None, in_pairs: bool) -> list[Row]:
    """Which photos go with which paintings.

    Raises:
        ConfigError: it cannot be told.
        PictureError: there are no such pictures.
    """
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


def jobs_of(rows: Sequence[Row], config: Config, pattern: Path, preset: str | None) -> list[Job]:
    """What is to be made, each under a name of its own; those with the same settings follow each other.

    Args:
        rows: as of `rows_of`.
        config: settings of the batch.
        pattern: of the results' names, in their folder.
        preset: the preset's name, for names.

    Raises:
        ConfigError, OutputError: a row's settings exclude each other, or a result cannot have that name.
    """
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


def check_losses(made: Sequence[Job]) -> None:
    """Refuse, before any work, a loss that cannot be read."""
    from nstgraph.losses.loss_text import as_loss

    for config in {job.config for job in made}:
        as_loss(config.loss)
