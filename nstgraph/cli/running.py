"""A run of the command line: shown, kept on its way, and written, whatever ends it."""

from __future__ import annotations

import contextlib
import functools
import io
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from nstgraph.cli.claims import claim_memory
from nstgraph.cli.interruptions import deaf, received
from nstgraph.cli.output_options import OFF, STDOUT, Outputs
from nstgraph.cli.page import on_a_page
from nstgraph.cli.printing import say, stderr_held_back
from nstgraph.cli.progress import Display
from nstgraph.config import Config, TextureConfig
from nstgraph.errors import CheckpointError, ConfigError, Interrupted, NstgraphError, RunError
from nstgraph.files import unused
from nstgraph.messages import command, one_line
from nstgraph.user_folders import state_folder

if TYPE_CHECKING:
    from nstgraph.arrays import Array
    from nstgraph.checkpoints.checkpoint import Checkpoint
    from nstgraph.cli.output_files import OutputFiles
    from nstgraph.cli.output_names import OutputNames
    from nstgraph.graph.masks import Masks
    from nstgraph.graph.own_pictures import KeptPicture
    from nstgraph.pictures.picture import PictureSet
    from nstgraph.planning.plan import Plan
    from nstgraph.run.repetition import Repetition
    from nstgraph.run.stylizer import Stylizer
    from nstgraph.search.step import Step, StepCallback
    from nstgraph.workers.workers import Workers

__all__ = ["go_on", "import_tensorflow", "read", "run", "run_again", "runs_folder"]

#: Opens the checkpoint of a run, or None.
Keeping: TypeAlias = Callable[..., AbstractContextManager["Checkpoint | None"]]

#: Runs planned for so many seconds are kept without being asked to.
_LONG = 120.0


def import_tensorflow() -> None:
    """Import TensorFlow without its start-up lines; a signal meanwhile is not lost."""
    from nstgraph._tf import tf

    try:
        with stderr_held_back():
            tf.Graph  # noqa: B018 - which imports it
    except ImportError as error:
        remedy = "install it again, or give the process more memory (ulimit -v)"
        raise ConfigError(f"TensorFlow cannot be imported ({one_line(error)}); {remedy}") from error
    if received() is not None:
        raise KeyboardInterrupt


def read(config: Config, sources: Sequence[Path | None], display: Display) -> tuple[PictureSet, Config]:
    """Pictures and loss, read: what is wrong with arguments is said before TensorFlow takes its seconds to start.

    Of ``sources`` the first is the photo, which is None for a texture.
    """
    from nstgraph.losses.loss_text import as_loss
    from nstgraph.run.inputs import read_pictures

    if sources.count(STDOUT) > 1:
        raise ConfigError("standard input can be one picture only; give the others as files")
    content, *given = (io.BytesIO(sys.stdin.buffer.read()) if path == STDOUT else path for path in sources)
    styles = [source for source in given if source is not None]
    with stderr_held_back() as lines:  # libtiff warns there of damaged files
        pictures = read_pictures(config, content, styles)
    notes = [picture.note for picture in (pictures.content, *pictures.styles) if picture.note]
    for line in [*notes, *(f"while reading the pictures: {line}" for line in lines[:3])]:
        display.note(f"note: {line}")
    return pictures, config.replace(loss=as_loss(config.loss))


def run(
    config: Config,
    sources: Sequence[Path | None],
    outputs: Outputs,
    files: OutputFiles,
    quiet: bool,
    workers: Workers | None = None,
) -> None:
    """Stylise with a display and write all outputs; after a signal or a failure, those of the best picture so far."""
    pictures, config = read(config, sources, Display(0, quiet=quiet))
    kept = functools.partial(_kept, outputs=outputs, names=files.names)
    _run(config, pictures, outputs, files, quiet, kept, workers)


def go_on(
    config: Config,
    checkpoint: Checkpoint,
    outputs: Outputs,
    files: OutputFiles,
    quiet: bool,
    workers: Workers | None = None,
) -> None:
    """Go on with a run from its checkpoint; else as `run`."""
    from nstgraph.run.inputs import kept_masks, kept_pictures

    pictures, masks = kept_pictures(config, checkpoint), kept_masks(checkpoint)
    keeping = lambda *_: contextlib.nullcontext(checkpoint)  # noqa: E731
    _run(config, pictures, outputs, files, quiet, keeping, workers, checkpoint.own, masks)


def run_again(
    again: Repetition, outputs: Outputs, files: OutputFiles, quiet: bool, workers: Workers | None = None
) -> None:
    """Make a result again; else as `run`. Nothing is kept on the way unless that was asked for."""
    kept: Keeping = lambda *_: contextlib.nullcontext(None)  # noqa: E731
    if outputs.checkpoint not in (None, OFF):
        kept = functools.partial(_kept, outputs=outputs, names=files.names)
    _run(again.config, again.pictures, outputs, files, quiet, kept, workers, again=again)


def runs_folder() -> Path:
    """Where runs are kept that nobody has chosen a folder for."""
    return state_folder() / "runs"


