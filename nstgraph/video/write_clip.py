"""Moving pictures out: a video with the sound of another, an animation, or a folder of frames."""

from __future__ import annotations

import io
import itertools
import shutil
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from nstgraph.arrays import Array
from nstgraph.errors import OutputError
from nstgraph.files import check_folder, check_target, writing, writing_folder
from nstgraph.messages import one_line
from nstgraph.pictures.fit import Size
from nstgraph.video.clip import Clip
from nstgraph.video.libraries import av
from nstgraph.video.video_file import VideoFile, opened

__all__ = ["check_output", "write_clip"]

#: FFmpeg's names of containers and encoders by extension, and the encoders' options.
_VIDEOS: dict[str, tuple[str, str, dict[str, str]]] = {
    ".mp4": ("mp4", "libx264", {"crf": "16", "preset": "slow"}),
    ".mov": ("mov", "libx264", {"crf": "16", "preset": "slow"}),
    ".mkv": ("matroska", "libx264", {"crf": "16", "preset": "slow"}),
    ".webm": ("webm", "libvpx-vp9", {"crf": "20", "b": "0"}),
}

#: Pillow's names of animations by extension, and how they are written.
_ANIMATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    ".gif": ("GIF", {}),
    ".webp": ("WEBP", {"quality": 90}),
}

#: Ticks of a video's clock in a second, in which all usual frame rates are whole numbers.
_TICKS = 90_000

#: The range of JPEG, and that of television.
_FULL, _LIMITED = 2, 1

#: Matrices of H.273 that FFmpeg's scaler numbers otherwise.
_SCALER = {6: 5}


def check_output(
    target: Path, clip: Clip, inputs: Sequence[Path] = (), *, audio: bool, overwrite: bool = False
) -> None:
    """Refuse, before any work is done, an output that could not or should not be written.

    Args:
        target: ends in .mp4, .mov, .mkv, .webm, .gif or .webp; without an ending it is a folder.
        clip: what is stylised.
        inputs: other files that are read.
        audio: whether the clip's sound is to be copied.
        overwrite: whether a file that is there may be replaced.

    Raises:
        OutputError: another extension, the target exists, or the container cannot hold the sound.
        ConfigError: PyAV is not installed.
    """
    if str(target) == "-":
        raise OutputError("a moving picture is written into a file or folder; name one in place of -")
    if not target.suffix:
        if target.exists():
            raise OutputError(f"{target} exists; choose a folder that does not")
        check_folder(target)
        return
    known = [*_VIDEOS, *_ANIMATIONS]
    if target.suffix.lower() not in known:
        raise OutputError(f"cannot write {target}: it ends in none of {', '.join(known)}; rename it")
    check_target(target, overwrite=overwrite, inputs=[*clip.files(), *inputs])
    if target.suffix.lower() in _VIDEOS:
        blank = np.full((64, 64, 3), 128, np.uint8)
        _encode(io.BytesIO(), target, clip, [(blank, Fraction(0))], audio=audio, trial=True)


def write_clip(
    target: Path,
    clip: Clip,
    frames: Sequence[Path],
    times: Sequence[Fraction],
    *,
    audio: bool,
    comment: str = "",
    overwrite: bool = False,
) -> None:
    """Write finished frames, at the times of a clip's frames.

    Args:
        target, clip, audio, overwrite: as for `check_output`.
        frames: files of them, PNG.
        times: of each, in seconds.
        comment: goes into a video's metadata.

    Raises:
        OutputError: writing fails.
        PictureError: the clip's sound can no longer be read.
    """
    if not target.suffix:
        with writing_folder(target) as folder:
            for frame in frames:
                shutil.copyfile(frame, folder / frame.name)
        return
    with writing(target, overwrite=overwrite) as file:
        if target.suffix.lower() in _VIDEOS:
            pictures = zip(map(_read, frames), times, strict=True)
            _encode(file, target, clip, pictures, audio=audio, comment=comment)
        else:
            file.write(_animation(target, frames, [*times, times[-1] + 1 / clip.rate]))


def _read(path: Path) -> Array:
    with Image.open(path, formats=["PNG"]) as image:
        return np.asarray(image.convert("RGB"))


def _animation(target: Path, frames: Sequence[Path], times: Sequence[Fraction]) -> bytes:
    name, options = _ANIMATIONS[target.suffix.lower()]
    shown = [max(1, round(1000 * (end - start))) for start, end in itertools.pairwise(times)]
    first, *rest = (Image.fromarray(_read(path)) for path in frames)
    data = io.BytesIO()
    first.save(data, name, save_all=True, append_images=rest, duration=shown, loop=0, **options)
    return data.getvalue()


