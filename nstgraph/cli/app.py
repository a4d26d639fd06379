"""The command line: parses and prints; what a command raises becomes an exit code in `command` alone."""

from __future__ import annotations

import io
import logging
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import nstgraph
from nstgraph.cli import graph as cli_graph
from nstgraph.cli import options
from nstgraph.cli import weights as cli_weights
from nstgraph.cli.exit_codes import command, ctrl_c, deaf_to_ctrl_c, on_ctrl_c, say
from nstgraph.cli.progress import Display
from nstgraph.config import DEFAULT_LOSS, PRECISIONS, Config
from nstgraph.errors import Interrupted, NstgraphError, RunError

if TYPE_CHECKING:
    from nstgraph.arrays import Array
    from nstgraph.cli.outputs import Outputs
    from nstgraph.pictures.picture import Picture
    from nstgraph.search.search import Step

__all__ = ["app", "main"]

app = typer.Typer(
    help="Paint a photo in the manner of a painting, by optimising an explicit TensorFlow graph.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(cli_weights.app, name="weights")
app.add_typer(cli_graph.app, name="graph")


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without × or · still gets its tables
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns of its own 1.x interface
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is to be ignored, as in `nohup`
        signal.signal(signal.SIGINT, on_ctrl_c)
    app()


def _version(wanted: bool) -> None:
    if wanted:
        print(f"nstgraph {nstgraph.__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Paint a photo in the manner of a painting, by optimising an explicit TensorFlow graph."""


@app.command()
@command
@options.takes_config
def stylize(
    content: options.Content,
    styles: options.Styles,
    output: options.Output,
    config: Config,
    overwrite: options.Overwrite = False,
    compare: options.Compare = False,
    save_every: options.SaveEvery = 0,
    log: options.Log = None,
    summaries: options.Summaries = None,
    trace: options.Trace = None,
    plugin: options.Plugins = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Stylise CONTENT in the manner of STYLE.

    For example: nstgraph stylize photo.jpg painting.jpg -o out.png
    """
    from nstgraph.cli.outputs import Outputs
    from nstgraph.planning.pyramid import pyramid

    outputs = Outputs(output, compare, save_every, log, trace, summaries, overwrite)
    most = sum(level.steps for level in pyramid(config.size, config.steps, config.scales))
    outputs.check([content, *styles, Path(config.init)], most)
    options.load_plugins(plugin)
    _run(config, content, styles, outputs, quiet)


@app.command()
@command
@options.takes_config
def plan(
    content: options.Content,
    styles: options.Styles,
    config: Config,
    plugin: options.Plugins = None,
    debug: options.Debug = False,
) -> None:
    """Predict memory and time of a run on this machine, and show what it would choose. Takes stylize's options."""
    from nstgraph.cli.tables import show_plan

    options.load_plugins(plugin)
    pictures, config = _checked(config, content, styles)
    from nstgraph.run.stylizer import Stylizer

    with Stylizer(config, len(styles)) as stylizer:
        show_plan(stylizer.plan(pictures[0], pictures[1:]))


@app.command()
@command
def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for the pictures.")
    ] = Path("nstgraph-demo"),
    size: options.Size = Config.size,
    steps: options.Steps = Config.steps,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the folder's name only.")] = False,
    debug: options.Debug = False,
) -> None:
    """Draw a landscape and a painting, and stylise one with the other. Needs no network and no files."""
    from nstgraph.cli.outputs import Outputs
    from nstgraph.demo.draw import draw, new_folder

    config = Config(size=size, steps=steps)
    folder = new_folder(output)
    try:
        content, style = draw(folder)
        _run(config, content, [style], Outputs(folder / "result.png", compare=True), quiet)
    except NstgraphError:
        if not (folder / "result.png").exists():
            shutil.rmtree(folder)
        raise
    print(folder)


@app.command()
@command
def terms(
    name: Annotated[str | None, typer.Argument(help="A term, to read all about it.")] = None,
    plugin: options.Plugins = None,
    debug: options.Debug = False,
) -> None:
    """List the loss terms, or describe one."""
    from nstgraph.cli import tables as show
    from nstgraph.losses.registry import registry

    options.load_plugins(plugin)
    if name is None:
        show.show_terms()
    else:
        show.show_term(registry[name])


@app.command()
@command
def bench(
    size: Annotated[
        list[int], typer.Option(metavar="N", help="Side of the square pictures, in pixels; may be given again.")
    ] = [256, 512, 1024, 2048],  # noqa: B006
    precision: Annotated[
        list[str], typer.Option(metavar="|".join(PRECISIONS), help="Of the network; may be given again.")
    ] = ["float32", "bfloat16"],  # noqa: B006
    tile: Annotated[
        list[str],
        typer.Option(metavar="off|PIXELS", help="Side of tiles that are smaller than the picture; may be given again."),
    ] = ["off", "512"],  # noqa: B006
    repeats: Annotated[
        int, typer.Option(min=1, help="Evaluations of each kind, if half a minute is enough; medians are shown.")
    ] = 10,
    convergence: Annotated[
        bool, typer.Option("--convergence", help="Compare variants of the search instead, at the first size.")
    ] = False,
    steps: Annotated[int, typer.Option(help="Steps of the variants; with --convergence.")] = 300,
    loss: options.Loss = list(DEFAULT_LOSS),  # noqa: B006
    plugin: options.Plugins = None,
    styles: Annotated[int, typer.Option(min=1, help="Number of style images.")] = 1,
    weights: options.Weights = None,
    memory: options.Memory = Config.memory,
    as_json: Annotated[bool, typer.Option("--json", help="Print all figures as one line of JSON instead.")] = False,
    debug: options.Debug = False,
) -> None:
    """Measure evaluations against this machine's own matrix-product rate, or how fast searches converge."""
    from nstgraph.bench import measure as measures
    from nstgraph.bench.convergence import compare_searches
    from nstgraph.cli import bench_tables as show

    options.load_plugins(plugin)
    config = Config(size=size[0], loss=tuple(loss), weights=weights, memory=memory)
    if convergence:
        descents = [*show.noted(compare_searches(config, steps=steps, styles=styles))]
        show.print_json(convergence=descents) if as_json else show.show_descents(descents)
    else:
        configs = measures.configurations(config, size, precision, tile)
        _measure_rows(configs, plugin or [], {"styles": styles, "repeats": repeats}, as_json)


def _measure_rows(configs: list[Config], plugins: list[Path], how: dict[str, int], as_json: bool) -> None:
    from nstgraph.bench import measure as measures
    from nstgraph.bench.figures import Failure, Row
    from nstgraph.cli import bench_tables as show

    alone = len(configs) == 1
    if alone:
        rows: list[Row | Failure] = [measures.measure_row(configs[0], **how)]
    else:
        rows = [*show.noted(measures.measure_apart(one, plugins, **how) for one in configs)]
    smallest = configs[0].replace(precision="auto")
    if not as_json:
        show.show_rows(rows)
        show.show_freezing(measures.freezing(smallest, **how))
    elif alone:  # which is how `measure_apart` asks for its row
        show.print_json(rows=rows)
    else:
        show.print_json(rows=rows, freezing=measures.freezing(smallest, **how))


def _checked(config: Config, content: Path, styles: list[Path]) -> tuple[list[Picture], Config]:
    """Pictures and loss, read: what is wrong with arguments is said before TensorFlow takes its seconds to start."""
    from nstgraph.losses.registry import as_loss
    from nstgraph.pictures.load import load
    from nstgraph.run.stylizer import check_pictures

    pictures = [load(path) for path in (content, *styles)]
    check_pictures(config, *pictures)
    return pictures, config.replace(loss=as_loss(config.loss))


def _run(config: Config, content: Path, styles: list[Path], outputs: Outputs, quiet: bool) -> None:
    """Stylise with a display and write all outputs; after Ctrl-C or a failure, those of the best picture so far."""
    from nstgraph.run.stylizer import Stylizer

    pictures, config = _checked(config, content, styles)
    with Stylizer(config, len(styles), hooks=outputs.hooks()) as stylizer:
        if ctrl_c.is_set():
            raise KeyboardInterrupt
        plan = stylizer.plan(pictures[0], pictures[1:])
        with Display(plan.steps, quiet=quiet) as display:
            display.note(f"plan: {plan}")
            display.note(f"weights: {stylizer.weights.source}")
            display.note(f"loss: {stylizer.loss}")

            def callback(step: Step, image: Array) -> None:
                display(step, image)
                try:
                    outputs.intermediate(step, image)
                except NstgraphError as error:  # is no reason to lose the steps taken so far
                    say(str(error))

            try:
                traced = outputs.trace is not None
                result = stylizer(pictures[0], pictures[1:], plan=plan, callback=callback, trace=traced)
            except (Interrupted, RunError) as stop:
                if stop.result is not None:
                    with deaf_to_ctrl_c():
                        outputs.write(stop.result, display.note)
                raise
            outputs.write(result, display.note)
