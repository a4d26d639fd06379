"""The commands ``nstgraph weights ...``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nstgraph.cli.exit_codes import command
from nstgraph.cli.help import Group
from nstgraph.cli.printing import to_stdout

__all__ = ["app"]

app = typer.Typer(cls=Group, help="VGG weights files: what there is, and how to get more.", no_args_is_help=True)


@command(app, "list")
def list_() -> None:
    """List the places where weights are looked for, in order."""
    from nstgraph.cli.tables import show_weights

    show_weights()


@command(app)
def info(
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="A weights file; by default the one that would be used.")
    ] = None,
) -> None:
    """Show a weights file's layers, shapes and SHA-256."""
    from nstgraph.cli.tables import show_weights_file
    from nstgraph.networks.find_weights import find_weights

    show_weights_file(find_weights(file))


@command(app)
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which weights: vgg16.")] = "vgg16",
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to put the file; by default the user's cache.")
    ] = None,
) -> None:
    """Download a weights file; an interrupted download is continued."""
    from nstgraph.cli.progress import download_bar
    from nstgraph.networks import fetch_weights

    with download_bar() as progress:
        target = fetch_weights.fetch(name, folder, progress=progress)
    to_stdout(f"{target}\n")
