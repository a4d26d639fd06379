"""Which kind of moving picture a path is."""

from __future__ import annotations

from pathlib import Path

from nstgraph.errors import PictureError
from nstgraph.pictures.load import check_file
from nstgraph.video.clip import Clip
from nstgraph.video.picture_frames import AnimationFile, FolderOfFrames
from nstgraph.video.video_file import VideoFile

__all__ = ["open_clip"]

_ANIMATED = (".gif", ".webp", ".png", ".apng")


def open_clip(path: Path, rate: float = 25.0) -> Clip:
    """A moving picture: a folder of frames, an animation, or a video.

    Args:
        path: of the file or folder.
        rate: frames a second of a folder.

    Raises:
        PictureError: it cannot be read, or does not move.
        ConfigError: it is a video, and PyAV is not installed.
    """
    if str(path) == "-":
        raise PictureError("a moving picture is read from a file or folder; name one in place of -")
    if path.is_dir():
        return FolderOfFrames(path, rate)
    check_file(path)
    return AnimationFile(path) if path.suffix.lower() in _ANIMATED else VideoFile(path)
