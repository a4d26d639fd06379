"""A moving picture as it is read: frames, each with its time, whatever kind of file or folder they come from."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from nstgraph.arrays import Array
from nstgraph.errors import PictureError
from nstgraph.hashes import hash_of
from nstgraph.memory import available_memory
from nstgraph.pictures.fit import Size

__all__ = ["Clip", "ColorTags", "Frame", "OneFile", "check_frame_size"]

#: Bytes that reading a frame takes for each of its pixels.
_BYTES = 32


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame.

    Attributes:
        rgb: [height, width, 3], uint8, sRGB.
        time: at which it is shown, in seconds.
    """

    rgb: Array
    time: Fraction


@dataclass(frozen=True)
class ColorTags:
    """How a video's numbers stand for colours, as the numbers of the standard H.273: matrix, primaries, transfer."""

    matrix: int = 1
    primaries: int = 1
    transfer: int = 1
    full_range: bool = False


class Clip(Protocol):
    """A moving picture, whose frames are read one after the other, as often as one likes."""

    path: Path
    #: Frames a second, on average.
    rate: Fraction
    tags: ColorTags
    #: Width to height of a pixel.
    pixel_aspect: Fraction

    @property
    def sha256(self) -> str:
        """Of the file, or of the files, 64 hexadecimal digits."""

    def frames(self) -> Iterator[Frame]:
        """The frames, in the order in which they are shown; times rise.

        Raises:
            PictureError: a frame cannot be read.
        """

    def files(self) -> list[Path]:
        """Those that are read."""


class OneFile:
    """What a `Clip` of one file says of it.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @functools.cached_property
    def sha256(self) -> str:
        """Of the file."""
        return hash_of(self.path)

    def files(self) -> list[Path]:
        """The file."""
        return [self.path]


@dataclass
class RisingTimes:
    """Times that rise, whatever a file says: one that does not is put a little after the one before it."""

    _last: Fraction | None = field(default=None)

    def __call__(self, time: Any) -> Fraction:
        """The time for a frame that a file shows at ``time``."""
        later = Fraction(time)
        if self._last is not None and later <= self._last:
            later = self._last + Fraction(1, 1000)
        self._last = later
        return later


def check_frame_size(where: Path, size: Size) -> None:
    """Raise PictureError if frames of that height and width do not fit into memory."""
    need, free = _BYTES * size[0] * size[1], available_memory()
    if need > free:
        raise PictureError(
            f"{where} has frames of {size[1]} x {size[0]} pixels, which take {need / 1e9:.2f} GB to read, and only "
            f"{max(free, 0) / 1e9:.2f} GB is available; shrink it first"
        )
