"""The command ``nstgraph bench``."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command
from nstgraph.cli.printing import show, to_stderr
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
_Pictures: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Stylise every photo of FOLDER/content with every painting of FOLDER/style instead, at the first size, "
        "and measure the results.",
    ),
]
_Output: TypeAlias = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for results and contact sheet of --pictures."),
]
_AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print all figures as one line of JSON instead.")]


@command(app)
@options.takes("loss", "weights", "memory", config=Config)
def bench(
    config: Config,
    size: _Sizes = _SIZES,
    precision: _Precisions = _PRECISIONS,
    tile: _Tiles = _TILES,
    repeats: _Repeats = 10,
    pictures: _Pictures = None,
    output: _Output = Path("nstgraph-bench"),
    convergence: _Convergence = False,
    steps: _Steps = 300,
    plugin: options.Plugins = None,
    styles: options.StyleCount = 1,
    as_json: _AsJson = False,
) -> None:
    """Measure evaluations against this machine's own matrix-product rate, how fast searches converge, or pictures."""
    from nstgraph.bench import measure

    options.load_plugins(plugin)
    if pictures is not None:
        if convergence or styles > 1:
            raise ConfigError("--pictures is for one painting each; leave --convergence and --styles out")
        _bench_pictures(config.replace(size=size[0]), pictures, output, as_json)
    elif convergence:
        _bench_searches(config.replace(size=size[0]), steps, styles, as_json)
    else:
        how = {"styles": styles, "repeats": repeats}
        _bench_evaluations(measure.configurations(config, size, precision, tile), plugin or [], how, as_json)


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


def _bench_searches(config: Config, steps: int, styles: int, as_json: bool) -> None:
    """Compare variants of the search."""
    from nstgraph.bench.convergence import compare_searches
    from nstgraph.cli import bench_tables as tables

    import_tensorflow()
    descents = [*tables.noted(compare_searches(config, steps=steps, styles=styles))]
    tables.print_json(convergence=descents) if as_json else tables.show_descents(descents)


def _bench_pictures(config: Config, folder: Path, output: Path, as_json: bool) -> None:
    """Stylise the pictures of a folder into a new one; write each result at once, and in the end the contact sheet."""
    from nstgraph.bench.stylised_pictures import mean_figures, picture_pairs, sheet, stylise_all
    from nstgraph.cli import bench_tables as tables
    from nstgraph.files import new_folder
    from nstgraph.pictures.save import save

    pairs = picture_pairs(config, folder)
    import_tensorflow()
    target = new_folder(output)
    rows, images = [], []
    try:
        for figures, image in stylise_all(config, [pair for row in pairs for pair in row]):
            save(target / f"{figures.pair}.png", image)
            to_stderr(tables.line(figures))
            rows.append(figures)
            images.append(image)
    finally:
        with contextlib.suppress(OSError):
            target.rmdir()  # which only succeeds if nothing has come of it
    save(target / "sheet.png", sheet(pairs, images))
    if as_json:
        tables.print_json(rows=rows, mean=mean_figures(rows))
    else:
        tables.show_picture_figures([*rows, mean_figures(rows)])
        show(f"wrote {target / 'sheet.png'} and {len(rows)} results beside it")
