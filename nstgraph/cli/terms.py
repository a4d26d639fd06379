"""The command ``nstgraph terms``."""

from __future__ import annotations

from typing import Annotated

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command

__all__ = ["app"]

app = typer.Typer()


@command(app)
def terms(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A term, to read all about it.")] = None,
    plugin: options.Plugins = None,
) -> None:
    """List the loss terms, or describe one."""
    from nstgraph.cli import tables
    from nstgraph.losses.registry import registry

    options.load_plugins(plugin)
    if name is None:
        tables.show_terms()
    else:
        tables.show_term(registry[name])
