"""The command ``nstgraph bench``."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command
from nstgraph.cli.stylize import import_tensorflow
from nstgraph.config import Config
from nstgraph.errors import ConfigError

__all__ = ["app"]

app = typer.Typer()

_SIZES, _PRECISIONS, _TILES = [256, 512, 1024, 2048], ["float32", "bfloat16"], ["off", "512"]

_Sizes: TypeAlias = Annotated[
    list[int], typer.Option(metavar="PIXELS", help="Side of the square pictures; may be given again.")
]
_Precisions: TypeAlias = Annotated[
    list[str], typer.Option(metavar="NAME", help="Number format of feature maps; may be given again.")
]
_Tiles: TypeAlias = Annotated[
    list[str],
    typer.Option(metavar="off|PIXELS", help="Side of tiles that are smaller than the picture; may be given again."),
]
_Repeats: TypeAlias = Annotated[
    int, typer.Option(metavar="N", min=1, help="Evaluations of each kind, fewer if they take more than half a minute.")
]
_Convergence: TypeAlias = Annotated[
    bool, typer.Option("--convergence", help="Compare variants of the search instead, at the first size.")
]
_Steps: TypeAlias = Annotated[int, typer.Option(metavar="N", help="Steps of the variants; with --convergence.")]
_AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print all figures as one line of JSON instead.")]


@command(app)
@options.takes("loss", "weights", "memory", config=Config)
def bench(
    config: Config,
    size: _Sizes = _SIZES,
    precision: _Precisions = _PRECISIONS,
    tile: _Tiles = _TILES,
    repeats: _Repeats = 10,
    convergence: _Convergence = False,
    steps: _Steps = 300,
    plugin: options.Plugins = None,
    styles: options.StyleCount = 1,
    as_json: _AsJson = False,
) -> None:
    """Measure evaluations against this machine's own matrix-product rate, or how fast searches converge."""
    from nstgraph.bench import measure
    from nstgraph.bench.convergence import compare_searches
    from nstgraph.bench.figures import Failure
    from nstgraph.bench.separate_process import measure_apart
    from nstgraph.cli import bench_tables as show

    options.load_plugins(plugin)
    if convergence:
        config = config.replace(size=size[0])
        import_tensorflow()
        descents = [*show.noted(compare_searches(config, steps=steps, styles=styles))]
        show.print_json(convergence=descents) if as_json else show.show_descents(descents)
        return
    configs = measure.configurations(config, size, precision, tile)
    how = {"styles": styles, "repeats": repeats}
    rows = [*show.noted(measure_apart(one, plugin or [], **how) for one in configs)]
    if all(isinstance(row, Failure) for row in rows):
        raise ConfigError("none of this can be measured here; see above")
    import_tensorflow()
    reuse = measure.target_reuse(configs[0].replace(precision="auto"), **how)
    if as_json:
        show.print_json(rows=rows, target_reuse=reuse)
    else:
        show.show_rows(rows)
        show.show_target_reuse(reuse)
