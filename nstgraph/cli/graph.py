"""The commands ``nstgraph graph ...``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command
from nstgraph.config import Config

if TYPE_CHECKING:
    from nstgraph.graph.objective import Objective

__all__ = ["app"]

app = typer.Typer(help="The TensorFlow graph itself: what it consists of, and files of it.", no_args_is_help=True)

_StyleCount = Annotated[int, typer.Option("--styles", min=1, help="Number of style images.")]


@app.command()
@command
@options.takes_network
def show(
    config: Config,
    size: Annotated[int, typer.Option(min=20, help="Side of the square pictures, in pixels.")] = 512,
    depth: Annotated[int, typer.Option(min=1, help="How many names deep scopes are told apart.")] = 3,
    everything: Annotated[bool, typer.Option("--all", help="Also show scopes below a hundredth of the whole.")] = False,
    styles: _StyleCount = 1,
    plugin: options.Plugins = None,
    debug: options.Debug = False,
) -> None:
    """Print the graph's scopes: operations, shapes, parameters, FLOPs, memory of an evaluation of loss and gradient."""
    from nstgraph.cli.graph_tables import show_inventory
    from nstgraph.inspect.inventory import inventory

    show_inventory(inventory(_built(config, styles, plugin), size, size, depth), everything=everything)


@app.command()
@command
@options.takes_network
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder for the files.")],
    config: Config,
    format: Annotated[
        list[str] | None,
        typer.Option(metavar="metagraph|checkpoint|frozen|savedmodel", help="May be given again; default all."),
    ] = None,
    styles: _StyleCount = 1,
    plugin: options.Plugins = None,
    debug: options.Debug = False,
) -> None:
    """Write the graph, with its weights, as files that other TensorFlow programs load."""
    from nstgraph.graph.evaluator import Evaluator
    from nstgraph.inspect import export as exports

    exports.check(folder, format or ())
    with Evaluator(_built(config, styles, plugin)) as evaluator:
        for path in exports.export(evaluator.objective, evaluator.session, folder, format or ()):
            print(path)


def _built(config: Config, styles: int, plugins: list[Path] | None) -> Objective:
    from nstgraph.graph.objective import Objective
    from nstgraph.losses.registry import as_loss
    from nstgraph.run.stylizer import graph_of

    options.load_plugins(plugins)
    loss = as_loss(config.loss)
    # A graph that goes elsewhere does not depend on what this machine is fast at.
    precision = "float32" if config.precision == "auto" else config.precision
    return Objective(graph_of(config.replace(precision=precision), styles), loss)
