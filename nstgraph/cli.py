"""The command line: parses, prints, and is the only module that exits."""

from __future__ import annotations

import contextlib
import functools
import io
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

import nstgraph
from nstgraph import options
from nstgraph.config import DEFAULT_LOSS, Config
from nstgraph.errors import Interrupted, NstgraphError, RunError
from nstgraph.progress import Display

if TYPE_CHECKING:
    from nstgraph.images import Picture
    from nstgraph.objective import Array
    from nstgraph.optimize import Step
    from nstgraph.outputs import Outputs

__all__ = ["app", "main"]

_P = ParamSpec("_P")

app = typer.Typer(
    help="Paint a photo in the manner of a painting, by optimising an explicit TensorFlow graph.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
weights_app = typer.Typer(help="VGG weights files: what there is, and how to get more.", no_args_is_help=True)
app.add_typer(weights_app, name="weights")

#: Set by Ctrl-C: what runs while TensorFlow is imported may swallow the exception, or turn it into another.
_ctrl_c = threading.Event()


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without × or · still gets its tables
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is to be ignored, as in `nohup`
        signal.signal(signal.SIGINT, _on_ctrl_c)
    app()


def _on_ctrl_c(number: int, frame: FrameType | None) -> None:
    _ctrl_c.set()
    raise KeyboardInterrupt


def _command(function: Callable[_P, None]) -> Callable[_P, None]:
    """Turn errors into one line, nstgraph's own into exit code 2, and Ctrl-C into exit code 130."""

    @functools.wraps(function)
    def run(*args: _P.args, **given: _P.kwargs) -> None:
        try:
            function(*args, **given)
        except (KeyboardInterrupt, Exception) as error:
            interrupted = isinstance(error, KeyboardInterrupt) or _ctrl_c.is_set()
            if given.get("debug") and not interrupted:
                traceback.print_exc()
            if isinstance(error, NstgraphError):
                _say(str(error))
            elif not interrupted:
                _say(f"{type(error).__name__}: {error} (unexpected; --debug shows where)")
            if interrupted:
                _say("interrupted")
                raise typer.Exit(130) from error
            raise typer.Exit(2 if isinstance(error, NstgraphError) else 1) from error

    return run


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Let no second, impatient Ctrl-C cut off the writing of what the first one left."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _say(message: str) -> None:
    print("nstgraph:", *message.splitlines(), file=sys.stderr)


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
@_command
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
    plugin: options.Plugins = None,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Stylise CONTENT in the manner of STYLE.

    For example: nstgraph stylize photo.jpg painting.jpg -o out.png
    """
    from nstgraph.outputs import Outputs

    outputs = Outputs(output, compare, save_every, log, overwrite)
    outputs.check([content, *styles, Path(config.init)], config.steps)
    _load_plugins(plugin)
    _run(config, content, styles, outputs, quiet)


@app.command()
@_command
@options.takes_config
def plan(
    content: options.Content,
    styles: options.Styles,
    config: Config,
    plugin: options.Plugins = None,
    debug: options.Debug = False,
) -> None:
    """Predict memory and time of a run on this machine, and show what it would choose. Takes stylize's options."""
    from nstgraph.show import show_plan

    _load_plugins(plugin)
    pictures, config = _checked(config, content, styles)
    from nstgraph.engine import Stylizer

    with Stylizer(config, len(styles)) as stylizer:
        show_plan(stylizer.plan(pictures[0], pictures[1:]))


@app.command()
@_command
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
    from nstgraph.demo import draw, new_folder
    from nstgraph.outputs import Outputs

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
@_command
def terms(
    name: Annotated[str | None, typer.Argument(help="A term, to read all about it.")] = None,
    plugin: options.Plugins = None,
    debug: options.Debug = False,
) -> None:
    """List the loss terms, or describe one."""
    from nstgraph import show
    from nstgraph.registry import registry

    _load_plugins(plugin)
    if name is None:
        show.show_terms()
    else:
        show.show_term(registry[name])


@weights_app.command("list")
@_command
def weights_list(debug: options.Debug = False) -> None:
    """List the places where weights are looked for, in order."""
    from nstgraph import show

    show.show_weights()


@weights_app.command("info")
@_command
def weights_info(
    file: Annotated[str | None, typer.Argument(help="A weights file; by default the one that would be used.")] = None,
    debug: options.Debug = False,
) -> None:
    """Show a weights file's layers, shapes and SHA-256."""
    from nstgraph import show
    from nstgraph.weights import find

    show.show_weights_file(find(file))


@weights_app.command("fetch")
@_command
def weights_fetch(
    name: Annotated[str, typer.Argument(help="Which weights: vgg16.")] = "vgg16",
    folder: Annotated[Path | None, typer.Option(help="Where to put the file; by default the user's cache.")] = None,
    debug: options.Debug = False,
) -> None:
    """Download a weights file; an interrupted download is continued."""
    from nstgraph.fetch import fetch
    from nstgraph.progress import download_bar

    with download_bar() as progress:
        target = fetch(name, folder, progress=progress)
    print(target)


@app.command()
@_command
def bench(
    size: Annotated[int, typer.Option(help="Side of the square pictures, in pixels.")] = Config.size,
    loss: options.Loss = list(DEFAULT_LOSS),  # noqa: B006
    plugin: options.Plugins = None,
    weights: options.Weights = None,
    styles: Annotated[int, typer.Option(min=1, help="Number of style images.")] = 1,
    repeats: Annotated[int, typer.Option(min=1, help="Evaluations of each kind; medians are shown.")] = 7,
    debug: options.Debug = False,
) -> None:
    """Measure evaluations against this machine's own matrix-product rate."""
    from nstgraph.bench import bench as measure
    from nstgraph.show import show_bench

    _load_plugins(plugin)
    show_bench(measure(Config(size=size, loss=tuple(loss), weights=weights), styles=styles, repeats=repeats))


def _load_plugins(files: list[Path] | None) -> None:
    from nstgraph.registry import registry

    for file in files or ():
        registry.load_file(file)


def _checked(config: Config, content: Path, styles: list[Path]) -> tuple[list[Picture], Config]:
    """Pictures and loss, read: what is wrong with arguments is said before TensorFlow takes its seconds to start."""
    from nstgraph.engine import check_pictures
    from nstgraph.image_load import load
    from nstgraph.registry import as_loss

    pictures = [load(path) for path in (content, *styles)]
    check_pictures(config, *pictures)
    return pictures, config.replace(loss=as_loss(config.loss))


def _run(config: Config, content: Path, styles: list[Path], outputs: Outputs, quiet: bool) -> None:
    """Stylise with a display and write all outputs; after Ctrl-C or a failure, those of the best picture so far."""
    from nstgraph.engine import Stylizer

    pictures, config = _checked(config, content, styles)
    with Display(config.steps, quiet=quiet) as display, Stylizer(config, len(styles)) as stylizer:
        if _ctrl_c.is_set():
            raise KeyboardInterrupt
        plan = stylizer.plan(pictures[0], pictures[1:])
        display.note(f"plan: {plan}")
        display.note(f"weights: {stylizer.weights.source}")
        display.note(f"loss: {stylizer.loss}")

        def callback(step: Step, image: Array) -> None:
            display(step, image)
            try:
                outputs.intermediate(step, image)
            except NstgraphError as error:  # is no reason to lose the steps taken so far
                _say(str(error))

        try:
            result = stylizer(pictures[0], pictures[1:], plan=plan, callback=callback)
        except (Interrupted, RunError) as stop:
            if stop.result is not None:
                with _deaf_to_ctrl_c():
                    outputs.write(stop.result, display.note)
            raise
        outputs.write(result, display.note)
