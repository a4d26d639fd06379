"""The commands that make pictures, or say what that would take: ``stylize``, ``plan``, ``demo``."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command, ctrl_c, deaf_to_ctrl_c
from nstgraph.cli.output_options import STDOUT, Outputs
from nstgraph.cli.printing import say, stderr_held_back, to_stdout
from nstgraph.cli.progress import Display
from nstgraph.config import INITS, Config
from nstgraph.errors import ConfigError, Interrupted, NstgraphError, RunError

if TYPE_CHECKING:
    from nstgraph.arrays import Array
    from nstgraph.cli.output_files import OutputFiles
    from nstgraph.pictures.picture import PictureSet
    from nstgraph.run.stylizer import Stylizer
    from nstgraph.search.step import Step

__all__ = ["app", "import_tensorflow"]

app = typer.Typer()


@command(app)
@options.takes(config=Config, outputs=Outputs)
def stylize(
    content: options.Content,
    styles: options.Styles,
    outputs: Outputs,
    config: Config,
    plugin: options.Plugins = None,
    quiet: options.Quiet = False,
) -> None:
    """Stylise CONTENT in the manner of STYLE.

    For example: nstgraph stylize photo.jpg painting.jpg -o out.png
    """
    from nstgraph.cli.output_files import OutputFiles

    sources = [content, *styles]
    files = OutputFiles(outputs, sources)
    named = (config.init if config.init not in INITS else None, config.weights, config.network)
    inputs = [*sources, *(plugin or ()), *(Path(name) for name in named if name is not None)]
    files.check([path for path in inputs if path != STDOUT], config.steps)
    options.load_plugins(plugin)
    _run(config, sources, files, quiet)


@command(app)
@options.takes(config=Config, outputs=Outputs)
def plan(
    content: options.Content,
    styles: options.Styles,
    outputs: Outputs,
    config: Config,
    plugin: options.Plugins = None,
    quiet: options.Quiet = False,
) -> None:
    """Predict memory and time of a run on this machine, and show what it would choose.

    Takes the same options as stylize; those that name output files are ignored.
    """
    from nstgraph.cli.tables import show_plan

    options.load_plugins(plugin)
    pictures, config = _read(config, [content, *styles], Display(0, quiet=quiet))
    import_tensorflow()
    from nstgraph.run.stylizer import Stylizer

    with Stylizer(config, len(styles)) as stylizer:
        show_plan(stylizer.plan(pictures))


@command(app)
def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for the pictures.")
    ] = Path("nstgraph-demo"),
    size: options.option(Config, "size") = Config.size,  # type: ignore[valid-type]
    steps: options.option(Config, "steps") = Config.steps,  # type: ignore[valid-type]
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the folder's name only.")] = False,
) -> None:
    """Draw a landscape and a painting, and stylise one with the other. Needs no network and no files."""
    from nstgraph.cli.output_files import OutputFiles
    from nstgraph.demo.draw import draw
    from nstgraph.files import new_folder

    config = Config(size=size, steps=steps)
    folder = new_folder(output)
    try:
        sources = draw(folder)
        _run(config, sources, OutputFiles(Outputs(folder / "result.png", compare=True), sources), quiet)
    except (NstgraphError, KeyboardInterrupt):
        if not (folder / "result.png").exists():
            shutil.rmtree(folder)
        raise
    to_stdout(f"{folder}\n")


def import_tensorflow() -> None:
    """Import TensorFlow without its start-up lines; Ctrl-C meanwhile is not lost."""
    from nstgraph._tf import tf

    with stderr_held_back():
        tf.Graph  # noqa: B018 - which imports it
    if ctrl_c.is_set():
        raise KeyboardInterrupt


def _read(config: Config, sources: Sequence[Path], display: Display) -> tuple[PictureSet, Config]:
    """Pictures and loss, read: what is wrong with arguments is said before TensorFlow takes its seconds to start."""
    from nstgraph.losses.loss_text import as_loss
    from nstgraph.run.inputs import read_pictures

    if sources.count(STDOUT) > 1:
        raise ConfigError("standard input can be one picture only; give the others as files")
    content, *styles = (io.BytesIO(sys.stdin.buffer.read()) if path == STDOUT else path for path in sources)
    with stderr_held_back() as lines:  # libtiff warns there of damaged files
        pictures = read_pictures(config, content, styles)
    notes = [picture.note for picture in (pictures.content, *pictures.styles) if picture.note]
    for line in [*notes, *(f"while reading the pictures: {line}" for line in lines[:3])]:
        display.note(f"note: {line}")
    return pictures, config.replace(loss=as_loss(config.loss))


def _run(config: Config, sources: Sequence[Path], files: OutputFiles, quiet: bool) -> None:
    """Stylise with a display and write all outputs; after Ctrl-C or a failure, those of the best picture so far."""
    pictures, config = _read(config, sources, Display(0, quiet=quiet))
    import_tensorflow()
    from nstgraph.run.stylizer import Stylizer

    with Stylizer(config, len(sources) - 1, hooks=files.hooks()) as stylizer:
        plan = stylizer.plan(pictures)
        with Display(plan.steps, quiet=quiet) as display:
            display.note(f"plan: {plan}")
            display.note(f"weights: {stylizer.graph.network.source}")
            display.note(f"loss: {stylizer.loss}")
            _search(stylizer, pictures, files, display, plan=plan)


def _search(stylizer: Stylizer, pictures: PictureSet, files: OutputFiles, display: Display, **how: Any) -> None:
    def callback(step: Step, image: Array) -> None:
        display.show(step)
        try:
            files.on_the_way(step, image, pictures.content.alpha)
        except NstgraphError as error:  # is no reason to lose the steps taken so far
            say(str(error))

    stop: Interrupted | RunError | None = None
    try:
        result = stylizer(pictures, callback=callback, trace=files.traced, **how)
    except (Interrupted, RunError) as error:
        stop, result = error, error.result
    if result is not None:
        try:
            with deaf_to_ctrl_c():
                files.write(result, display.note)
        except NstgraphError:
            if isinstance(stop, RunError):
                say(str(stop))
            raise
    if stop is not None:
        raise stop
    if not result.history:
        say(f"nothing was changed: {result.reason}; try --init noise, or add a term such as style")
