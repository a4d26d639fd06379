"""The commands ``nstgraph weights ...``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command

__all__ = ["app"]

app = typer.Typer(help="VGG weights files: what there is, and how to get more.", no_args_is_help=True)


@app.command("list")
@command
def list_(debug: options.Debug = False) -> None:
    """List the places where weights are looked for, in order."""
    from nstgraph.cli import tables as show

    show.show_weights()


@app.command()
@command
def info(
    file: Annotated[str | None, typer.Argument(help="A weights file; by default the one that would be used.")] = None,
    debug: options.Debug = False,
) -> None:
    """Show a weights file's layers, shapes and SHA-256."""
    from nstgraph.cli import tables as show
    from nstgraph.networks.weights_file import find

    show.show_weights_file(find(file))


@app.command()
@command
def fetch(
    name: Annotated[str, typer.Argument(help="Which weights: vgg16.")] = "vgg16",
    folder: Annotated[Path | None, typer.Option(help="Where to put the file; by default the user's cache.")] = None,
    debug: options.Debug = False,
) -> None:
    """Download a weights file; an interrupted download is continued."""
    from nstgraph.cli.progress import download_bar
    from nstgraph.networks import fetch_weights as downloads

    with download_bar() as progress:
        target = downloads.fetch(name, folder, progress=progress)
    print(target)
