"""The commands ``nstgraph graph ...``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command
from nstgraph.cli.help import Group
from nstgraph.cli.printing import to_stdout
from nstgraph.cli.running import import_tensorflow
from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.pictures.wrapping import WRAPPING

if TYPE_CHECKING:
    from nstgraph.graph.objective import Objective

__all__ = ["app"]

app = typer.Typer(
    cls=Group, help="The TensorFlow graph itself: what it consists of, and files of it.", no_args_is_help=True
)

#: The settings that say which graph is built.
_takes_network = options.takes(
    "loss", "keep_colors", "weights", "pooling", "padding", "network", "input", "input_values", config=Config
)


_Precision: TypeAlias = Annotated[
    str, typer.Option(metavar="float32|bfloat16|float16", help="Number format of feature maps.")
]


@command(app)
@_takes_network
def show(
    config: Config,
    size: Annotated[int, typer.Option(metavar="PIXELS", min=20, help="Side of the square pictures.")] = 512,
    depth: Annotated[int, typer.Option(metavar="N", min=1, help="How many levels of nested scopes to list.")] = 3,
    everything: Annotated[bool, typer.Option("--all", help="Also list scopes below a hundredth of the whole.")] = False,
    precision: _Precision = "float32",
    styles: options.StyleCount = 1,
    plugin: options.Plugins = None,
) -> None:
    """Print the graph's scopes: operations, shapes, parameters, FLOPs, memory of an evaluation of loss and gradient."""
    from nstgraph.cli.graph_tables import show_inventory
    from nstgraph.inspect.inventory import inventory

    show_inventory(
        inventory(_built(config.replace(precision=precision), styles, plugin), size, size, depth), everything=everything
    )


@command(app)
@_takes_network
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the files.")],
    config: Config,
    format: Annotated[
        list[str] | None,
        typer.Option(
            metavar="metagraph|checkpoint|frozen|savedmodel", help="What to write, by default all; may be given again."
        ),
    ] = None,
    precision: _Precision = "float32",
    styles: options.StyleCount = 1,
    plugin: options.Plugins = None,
) -> None:
    """Write the graph, with its weights, as files that other TensorFlow programs load."""
    from nstgraph.graph.evaluator import Evaluator
    from nstgraph.inspect import export as exports

    exports.check(folder, format or ())
    with Evaluator(_built(config.replace(precision=precision), styles, plugin)) as evaluator:
        for path in exports.export(evaluator.objective, evaluator.session, folder, format or ()):
            to_stdout(f"{path}\n")


def _built(config: Config, styles: int, plugins: Sequence[Path] | None) -> Objective:
    from nstgraph.graph.objective import Objective
    from nstgraph.losses.loss_text import as_loss
    from nstgraph.run.inputs import graph_of

    if config.padding in WRAPPING:
        raise ConfigError(
            f"{config.padding} is a way to evaluate the graph, which is that of reflect; leave padding out"
        )
    options.load_plugins(plugins)
    loss = as_loss(config.loss, keep_colors=config.colors_are_searched)
    import_tensorflow()
    return Objective(graph_of(config, styles), loss)
