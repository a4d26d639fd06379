"""The command ``nstgraph bench``."""

from __future__ import annotations

from typing import Annotated

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command
from nstgraph.cli.stylize import import_tensorflow
from nstgraph.config import Config
from nstgraph.losses.default_loss import DEFAULT_LOSS

__all__ = ["app"]

app = typer.Typer()


_SIZES, _PRECISIONS, _TILES, _LOSS = [256, 512, 1024, 2048], ["float32", "bfloat16"], ["off", "512"], list(DEFAULT_LOSS)


@command(app)
def bench(
    size: Annotated[
        list[int], typer.Option(metavar="PIXELS", help="Side of the square pictures; may be given again.")
    ] = _SIZES,
    precision: Annotated[
        list[str], typer.Option(metavar="NAME", help="Of the network; may be given again.")
    ] = _PRECISIONS,
    tile: Annotated[
        list[str],
        typer.Option(metavar="off|PIXELS", help="Side of tiles that are smaller than the picture; may be given again."),
    ] = _TILES,
    repeats: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Evaluations of each kind, fewer if they take more than half a minute."),
    ] = 10,
    convergence: Annotated[
        bool, typer.Option("--convergence", help="Compare variants of the search instead, at the first size.")
    ] = False,
    steps: Annotated[int, typer.Option(metavar="N", help="Steps of the variants; with --convergence.")] = 300,
    loss: options.option(Config, "loss") = _LOSS,  # type: ignore[valid-type]
    plugin: options.Plugins = None,
    styles: options.StyleCount = 1,
    weights: options.option(Config, "weights") = None,  # type: ignore[valid-type]
    memory: options.option(Config, "memory") = Config.memory,  # type: ignore[valid-type]
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as one line of JSON instead.")] = False,
) -> None:
    """Measure evaluations against this machine's own matrix-product rate, or how fast searches converge."""
    from nstgraph.bench import measure
    from nstgraph.bench.apart import measure_apart
    from nstgraph.bench.convergence import compare_searches
    from nstgraph.cli import bench_tables as show

    options.load_plugins(plugin)
    config = Config(size=size[0], loss=tuple(loss), weights=weights, memory=memory)
    if convergence:
        import_tensorflow()
        descents = [*show.noted(compare_searches(config, steps=steps, styles=styles))]
        show.print_json(convergence=descents) if as_json else show.show_descents(descents)
        return
    configs = measure.configurations(config, size, precision, tile)
    how = {"styles": styles, "repeats": repeats}
    rows = [*show.noted(measure_apart(one, plugin or [], **how) for one in configs)]
    import_tensorflow()
    reuse = measure.target_reuse(configs[0].replace(precision="auto"), **how)
    if as_json:
        show.print_json(rows=rows, target_reuse=reuse)
    else:
        show.show_rows(rows)
        show.show_target_reuse(reuse)