def _run(
    config: Config,
    pictures: PictureSet,
    outputs: Outputs,
    files: OutputFiles,
    quiet: bool,
    kept: Keeping,
    workers: Workers | None = None,
    own: Sequence[KeptPicture] = (),
    masks: Masks | None = None,
    again: Repetition | None = None,
) -> None:
    size, _ = pictures.sizes(pictures.pixels(config.size))
    files.names.check_holds(pictures, size, photo=not isinstance(config, TextureConfig))
    import_tensorflow()
    from nstgraph.run.stylizer import Stylizer

    if workers is not None:
        workers = workers.answering(lambda line: Display(0, quiet=quiet).note(f"note: {line}"))
    with contextlib.ExitStack() as claims:
        claims.enter_context(files.names.claimed())
        stylizer = claims.enter_context(
            Stylizer(config, len(pictures.styles), hooks=files.hooks(), kept=own, masks=masks, workers=workers)
        )
        files.names.check_inputs(stylizer.graph.pictures.files, config.steps)  # what terms have read, too
        plan = claim_memory(lambda reserved: stylizer.plan(pictures, reserved=reserved), claims)
        with Display(plan.steps, quiet=quiet) as display:
            _announce(stylizer, plan, display)
            files.begin(plan.steps)
            replay = again.begin(stylizer, plan) if again is not None else None
            for line in again.notes if again is not None else ():
                display.note(f"note: {line}")
            with (
                kept(stylizer, plan, pictures, display) as checkpoint,
                on_a_page(outputs, stylizer, plan, pictures, checkpoint, display) as page,
            ):
                if checkpoint is not None:
                    checkpoint.every(outputs.checkpoint_every, lambda line: display.note(f"note: {line}", always=True))
                _search(stylizer, pictures, plan, files, display, checkpoint, [page, replay])
    files.check_hooks()


def _announce(stylizer: Stylizer, plan: Plan, display: Display) -> None:
    display.note(f"plan: {plan}")
    display.note(f"weights: {stylizer.graph.network.source}")
    display.note(f"loss: {stylizer.loss}")


@contextlib.contextmanager
def _kept(
    stylizer: Stylizer, plan: Plan, pictures: PictureSet, display: Display, *, outputs: Outputs, names: OutputNames
) -> Iterator[Checkpoint | None]:
    """The checkpoint of a new run; None if there is to be none, or, unless it was asked for, if it cannot be."""
    from nstgraph.checkpoints.checkpoint import Checkpoint
    from nstgraph.run.record import made_of

    asked = outputs.checkpoint is not None
    if outputs.checkpoint == OFF or (not asked and plan.seconds < _LONG):
        yield None
        return
    folder = outputs.checkpoint
    if folder is None:
        stem = re.sub(r"\W+", "-", names.picture.stem).strip("-")[:40]
        folder = unused(runs_folder() / f"{time.strftime('%Y%m%d-%H%M%S')}-{stem}")
    about = {
        **made_of(stylizer.config, stylizer.graph, plan),
        "outputs": outputs.recorded(names.picture),
        "begun": time.time(),
    }
    try:
        checkpoint = Checkpoint.create(folder, about, pictures, stylizer.graph.pictures.kept)
    except CheckpointError as error:
        if asked:
            raise
        display.note(f"note: {error}")
        yield None
        return
    resuming = command("resume", folder) if asked else "nstgraph resume"
    display.note(f"kept in {folder} on the way; if anything ends it: {resuming}")
    with checkpoint:
        try:
            yield checkpoint
        except BaseException:
            if not checkpoint.begun:  # there is nothing to go on from
                checkpoint.remove()
            raise


def _shown_and_written(config: Config, pictures: PictureSet, files: OutputFiles, display: Display) -> StepCallback:
    from nstgraph.run.colors import Colors

    colors, profile = Colors(config, pictures), pictures.content.profile

    def callback(step: Step, image: Array) -> None:
        display.show(step)
        files.on_the_way(step, image, pictures.content.alpha, say, colors.shown, profile=profile)

    return callback


def _search(
    stylizer: Stylizer,
    pictures: PictureSet,
    plan: Plan,
    files: OutputFiles,
    display: Display,
    checkpoint: Checkpoint | None,
    others: Sequence[StepCallback | None],
) -> None:
    from nstgraph.run.notebook import both

    callback = functools.reduce(both, [_shown_and_written(stylizer.config, pictures, files, display), *others])
    stop: Interrupted | RunError | None = None
    try:
        result = stylizer(
            pictures, plan=plan, callback=callback, trace=files.traced, checkpoint=checkpoint, note=display.note
        )
    except (Interrupted, RunError) as error:
        stop, result = error, error.result
    try:
        if result is not None:
            with deaf():
                files.write(result, functools.partial(display.note, always=stop is not None))
    except NstgraphError:
        if isinstance(stop, RunError):
            say(str(stop))
        raise
    finally:
        if checkpoint is not None and checkpoint.begun and (stop or sys.exc_info()[0]):
            display.note(f"{command('resume', checkpoint.folder)} goes on with it", always=True)
    if stop is not None:
        raise stop
    if checkpoint is not None:
        checkpoint.remove()
    if not result.history:
        say(f"nothing was changed: {result.reason}; try --init noise, or add a term such as style")
