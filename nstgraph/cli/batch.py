"""The command ``nstgraph batch``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from nstgraph.cli import options
from nstgraph.cli.batch_jobs import check_losses, jobs_of, rows_of
from nstgraph.cli.batch_place import Place
from nstgraph.cli.batch_run import run
from nstgraph.cli.exit_codes import command
from nstgraph.config import Config

__all__ = ["app"]

app = typer.Typer()

#: What nobody chose.
_PATTERN = "{content}-{style}.png"


_Contents: TypeAlias = Annotated[
    list[Path] | None, typer.Argument(metavar="CONTENT", help="Photos: files, folders, or patterns in quotes.")
]
_Styles: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(metavar="STYLE", help="A painting, a folder of them, or a pattern; may be given again."),
]
_Output: TypeAlias = Annotated[
    Path, typer.Option("--output", "-o", metavar="FOLDER", help="A folder for the results; made if need be.")
]
_Name: TypeAlias = Annotated[
    str,
    typer.Option(metavar="PATTERN", help="Names of the results, with {content}, {style}, {size}, {steps}, {seed}."),
]
_Pairs: TypeAlias = Annotated[
    bool, typer.Option("--pairs", help="The first photo with the first painting, and so on, not all with all.")
]
_Jobs: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A list of pictures, .csv or .toml: content, style, output, any setting."),
]
_Overwrite: TypeAlias = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are not results of an earlier batch there, too.")
]
_Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Processes on this machine.",
        show_default="what its cores and memory have room for",
        rich_help_panel="Cluster",
    ),
]
_Scheduler: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="A Dask scheduler whose workers make the pictures, such as tcp://host:8786.",
        rich_help_panel="Cluster",
    ),
]


@command(app)
@options.takes(config=Config)
def batch(
    config: Config,
    contents: _Contents = None,
    style: _Styles = None,
    output: _Output = Path("nstgraph-batch"),
    name: _Name = _PATTERN,
    pairs: _Pairs = False,
    jobs: _Jobs = None,
    overwrite: _Overwrite = False,
    workers: _Workers = None,
    scheduler: _Scheduler = None,
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

    place = Place(workers, scheduler, tuple(plugin or ()))
    options.load_plugins(plugin)
    if preset is not None:
        config = with_weights_of(preset, config)
    made = jobs_of(rows_of(contents or [], style or [], jobs, pairs), config, output / name, preset)
    check_losses(made)
    run(made, output, place, overwrite=overwrite, quiet=quiet)
