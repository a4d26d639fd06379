"""The command that stylises moving pictures: ``video``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast

import typer

from nstgraph.cli import options
from nstgraph.cli.exit_codes import command
from nstgraph.cli.interruptions import deaf
from nstgraph.cli.printing import say, show, to_stderr
from nstgraph.config import VideoConfig
from nstgraph.errors import NstgraphError, OutputError, fault_of
from nstgraph.messages import duration

if TYPE_CHECKING:
    from nstgraph.bench.flicker import FlickerComparison
    from nstgraph.video.stylize_video import FinishedFrame, VideoResult

__all__ = ["app"]

app = typer.Typer()

_Content: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="IN", help="A video, an animated .gif, .webp or .png, or a folder of frames, sorted by name."
    ),
]
_Output: TypeAlias = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        help="The result: .mp4 .mov .mkv .webm .gif or .webp; without an ending, a new folder of frames.",
    ),
]
_Frames: TypeAlias = Annotated[
    Path | None,
    typer.Option("--frames", metavar="FOLDER", help="Also write each frame here as soon as it is finished."),
]
_Flicker: TypeAlias = Annotated[
    bool,
    typer.Option("--flicker", help="Also stylise every frame alone, and say how much less the result flickers."),
]
_Overwrite: TypeAlias = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]


@command(app)
@options.takes(config=VideoConfig)
def video(
    content: _Content,
    styles: options.Styles,
    config: VideoConfig,
    output: _Output,
    frames: _Frames = None,
    flicker: _Flicker = False,
    overwrite: _Overwrite = False,
    preset: options.PresetName = None,
    like: options.Like = None,
    config_file: options.ConfigFile = None,
    plugin: options.Plugins = None,
    quiet: options.Quiet = False,
) -> None:
    """Stylise the moving picture IN in the manner of STYLE, each frame held to the one before it.

    For example: nstgraph video clip.mp4 painting.jpg -o out.mp4 --size 512

    Finished frames are kept beside OUT until all of them are: given again, the command goes on after the last.

    PyAV and OpenCV are needed: pip install "nstgraph\\[video]"
    """
    from nstgraph.cli.running import import_tensorflow
    from nstgraph.pictures.folder import paths_without_folders
    from nstgraph.run.preset_weights import with_weights_of

    options.load_plugins(plugin)
    if preset is not None:
        config = cast(VideoConfig, with_weights_of(preset, config))
    if frames is not None:
        _check_frames(frames, output, overwrite)
    styles = paths_without_folders(styles)
    import_tensorflow()
    from nstgraph.bench.flicker import FlickerComparison
    from nstgraph.video.stylize_video import stylize_video

    with FlickerComparison(config, styles) as comparison:
        progress = _Progress(frames, quiet, comparison if flicker else None)
        with progress.to_the_end(output):
            result = stylize_video(content, list(styles), output, config, callback=progress, overwrite=overwrite)
        progress.say_what_has_come(result)


def _check_frames(folder: Path, output: Path, overwrite: bool) -> None:
    """Raise OutputError if frames cannot be written into a folder, or would be over others."""
    from nstgraph.files import check_folder
    from nstgraph.video.finished_frames import folder_beside

    check_folder(folder)
    if folder.exists() and any(folder.glob("*.png")) and not overwrite and not folder_beside(output).exists():
        raise OutputError(f"there are pictures in {folder}; choose another folder or pass --overwrite")


class _Progress:
    """Tells of each frame, and writes it into a folder if that is wanted."""

    def __init__(self, folder: Path | None, quiet: bool, comparison: FlickerComparison | None) -> None:
        self._folder, self._quiet, self._comparison = folder, quiet, comparison
        self._last: FinishedFrame | None = None
        self._resumed = 0

    def __call__(self, frame: FinishedFrame) -> None:
        self._last = frame
        if self._folder is not None:
            try:
                self._write(self._folder, frame)
            except (OSError, NstgraphError) as error:  # a copy is no reason to end a run
                say(f"frames are no longer written into {self._folder}: {fault_of(error)}")
                self._folder = None
        if not self._quiet:
            self._tell(frame)
        if self._comparison is not None:
            self._comparison(frame)

    def _tell(self, frame: FinishedFrame) -> None:
        if frame.resumed:
            self._resumed = frame.number
            return
        if self._resumed:
            to_stderr(f"{self._resumed} of {frame.count} frames had been finished; going on")
            self._resumed = 0
        scene = "  new scene" if frame.opens else ""
        left = f"  {duration(frame.left)} left" if frame.left else ""
        to_stderr(f"frame {frame.number}/{frame.count}  {duration(frame.seconds)}{scene}{left}")

    def _write(self, folder: Path, frame: FinishedFrame) -> None:
        import numpy as np

        from nstgraph.pictures.save import save

        folder.mkdir(exist_ok=True)
        image = frame.image[np.newaxis].astype(np.float32)
        save(folder / f"{frame.number:06d}.png", image, overwrite=True)

    @contextlib.contextmanager
    def to_the_end(self, output: Path) -> Iterator[None]:
        """If the block ends early, say what is kept of the run, and how it goes on."""
        from nstgraph.video.finished_frames import folder_beside

        try:
            yield
        except BaseException:
            folder = folder_beside(output)
            if self._last is not None and folder.exists():
                with deaf():
                    kept = f"{self._last.number} of {self._last.count} frames are kept in {folder}"
                    say(f"{kept}; the same command goes on")
            raise

    def say_what_has_come(self, result: VideoResult) -> None:
        """Say what has been written, and how much it flickers if that was asked."""
        if not self._quiet:
            to_stderr(f"wrote {result.path}: {result.frames} frame{'s' * (result.frames > 1)}")
        if self._comparison is not None:
            held, alone = self._comparison.held.levels, self._comparison.alone.levels
            share = f", {held / alone:.0%} of that" if alone else ""
            show(f"flicker: {alone:.2f} grey levels of frames made alone, {held:.2f} of the result{share}")
