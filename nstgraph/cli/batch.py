"""The command ``nstgraph batch``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstgraph.cli import options
from nstgraph.cli.batch_jobs import check_losses, jobs_of, rows_of
from nstgraph.cli.batch_place import Place
from nstgraph.cli.batch_run import run
from nstgraph.cli.exit_codes import command
from nstgraph.config import Config

__all__ = ["app"]

app = typer.Typer()

_CLUSTER = "Cluster"

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
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Processes on this machine.",
            show_default="what its cores and memory have room for",
            rich_help_panel=_CLUSTER,
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="A Dask scheduler whose workers make the pictures, such as tcp://host:8786.",
            rich_help_panel=_CLUSTER,
        ),
    ] = None,
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
