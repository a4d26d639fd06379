"""The command line: what it consists of, and how it is started."""

from __future__ import annotations

import io
import logging
import sys
import warnings
from typing import Annotated

import typer

import nstgraph
from nstgraph.cli import (
    batch,
    bench,
    graph,
    presets,
    rerun,
    resume,
    stylize,
    sweep,
    terms,
    texture,
    video,
    web,
    weights,
    worker,
)
from nstgraph.cli.help import Group
from nstgraph.cli.interruptions import listen
from nstgraph.cli.printing import open_streams, say, stdout_guarded, to_stdout
from nstgraph.errors import OutputError

__all__ = ["app", "main"]

app = typer.Typer(
    cls=Group,
    help="Paint a photo in the manner of a painting, by optimising an explicit TensorFlow graph.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (stylize, batch, sweep, texture, video, presets, resume, rerun, terms, bench, web, worker):
    app.add_typer(commands.app)
app.add_typer(weights.app, name="weights")
app.add_typer(graph.app, name="graph")


def main() -> None:
    """Run the command line."""
    open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without × or · still gets its tables
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of its own 1.x interface
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells that it makes a list of fonts
    listen()
    if not sys.warnoptions:
        warnings.simplefilter(
            "ignore"
        )  # of large pictures, odd EXIF data and the like, which are none the worse for it
    try:
        with stdout_guarded():
            app()
    except OutputError as error:  # of help; commands report their own
        say(str(error))
        sys.exit(2)


def _version(wanted: bool) -> None:
    if wanted:
        to_stdout(f"nstgraph {nstgraph.__version__}\n")
        raise typer.Exit


@app.callback()
def _global_options(
    version: Annotated[
        bool,
        typer.Option("--version", metavar="", callback=_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Paint a photo in the manner of a painting, by optimising an explicit TensorFlow graph."""
