"""The commands that make pictures, or say what that would take: ``stylize``, ``plan``, ``demo``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from nstgraph.cli import options, running
from nstgraph.cli.exit_codes import command
from nstgraph.cli.name_patterns import fields_of
from nstgraph.cli.output_options import OFF, Outputs
from nstgraph.cli.printing import to_stdout
from nstgraph.cli.progress import Display
from nstgraph.config import Config
from nstgraph.errors import NstgraphError
from nstgraph.workers.address import PATIENCE

__all__ = ["app"]

app = typer.Typer()


@command(app)
@options.takes(config=Config, outputs=Outputs)
def stylize(
    content: options.Content,
    styles: options.Styles,
    outputs: Outputs,
    config: Config,
    preset: options.PresetName = None,
    like: options.Like = None,
    config_file: options.ConfigFile = None,
    plugin: options.Plugins = None,
    workers: options.WorkerList = None,
    worker_timeout: options.Patience = PATIENCE,
    quiet: options.Quiet = False,
) -> None:
    """Stylise CONTENT in the manner of STYLE.

    For example: nstgraph stylize photo.jpg painting.jpg -o out.png
    """
    from nstgraph.cli.output_files import checked_files
    from nstgraph.pictures.folder import paths_without_folders
    from nstgraph.run.preset_weights import with_weights_of

    helped = options.chosen_workers(workers, worker_timeout)
    named, sources = [content, *styles], [content, *paths_without_folders(styles)]
    read = [*sources, like, config_file]
    outputs, files = checked_files(config, outputs, named, read, plugin, fields_of(config, named, preset))
    options.load_plugins(plugin)
    if preset is not None:
        config = with_weights_of(preset, config)
    running.run(config, sources, outputs, files, quiet, helped)


@command(app)
@options.takes(config=Config, outputs=Outputs)
def plan(
    content: options.Content,
    styles: options.Styles,
    outputs: Outputs,
    config: Config,
    preset: options.PresetName = None,
    like: options.Like = None,
    config_file: options.ConfigFile = None,
    plugin: options.Plugins = None,
    workers: options.WorkerList = None,
    worker_timeout: options.Patience = PATIENCE,
    quiet: options.Quiet = False,
) -> None:
    """Predict memory and time of a run on this machine, and show what it would choose.

    Takes the same options as stylize; those that name output files are ignored.
    """
    from nstgraph.cli.tables import show_plan
    from nstgraph.run.preset_weights import with_weights_of

    options.load_plugins(plugin)
    if preset is not None:
        config = with_weights_of(preset, config)
    helped, display = options.chosen_workers(workers, worker_timeout), Display(0, quiet=quiet)
    pictures, config = running.read(config, [content, *styles], display)
    running.import_tensorflow()
    from nstgraph.run.stylizer import Stylizer

    with Stylizer(config, len(pictures.styles), workers=helped.answering(display.note)) as stylizer:
        show_plan(stylizer.plan(pictures))


@command(app)
def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for the pictures.")
    ] = Path("nstgraph-demo"),
    size: options.option(Config, "size") = Config.size,  # type: ignore[valid-type]
    steps: options.option(Config, "steps") = Config.steps,  # type: ignore[valid-type]
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the folder's name only.")] = False,
) -> None:
    """Draw a landscape and a painting, and stylise one with the other. Needs no network and no files."""
    from nstgraph.cli.output_files import OutputFiles
    from nstgraph.demo.draw import draw
    from nstgraph.files import new_folder

    config = Config(size=size, steps=steps)
    folder = new_folder(output)
    try:
        sources = draw(folder)
        outputs = Outputs(folder / "result.png", compare=True, checkpoint=OFF)
        running.run(config, sources, outputs, OutputFiles(outputs, sources), quiet)
    except (NstgraphError, KeyboardInterrupt):
        if not (folder / "result.png").exists():
            shutil.rmtree(folder)
        raise
    to_stdout(f"{folder}\n")
