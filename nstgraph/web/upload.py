"""Pictures that come from a page: bytes and a name, limited before they are decoded."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import PureWindowsPath

from PIL import Image, ImageOps

from nstgraph.errors import PictureError
from nstgraph.messages import printable
from nstgraph.pictures.formats import readable_formats
from nstgraph.pictures.load import decoding, load_bytes
from nstgraph.pictures.picture import Picture

__all__ = ["MOST_BYTES", "MOST_PIXELS", "Upload", "checked"]

#: Bytes of a file.
MOST_BYTES = 40_000_000

#: Pixels of a picture, as its head tells them.
MOST_PIXELS = 60_000_000

#: Characters of a file's name.
_LONGEST = 100


@dataclass(frozen=True)
class Upload:
    """A picture's file.

    Attributes:
        name: of the file, without its folder; it is shown and recorded, and never a path that is read or written.
        data: its bytes.
    """

    name: str
    data: bytes

    def picture(self) -> Picture:
        """The picture, decoded.

        Raises:
            PictureError: it is damaged, or too large for the memory that is free.
        """
        return load_bytes(self.data, self.name)

    def thumbnail(self, side: int) -> Image.Image:
        """The picture, upright, with at most ``side`` pixels on each side.

        Raises:
            PictureError: it is damaged.
        """
        with decoding(self.name), Image.open(io.BytesIO(self.data), formats=readable_formats(self.name)) as image:
            image.draft("RGB", (side, side))  # which lets a JPEG be decoded small
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail((side, side))
            return upright


def checked(name: str, data: bytes, what: str = "the picture") -> Upload:
    """An upload, if it is not too large and a picture by its head.

    Args:
        name: as the page says it, perhaps with the folder that it had there.
        data: the file's bytes.
        what: an upload without a name is called.

    Raises:
        PictureError: it is empty, too large, or no picture.
    """
    short = printable(PureWindowsPath(name).name)[-_LONGEST:] or what
    if not data:
        raise PictureError(f"{short} is empty (0 bytes); choose the file again")
    if len(data) > MOST_BYTES:
        raise PictureError(
            f"{short} has {len(data) / 1e6:.0f} MB, and this page takes up to {MOST_BYTES / 1e6:.0f}; save it smaller, "
            "as a JPEG say"
        )
    with decoding(short), Image.open(io.BytesIO(data), formats=readable_formats(short)) as image:
        pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise PictureError(
            f"{short} has {pixels / 1e6:.0f} million pixels, and this page takes up to {MOST_PIXELS / 1e6:.0f}; shrink "
            "it in an image editor first"
        )
    return Upload(short, data)
