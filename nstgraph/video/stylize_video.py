"""A moving picture in one call: read, stylised frame by frame, and written with its sound."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

from nstgraph.arrays import Array
from nstgraph.config import VideoConfig
from nstgraph.pictures.folder import without_folders
from nstgraph.pictures.load import Source
from nstgraph.run.versions import versions
from nstgraph.video.clip import Clip
from nstgraph.video.finished_frames import FinishedFrames
from nstgraph.video.frame_stylizer import FrameStylizer
from nstgraph.video.libraries import cv2
from nstgraph.video.open_clip import open_clip
from nstgraph.video.scene import Scene
from nstgraph.video.write_clip import check_output, write_clip

__all__ = ["FinishedFrame", "FrameCallback", "VideoResult", "stylize_video"]

#: Settings that no frame depends on.
_OF_NO_FRAME = ("memory", "tile", "audio", "rate")


@dataclass(frozen=True, eq=False)
class FinishedFrame:
    """What a callback is told of each frame.

    Attributes:
        number: from 1.
        count: how many there will be.
        frame: what was stylised, in the size of its result: [height, width, 3], uint8.
        image: its result: [height, width, 3], uint8.
        opens: whether it begins a scene.
        resumed: whether it had been finished before.
        seconds: that it took.
        left: seconds that the rest will take.
    """

    number: int
    count: int
    frame: Array
    image: Array
    opens: bool
    resumed: bool
    seconds: float
    left: float


#: Called after each frame.
FrameCallback: TypeAlias = Callable[[FinishedFrame], None]


@dataclass(frozen=True)
class VideoResult:
    """The outcome.

    Attributes:
        path: of what was written.
        frames: how many there are.
        scenes: numbers of the frames that begin a scene.
        settings: all that the frames depend on: settings, versions, hashes of weights and pictures.
    """

    path: Path
    frames: int
    scenes: tuple[int, ...]
    settings: dict[str, Any]


def stylize_video(
    content: str | os.PathLike[str],
    style: Source | Sequence[Source],
    output: str | os.PathLike[str],
    config: VideoConfig | None = None,
    *,
    callback: FrameCallback | None = None,
    overwrite: bool = False,
    **settings: Any,
) -> VideoResult:
    """Paint a moving picture in the manner of ``style``.

        nstgraph.stylize_video("clip.mp4", "painting.jpg", "out.mp4", size=512, temporal=2)

    Finished frames are kept beside the output, in a folder with its name and ``.frames``, until it is written: called
    again with the same settings and pictures, it goes on there. Needs the extra ``video`` (PyAV and OpenCV).

    Args:
        content: a video, an animated GIF, WebP or PNG, or a folder of frames, which are sorted by name.
        style: a path, a PIL image, an array or a tensor; or a list of them; a folder stands for all pictures in it.
        output: ends in .mp4, .mov, .mkv, .webm, .gif or .webp; without an ending it is a new folder of frames.
        config: settings; the defaults if not given.
        callback: called after each frame.
        overwrite: whether an output that is there may be replaced.
        settings: single settings of `VideoConfig` by name, which win over ``config``.

    Raises:
        NstgraphError: bad input, with one line that says what to do.
        RunError: something failed on the way; finished frames are kept.
        KeyboardInterrupt: Ctrl-C; finished frames are kept.
    """
    chosen = cast(VideoConfig, (config or VideoConfig()).replace(**settings))
    cv2()
    clip, target = open_clip(Path(content), chosen.rate), Path(output)
    styles = without_folders(list(style) if isinstance(style, list | tuple) else [cast(Source, style)])
    paintings = [Path(one) for one in styles if isinstance(one, str | os.PathLike)]
    check_output(target, clip, paintings, audio=chosen.audio, overwrite=overwrite)
    times = [frame.time for frame in clip.frames()]  # which finds what is damaged before any work
    with FrameStylizer(chosen, styles) as stylizer:
        run = _VideoRun(chosen, clip, len(times), stylizer, callback)
        with FinishedFrames(target, run.made_from) as finished:
            run.stylise(finished)
            paths = [finished.path(number) for number in range(1, len(times) + 1)]
            comment = json.dumps(run.settings, default=str)
            write_clip(target, clip, paths, times, audio=chosen.audio, comment=comment, overwrite=overwrite)
            finished.remove()
    return VideoResult(target, len(times), tuple(run.scenes), run.settings)


class _VideoRun:
    """The frames of one clip on their way."""

    def __init__(
        self, config: VideoConfig, clip: Clip, count: int, stylizer: FrameStylizer, callback: FrameCallback | None
    ) -> None:
        self._clip, self._count, self._stylizer, self._callback = clip, count, stylizer, callback
        self._scene = Scene(config.long_term, config.cut)
        self._clock = _Clock()
        self.scenes: list[int] = []
        self.settings = {
            **stylizer.opening.settings,
            "content": {"path": str(clip.path), "sha256": clip.sha256},
            "styles": [style.record.as_json() for style in stylizer.styles],
        }
        stylizer.shown(next(clip.frames()).rgb)  # which refuses sizes that are too small, or do not fit into memory

    @property
    def made_from(self) -> dict[str, Any]:
        """What a run that goes on has to have in common with the one before."""
        left_out = {*_OF_NO_FRAME, *versions()}
        made = {name: value for name, value in self.settings.items() if name not in left_out}
        made["content"] = self.settings["content"]["sha256"]
        made["styles"] = [style["sha256"] for style in self.settings["styles"]]
        return made

    def stylise(self, finished: FinishedFrames) -> None:
        """Finish every frame that is not."""
        for number, frame in enumerate(self._clip.frames(), 1):
            done = self._finish(number, frame.rgb, finished)
            if done.opens:
                self.scenes.append(number)
            if self._callback is not None:
                self._callback(done)

    def _finish(self, number: int, frame: Array, finished: FinishedFrames) -> FinishedFrame:
        shown = self._stylizer.shown(frame)
        follows, resumed = self._scene.enter(shown), finished.has(number)
        seconds = 0.0
        if not resumed:
            began = time.monotonic()
            held = self._scene.held(shown) if follows else None
            finished.write(number, self._stylizer.open(frame) if held is None else self._stylizer.follow(frame, held))
            seconds = self._clock.stop(began)
        result = finished.read(number)  # as it will be written, also if it was finished only now
        self._scene.add(shown, result)
        left = self._clock.usual * (self._count - number)
        return FinishedFrame(number, self._count, shown, result, not follows, resumed, seconds, left)


class _Clock:
    """Tells from the frames that are finished how long one takes, with what the callback does."""

    def __init__(self) -> None:
        self._first = 0.0
        self._ends: list[float] = []

    def stop(self, began: float) -> float:
        """The seconds that a frame has taken which is finished now."""
        self._ends.append(time.monotonic())
        self._first = self._first or self._ends[0] - began
        return self._ends[-1] - began

    @property
    def usual(self) -> float:
        """Seconds from one frame to the next; the first takes longer, and counts only while there is no other."""
        others = len(self._ends) - 1
        return (self._ends[-1] - self._ends[0]) / others if others > 0 else self._first
