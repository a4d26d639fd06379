"""Picture formats: the one table of what is read and written, by Pillow's names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from nstgraph.errors import OutputError

__all__ = ["FORMATS", "Format", "format_of", "memory_to_read", "readable_formats"]


@dataclass(frozen=True)
class Format:
    """A picture format.

    Attributes:
        name: Pillow's.
        suffixes: of the files that are written in it; none if it is only read.
        alpha: whether it holds transparency that programs agree on.
        longest: most pixels on a side, if the format has a limit that a picture could meet.
        options: for Pillow, when a picture is written.
        bytes_a_pixel: what reading it takes at most: what its decoder and Pillow hold, and float32 colours and
            transparency. Up to 31 of them were measured, of any mode, and in all formats but two.
    """

    name: str
    suffixes: tuple[str, ...] = ()
    alpha: bool = True
    longest: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    bytes_a_pixel: int = 32


#: Pillow would try every format it knows, among them EPS, which starts another program. These are safe to read.
#: TGA comes last, as nothing but its name tells that a file is one.
FORMATS = (
    Format("PNG", (".png",)),
    # The format counts to 65535, but libjpeg stops here.
    Format("JPEG", (".jpg", ".jpeg"), alpha=False, longest=65500, options={"quality": 95, "subsampling": 0}),
    # Their decoders hold the whole picture, and the file, as long as it is open.
    Format("WEBP", (".webp",), longest=16383, options={"quality": 95}, bytes_a_pixel=48),
    Format("TIFF", (".tif", ".tiff")),
    Format("BMP", (".bmp",), alpha=False),
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
