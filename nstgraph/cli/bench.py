"""The command ``nstgraph bench``."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command
from nstgraph.cli.printing import to_stderr
from nstgraph.cli.running import import_tensorflow
from nstgraph.config import Config
from nstgraph.errors import ConfigError

if TYPE_CHECKING:
    from nstgraph.bench.figures import PictureFigures

__all__ = ["app"]

app = typer.Typer()

_SIZES, _PRECISIONS, _TILES = [256, 512, 1024, 2048], ["float32", "bfloat16"], ["off", "512"]

_Sizes: TypeAlias = Annotated[
    list[int] | None,
    typer.Option(
        metavar="PIXELS",
        min=1,
        help="Side of the square pictures; may be given again. With --pictures, longest side of the results.",
        show_default="256, 512, 1024, 2048; with --pictures 512",
    ),
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
_Steps: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Steps of the variants of --convergence, or of each result of --pictures.",
        show_default="300; with --pictures automatic",
    ),
]
_Pictures: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Stylise every photo of FOLDER/content with every painting of FOLDER/style instead, and measure that.",
    ),
]
_Output: TypeAlias = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for results and contact sheet of --pictures."),
]
_Workers: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        metavar="HOST:PORT,...",
        help="Compare evaluations by these servers with this machine's instead, at the first size and tile; may be "
        "given again for another team.",
    ),
]
_AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print all figures as one line of JSON instead.")]


@command(app)
@options.takes("loss", "keep_colors", "style_scale", "weights", "memory", config=Config)
def bench(
    context: typer.Context,
    config: Config,
    size: _Sizes = None,
    precision: _Precisions = _PRECISIONS,
    tile: _Tiles = _TILES,
    repeats: _Repeats = 10,
    pictures: _Pictures = None,
    output: _Output = Path("nstgraph-bench"),
    convergence: _Convergence = False,
    steps: _Steps = None,
    plugin: options.Plugins = None,
    styles: options.StyleCount = 1,
    workers: _Workers = None,
    as_json: _AsJson = False,
) -> None:
    """Measure evaluations against this machine's own matrix-product rate, how fast searches converge, or pictures."""
    from nstgraph.bench import measure

    options.load_plugins(plugin)
    if workers:
        _refuse(context, "--workers", "convergence", "pictures", "styles", "precision", "output", "steps")
        side = next((int(one) for one in tile if one.isdecimal()), 512)
        _bench_workers(config.replace(size=(size or [1024])[0]), side, workers, repeats, as_json)
    elif pictures is not None:
        _refuse(context, "--pictures", "convergence", "styles", "precision", "tile", "repeats")
        chosen = config.replace(size=size[0] if size else config.size, steps=steps or config.steps)
        _bench_pictures(chosen, pictures, output, as_json)
    elif convergence:
        _refuse(context, "--convergence", "precision", "tile", "repeats", "output")
        _bench_searches(config.replace(size=(size or _SIZES)[0]), 300 if steps is None else steps, styles, as_json)
    else:
        _refuse(context, "evaluations", "steps", "output")
        how = {"styles": styles, "repeats": repeats}
        _bench_evaluations(measure.configurations(config, size or _SIZES, precision, tile), plugin or [], how, as_json)


def _refuse(context: typer.Context, what: str, *names: str) -> None:
    """Refuse options that would do nothing for what is measured."""
    for name in names:
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            raise ConfigError(f"--{name} is not used with {what}; leave it out")


def _bench_evaluations(configs: list[Config], plugins: list[Path], how: dict[str, int], as_json: bool) -> None:
    """Measure evaluations in processes of their own, and what is saved by computing the targets once."""
    from nstgraph.bench import measure
    from nstgraph.bench.figures import Failure
    from nstgraph.bench.separate_process import measure_apart
    from nstgraph.cli import bench_tables as tables

    rows = [*tables.noted(measure_apart(one, plugins, **how) for one in configs)]
    if all(isinstance(row, Failure) for row in rows):
        raise ConfigError("none of this can be measured here; see above")
    import_tensorflow()
    reuse = measure.target_reuse(configs[0].replace(precision="auto"), **how)
    if as_json:
        tables.print_json(rows=rows, target_reuse=reuse)
    else:
        tables.show_rows(rows)
        tables.show_target_reuse(reuse)


def _bench_workers(config: Config, tile: int, teams: list[str], repeats: int, as_json: bool) -> None:
    """Compare teams of workers with this machine."""
    from nstgraph.workers.workers import Workers

    named = [Workers(team) for team in teams]
    import_tensorflow()
    from nstgraph.bench.scaling import measure_scaling
    from nstgraph.cli import bench_tables as tables

    rows = measure_scaling(config, tile, [team.answering(to_stderr) for team in named], repeats)
    tables.print_json(scaling=rows) if as_json else tables.show_scaling(rows)


def _bench_searches(config: Config, steps: int, styles: int, as_json: bool) -> None:
    """Compare variants of the search."""
    from nstgraph.bench.convergence import compare_searches
    from nstgraph.cli import bench_tables as tables

    import_tensorflow()
    descents = [*tables.noted(compare_searches(config, steps=steps, styles=styles))]
    tables.print_json(convergence=descents) if as_json else tables.show_descents(descents)


def _bench_pictures(config: Config, folder: Path, output: Path, as_json: bool) -> None:
    """Stylise the pictures of a folder into a new one, each written at once; in the end, show what has come of it."""
    from nstgraph.bench.stylised_pictures import picture_pairs, sheet, stylise_all
    from nstgraph.cli import bench_tables as tables
    from nstgraph.files import new_folder
    from nstgraph.pictures.save import save

    pairs = picture_pairs(config, folder)
    import_tensorflow()
    target = new_folder(output)
    rows: list[PictureFigures] = []
    try:
        for figures, result in stylise_all(config, itertools.chain(*pairs)):
            rows.append(figures)
            result.save(target / f"{figures.pair}.png")
            to_stderr(tables.line(figures))
    finally:
        if rows:  # of all pairs or, when one fails, of those before it
            tables.show_pictures(rows, result.settings, as_json)
            save(target / "sheet.png", sheet(pairs, target))
            to_stderr(f"wrote {target / 'sheet.png'} and {len(rows)} results beside it")
        with contextlib.suppress(OSError):
            target.rmdir()  # which only succeeds if nothing has come of it