def _encode(
    file: IO[bytes],
    target: Path,
    clip: Clip,
    frames: Iterable[tuple[Array, Fraction]],
    *,
    audio: bool,
    comment: str = "",
    trial: bool = False,
) -> None:
    library = av()
    container, encoder, options = _VIDEOS[target.suffix.lower()]
    sound = _Sound(clip, audio)
    try:
        with sound, library.open(file, "w", format=container) as output:
            output.metadata["comment"] = comment
            stream = output.add_stream(encoder, rate=clip.rate, options=options)
            sound.begin(output)
            first, rest = _peeked(frames)
            _set_up(stream.codec_context, clip, first.shape[:2])
            for rgb, time in rest:
                frame = _frame(library, rgb, clip, round(time * _TICKS))
                output.mux(stream.encode(frame))
                if not trial:
                    sound.copy(output, until=time)
            output.mux(stream.encode(None))
            if not trial:
                sound.copy(output, until=None)
    except (library.FFmpegError, ValueError) as error:
        remedy = "leave the sound out with --no-audio, or name a .mkv" if sound.streams else "name a .mkv"
        raise OutputError(f"cannot write {target} ({one_line(error)}); {remedy}") from error


def _peeked(frames: Iterable[tuple[Array, Fraction]]) -> tuple[Array, Iterator[tuple[Array, Fraction]]]:
    """The first picture, and all of them."""
    rest = iter(frames)
    first = next(rest)
    return first[0], itertools.chain([first], rest)


def _set_up(context: Any, clip: Clip, size: Size) -> None:
    height, width = _even(size)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base = Fraction(1, _TICKS)
    context.sample_aspect_ratio = clip.pixel_aspect
    context.colorspace, context.color_primaries = clip.tags.matrix, clip.tags.primaries
    context.color_trc, context.color_range = clip.tags.transfer, _FULL if clip.tags.full_range else _LIMITED


def _even(size: Size) -> Size:
    return size[0] + size[0] % 2, size[1] + size[1] % 2


def _frame(library: Any, rgb: Array, clip: Clip, ticks: int) -> Any:
    """A frame for the encoder, which wants even sides: the last row or column stands twice if they are odd."""
    rgb = np.pad(rgb, [(0, rgb.shape[0] % 2), (0, rgb.shape[1] % 2), (0, 0)], mode="edge")
    tags = clip.tags
    span = _FULL if tags.full_range else _LIMITED
    matrix, plain = _SCALER.get(tags.matrix, tags.matrix), np.ascontiguousarray(rgb)
    frame = library.VideoFrame.from_ndarray(plain, format="rgb24").reformat(
        format="yuv420p", dst_colorspace=matrix, src_color_range=_FULL, dst_color_range=span
    )
    frame.colorspace, frame.color_range = tags.matrix, span
    frame.color_primaries, frame.color_trc = tags.primaries, tags.transfer
    frame.pts, frame.time_base = ticks, Fraction(1, _TICKS)
    return frame


class _Sound:
    """The audio streams of a video, whose packets are copied as they are."""

    def __init__(self, clip: Clip, wanted: bool) -> None:
        self._source = opened(clip.path) if wanted and isinstance(clip, VideoFile) else None
        self.streams: dict[int, Any] = {}
        self._packets: Iterator[Any] = iter(())
        self._next: Any = None

    def __enter__(self) -> _Sound:
        self._container = None if self._source is None else self._source.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._source is not None:
            self._source.__exit__(None, None, None)

    def begin(self, output: Any) -> None:
        """Add the streams to a container that is written."""
        if self._container is None or not self._container.streams.audio:
            return
        sources = list(self._container.streams.audio)
        self.streams = {stream.index: None for stream in sources}  # known even if the next line fails
        self.streams = {stream.index: output.add_stream_from_template(stream) for stream in sources}
        packets = self._container.demux(sources)
        self._packets = (packet for packet in packets if packet.dts is not None)

    def copy(self, output: Any, until: Fraction | None) -> None:
        """Copy packets up to a time in seconds; None is the end."""
        while True:
            self._next = self._next or next(self._packets, None)
            if self._next is None or (until is not None and self._next.dts * self._next.time_base > until):
                return
            packet, self._next = self._next, None
            packet.stream = self.streams[packet.stream.index]
            output.mux(packet)
