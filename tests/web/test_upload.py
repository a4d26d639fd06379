"""Uploads: what is refused before it is decoded, in one line."""

from __future__ import annotations

import struct
import zlib

import pytest

from nstgraph.errors import PictureError
from nstgraph.web.upload import MOST_BYTES, Upload, checked
from tests.web.conftest import png


def png_head(width: int, height: int) -> bytes:
    """The beginning of a PNG of that size, without its pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    end = b"IDAT"
    chunks = [(len(head) - 4, head), (0, end)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", length) + chunk + struct.pack(">I", zlib.crc32(chunk)) for length, chunk in chunks
    )


def test_a_picture_is_taken_by_its_name_without_a_folder() -> None:
    upload = checked("C:\\pictures\\../lake.png", png(48, 32))
    assert upload.name == "lake.png"
    picture = upload.picture()
    assert (picture.name, picture.path, picture.size) == ("lake.png", "lake.png", (32, 48))


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        ("words.jpg", b"nothing but words", "words.jpg is not a picture that can be read"),
        ("none.png", b"", "none.png is empty"),
        ("much.png", png(48, 32) + bytes(MOST_BYTES), "much.png has 40 MB, and this page takes up to 40"),
        ("wide.png", png_head(30000, 30000), "wide.png has more than 179 million pixels"),
        ("large.png", png_head(8000, 8000), "large.png has 64 million pixels, and this page takes up to 60"),
        ("evil\n\x1b[2J.png", b"words", "evil\\n\\x1b[2J.png is not a picture"),
    ],
    ids=["text", "empty", "bytes", "30000x30000", "pixels", "name"],
)
def test_what_is_too_large_or_no_picture_is_refused(name: str, data: bytes, fault: str) -> None:
    with pytest.raises(PictureError) as caught:
        checked(name, data)
    assert str(caught.value).startswith(fault)
    assert "\n" not in str(caught.value)


def test_a_thumbnail_is_small_and_a_damaged_picture_is_one_line() -> None:
    assert Upload("a.png", png(48, 32)).thumbnail(24).size == (24, 16)
    with pytest.raises(PictureError, match=r"^cut\.png|^cannot read cut\.png"):
        Upload("cut.png", png(48, 32)[:60]).thumbnail(24)
