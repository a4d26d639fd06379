"""The commands for results that explain themselves: ``show`` says how one was made, ``rerun`` makes it again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from nstgraph.cli import options, running
from nstgraph.cli.exit_codes import command
from nstgraph.cli.name_patterns import fields_of
from nstgraph.cli.output_options import STDOUT, Outputs
from nstgraph.cli.printing import stderr_held_back
from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.workers.address import PATIENCE

if TYPE_CHECKING:
    from nstgraph.run.repetition import Repetition

__all__ = ["app"]

app = typer.Typer()

#: What may differ from the first time: where files go, and what belongs to the machine.
_OUTPUTS = [field.name for field in dataclasses.fields(Outputs) if field.name != "depth"]
_ANEW = (*_OUTPUTS, "memory", "tile", "weights", "network")

_Photo: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="The photo, if it is not found; known by its hash.")
]
_Paintings: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="A painting that is not found; known by its hash; may be given again."),
]
_Starts: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="A starting image that is not found; known by its hash; may be given again."),
]
_Masks: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE", help="A mask, or map of strength, that is not found; known by its hash; may be given again."
    ),
]
_Result: TypeAlias = Annotated[Path, typer.Argument(metavar="RESULT", help="A picture of nstgraph's (.png .tif).")]


@command(app)
def show(
    result: _Result,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON instead.")] = False,
    as_command: Annotated[bool, typer.Option("--command", help="Print it as a command instead.")] = False,
    as_toml: Annotated[bool, typer.Option("--toml", help="Print its settings as a file for --config instead.")] = False,
) -> None:
    """Show how RESULT was made: its settings, pictures, weights and versions, which its file carries."""
    from nstgraph.cli import shown_settings
    from nstgraph.pictures.metadata import read_settings

    if as_json + as_command + as_toml > 1:
        raise ConfigError("--json, --command and --toml each print something else; choose one of them")
    settings = read_settings(result)
    if as_json:
        shown_settings.show_json(settings)
    elif as_command:
        shown_settings.show_command(settings)
    elif as_toml:
        shown_settings.show_toml(settings)
    else:
        shown_settings.show_tables(result, settings)


@command(app)
@options.takes(*_ANEW, config=Config, outputs=Outputs)
def rerun(
    result: _Result,
    outputs: Outputs,
    config: Config,
    content: _Photo = None,
    style: _Paintings = None,
    init: _Starts = None,
    mask: _Masks = None,
    plugin: options.Plugins = None,
    workers: options.WorkerList = None,
    worker_timeout: options.Patience = PATIENCE,
    quiet: options.Quiet = False,
) -> None:
    """Make RESULT again, from what its file says: the same bytes, with the same programs on the same machine.

    Its pictures are looked for at their recorded paths, beside RESULT, and here, and are known by their hashes. Plugins
    are code, and have to be given. For another photo: nstgraph stylize PHOTO STYLE --like RESULT
    """
    from nstgraph.cli.output_files import checked_files
    from nstgraph.pictures.metadata import depth_of

    helped = options.chosen_workers(workers, worker_timeout)
    machine = {name: getattr(config, name) for name in ("memory", "tile", "weights", "network")}
    machine = {name: value for name, value in machine.items() if value != getattr(Config, name)}
    given = {
        "content": content,
        "inits": init or [],
        "styles": style or [],
        "masks": mask or [],
        "plugins": plugin or [],
    }
    again = _again(result, given, machine)
    if outputs.output in (None, STDOUT) or outputs.output.suffix.lower() == ".png":
        outputs = dataclasses.replace(outputs, depth=depth_of(result))
    names = [Path(name) for name in again.names]
    read, found = [result, *again.files], again.config.replace(init="style")  # its files are among those that were read
    outputs, files = checked_files(found, outputs, names, read, plugin, fields_of(again.config, names))
    running.run_again(again, outputs, files, quiet, helped)


def _again(result: Path, given: dict[str, Any], machine: dict[str, Any]) -> Repetition:
    from nstgraph.run.repetition import Repetition

    with stderr_held_back():  # libtiff warns there of damaged files, as it did the first time
        return Repetition(result, **given, **machine)
