"""Moving pictures from what is no video: a folder of pictures, and an animated GIF, WebP or PNG."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from nstgraph.arrays import Array
from nstgraph.errors import PictureError
from nstgraph.hashes import hash_of
from nstgraph.pictures.folder import pictures_in
from nstgraph.pictures.load import check_file, decoding, load
from nstgraph.video.clip import ColorTags, Frame, OneFile, check_frame_size

__all__ = ["AnimationFile", "FolderOfFrames"]

#: Milliseconds that a frame is shown which says nothing, or less than programs show.
_USUAL, _LEAST = 100, 20

_ANIMATIONS = ("GIF", "WEBP", "PNG")


class FolderOfFrames:
    """The pictures in a folder, sorted by name; see `Clip`.

    Raises:
        PictureError: there are none, or they differ in size.
    """

    def __init__(self, path: Path, rate: float) -> None:
        self.path, self.rate = path, Fraction(rate).limit_denominator(100_000)
        self.tags, self.pixel_aspect = ColorTags(), Fraction(1)
        self._paths = pictures_in(path)

    @functools.cached_property
    def sha256(self) -> str:
        """Of the files' hashes, one after the other."""
        import hashlib

        return hashlib.sha256("".join(map(hash_of, self._paths)).encode()).hexdigest()

    def files(self) -> list[Path]:
        """The pictures."""
        return self._paths

    def frames(self) -> Iterator[Frame]:
        """The pictures, one after the other."""
        size = None
        for number, path in enumerate(self._paths):
            picture = load(path)
            size = size or picture.size
            if picture.size != size:
                sizes = f"{picture.size[1]} x {picture.size[0]} pixels, and the first frame {size[1]} x {size[0]}"
                raise PictureError(f"{path} has {sizes}; give a folder of frames of one size")
            yield Frame(np.rint(picture.rgb[0]).astype(np.uint8), number / self.rate)


class AnimationFile(OneFile):
    """An animated GIF, WebP or PNG; what is transparent is white; see `Clip`.

    Raises:
        PictureError: it cannot be read, or has one frame alone.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        check_file(path)
        self.tags, self.pixel_aspect = ColorTags(), Fraction(1)
        with decoding(str(path)), Image.open(path, formats=_ANIMATIONS) as image:
            check_frame_size(path, (image.height, image.width))
            self._count = getattr(image, "n_frames", 1)
        if self._count < 2:
            raise PictureError(f"{path} has one frame; nstgraph stylize takes it")
        times = [frame.time for frame in self.frames()]
        self.rate = (len(times) - 1) / times[-1]

    def frames(self) -> Iterator[Frame]:
        """The frames, as they are seen."""
        time = Fraction(0)
        with decoding(str(self.path)), Image.open(self.path, formats=_ANIMATIONS) as image:
            for number in range(self._count):
                image.seek(number)
                yield Frame(_on_white(image), time)
                shown = round(image.info.get("duration") or 0)
                time += Fraction(shown if shown >= _LEAST else _USUAL, 1000)


def _on_white(image: Image.Image) -> Array:
    seen = image.convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return np.asarray(Image.alpha_composite(white, seen).convert("RGB"))
