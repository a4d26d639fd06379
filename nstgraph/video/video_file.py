"""Moving pictures from video files, by PyAV."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from nstgraph.arrays import Array
from nstgraph.errors import PictureError
from nstgraph.messages import one_line
from nstgraph.video.clip import ColorTags, Frame, OneFile, RisingTimes, check_frame_size
from nstgraph.video.libraries import av

__all__ = ["VideoFile", "opened"]

#: The matrices of H.273 as FFmpeg's scaler numbers them; those of 525 and 625 lines are one.
_MATRICES = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}

#: Rows from which on a video that does not say its matrix is taken to have that of high definition.
_HIGH = 720

#: H.273's number for what nobody has said, the range of JPEG, and a disposition of FFmpeg's: the picture of a record.
_UNSAID, _FULL, _COVER = 2, 2, 0x400


#: FFmpeg's names of containers that are read. Others may be lists, which lead to any file on this machine.
_CONTAINERS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,mxf"


class VideoFile(OneFile):
    """The first video stream of a file; see `Clip`.

    Args:
        path: the file.

    Raises:
        PictureError: it is no video that can be read, has no frames, or ones too large for memory.
        ConfigError: PyAV is not installed.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with opened(path) as container:
            stream = _video(container, path)
            context = stream.codec_context
            check_frame_size(path, (context.height, context.width))
            self.rate = Fraction(stream.average_rate or stream.guessed_rate or 25)
            self.pixel_aspect = Fraction(context.sample_aspect_ratio or 1) or Fraction(1)
        first = next(self._decoded(), None)
        if first is None:
            raise PictureError(f"{path} has no frames that can be read; copy it again, or convert it to .mp4")
        self.tags = _tags(first)
        if _quarter_turns(first) % 2:
            self.pixel_aspect = 1 / self.pixel_aspect

    def frames(self) -> Iterator[Frame]:
        """The frames, upright, all of the first one's size."""
        rising, size = RisingTimes(), None
        for number, frame in enumerate(self._decoded()):
            size = size or (frame.height, frame.width)
            time = number / self.rate if frame.pts is None else frame.pts * frame.time_base
            yield Frame(_upright(_rgb(frame, self.tags, *size), _quarter_turns(frame)), rising(time))

    def _decoded(self) -> Iterator[Any]:
        with opened(self.path) as container:
            stream = _video(container, self.path)
            stream.thread_type = "AUTO"
            yield from container.decode(stream)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A file as PyAV's container; whatever FFmpeg cannot do with it is said in one line.

    Raises:
        PictureError: it is no video, or is damaged.
    """
    library = av()
    try:
        options = {"format_whitelist": _CONTAINERS}
        with path.open("rb") as file, library.open(file, container_options=options) as container:
            yield container
    except library.ArgumentError as error:
        raise PictureError(f"{path} is none of the videos that are read; convert it to .mp4") from error
    except (library.FFmpegError, EOFError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or one_line(error)
        raise PictureError(f"cannot read {path} as a video ({reason}); copy it again, or convert it to .mp4") from error


def _video(container: Any, path: Path) -> Any:
    streams = [stream for stream in container.streams.video if not int(stream.disposition) & _COVER]
    if not streams:
        raise PictureError(f"{path} has no moving picture in it; give a video, a folder of frames, or an animation")
    if streams[0].codec_context is None:
        raise PictureError(f"{path} is a video of an unknown kind; convert it to .mp4")
    return streams[0]


def _tags(frame: Any) -> ColorTags:
    matrix = int(frame.colorspace)
    if matrix not in _MATRICES:
        matrix = 1 if frame.height >= _HIGH else 6
    # What nobody has said goes with the matrix.
    said = [int(value) for value in (frame.color_primaries, frame.color_trc)]
    primaries, transfer = (matrix if value in (0, _UNSAID) else value for value in said)
    return ColorTags(matrix, primaries, transfer, int(frame.color_range) == _FULL)


def _rgb(frame: Any, tags: ColorTags, height: int, width: int) -> Array:
    yuv = frame.format.name.startswith(("yuv", "nv", "p0"))
    source = {"src_colorspace": _MATRICES[tags.matrix], "src_color_range": 2 if tags.full_range else 1} if yuv else {}
    array: Array = frame.reformat(width, height, "rgb24", **source, dst_color_range=_FULL).to_ndarray()
    return array


def _quarter_turns(frame: Any) -> int:
    """To the left, by which a frame is to be turned."""
    return round(getattr(frame, "rotation", 0) / 90) % 4


def _upright(rgb: Array, turns: int) -> Array:
    return np.ascontiguousarray(np.rot90(rgb, turns)) if turns else rgb
