"""Picture formats: the one table of what is read and written, by Pillow's names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from nstgraph.errors import OutputError
from nstgraph.messages import shown
from nstgraph.pictures.fit import Size

__all__ = ["FORMATS", "Format", "check_encoding", "check_holds", "format_of", "memory_to_read", "readable_formats"]

#: Where a picture goes that a format does not hold.
_HOLDS_ALL = "choose .png"


@dataclass(frozen=True)
class Format:
    """A picture format.

    Attributes:
        name: Pillow's.
        suffixes: of the files that are written in it; none if it is only read.
        alpha: whether it holds transparency that programs agree on.
        longest: most pixels on a side, if the format has a limit that a picture could meet.
        largest: most bytes of pixels, likewise.
        depths: bits a channel in which it is written, the default first.
        profile: whether it is written with a colour profile.
        options: for Pillow, when a picture is written.
        bytes_a_pixel: what reading it takes at most: what its decoder and Pillow hold, and float32 colours and
            transparency. Up to 31 of them were measured, of any mode, and in all formats but two.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    alpha: bool = True
    longest: int | None = None
    largest: int | None = None
    depths: tuple[int, ...] = (8,)
    profile: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    bytes_a_pixel: int = 32

    @property
    def lossy(self) -> bool:
        """Whether it is written in a quality that may be chosen."""
        return "quality" in self.options


#: Pillow would try every format it knows, among them EPS, which starts another program. These are safe to read.
#: TGA comes last, as nothing but its name tells that a file is one.
FORMATS = (
    Format("PNG", (".png",), depths=(8, 16)),
    # The format counts to 65535, but libjpeg stops here.
    Format("JPEG", (".jpg", ".jpeg"), alpha=False, longest=65500, options={"quality": 95, "subsampling": 0}),
    # Their decoders hold the whole picture, and the file, as long as it is open.
    Format("WEBP", (".webp",), longest=16383, options={"quality": 95}, bytes_a_pixel=48),
    # They count bytes in 32 bits, of which a little is for what is not pixels.
    Format("TIFF", (".tif", ".tiff"), largest=2**32 - 2**20),
    Format("BMP", (".bmp",), alpha=False, largest=2**32 - 2**20, profile=False),
    Format("GIF"),
    Format("AVIF", bytes_a_pixel=48),
    Format("JPEG2000"),
    Format("PPM"),
    Format("TGA"),
)


def readable_formats(name: str) -> list[str]:
    """Pillow's names of the formats that a file of this name may have, as far as this Pillow reads them."""
    Image.init()
    known = [form.name for form in FORMATS if form.name in Image.OPEN]
    return known if name.lower().endswith(".tga") else [form for form in known if form != "TGA"]


def memory_to_read(name: str | None, pixels: int) -> int:
    """Bytes that reading so many pixels takes at most, in Pillow's format of that name."""
    return pixels * max((form.bytes_a_pixel for form in FORMATS if form.name == name), default=Format.bytes_a_pixel)


def format_of(path: str | os.PathLike[str]) -> Format:
    """The format that a picture is written in, by the extension of ``path``.

    Raises:
        OutputError: the extension is missing or not one that can be written.
    """
    suffix = Path(path).suffix
    for form in FORMATS:
        if suffix.lower() in form.suffixes:
            return form
    known = ", ".join(suffix for form in FORMATS for suffix in form.suffixes)
    what = f"the extension {suffix!r}" if suffix else "a name without extension"
    raise OutputError(f"cannot write {path}: {what} is not one of {known}; rename it")


def check_encoding(path: str | os.PathLike[str], depth: int = 8, quality: int | None = None) -> None:
    """Refuse, before any work is done, what the format of ``path`` is not written in.

    Args:
        path: of the picture.
        depth: bits a channel.
        quality: 1..100, or None for the format's default.

    Raises:
        OutputError: the format is not one that can be written, or not in that depth or quality.
    """
    form = format_of(path)
    if type(depth) is not int or depth not in (8, 16):
        raise OutputError(f"depth is {shown(depth)}; choose 8 or 16")
    if depth not in form.depths:
        raise OutputError(f"cannot write {path} with {depth} bits: {form.name} is written with 8; {_HOLDS_ALL} for 16")
    if quality is None:
        return
    if not form.lossy:
        raise OutputError(f"cannot write {path} in a quality: {form.name} loses nothing; leave it out, or choose .jpg")
    if type(quality) is not int or not 1 <= quality <= 100:
        raise OutputError(f"quality is {shown(quality)}; choose a whole number from 1 to 100")


def check_holds(path: str | os.PathLike[str], size: Size) -> None:
    """Refuse a picture of more pixels than the format of ``path`` holds; ``size`` is its height and width.

    Raises:
        OutputError: it has too many, or the format is not one that can be written.
    """
    form, longest = format_of(path), max(size)
    if form.longest is not None and longest > form.longest:
        raise OutputError(
            f"cannot write {path}: {longest} pixels on a side are too many for {form.name}, which has at most "
            f"{form.longest}; {_HOLDS_ALL}"
        )
    channels = 4 if form.alpha else 3
    if form.largest is not None and channels * size[0] * size[1] > form.largest:
        raise OutputError(
            f"cannot write {path}: {size[1]} x {size[0]} pixels are too many for {form.name}, which has at most "
            f"{form.largest / channels / 1e6:.0f} million; {_HOLDS_ALL}"
        )
