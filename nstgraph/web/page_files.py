"""Pictures on their way between the page and the server: files of the page's own folder, in both directions."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nstgraph.errors import PictureError
from nstgraph.web.named_files import is_inside
from nstgraph.web.upload import MOST_BYTES, Upload, checked

__all__ = ["as_address", "from_address", "given", "given_all", "kept", "kept_bytes"]

_DATA = "data:image/png;base64,"


def given(payload: Any, folder: Path, what: str) -> Upload | None:
    """The picture that a control of the page holds, as Gradio sends it; None if it is empty.

    Raises:
        PictureError: it is no picture, too large, or no file that the page has sent.
    """
    if isinstance(payload, Mapping) and isinstance(payload.get("image"), Mapping):  # one of a gallery
        payload = payload["image"]
    if not isinstance(payload, Mapping):
        return None
    path = payload.get("path")
    if not isinstance(path, str) or not is_inside(path, folder):
        raise PictureError(f"{what} is no longer here; choose it again")
    name = str(payload.get("orig_name") or os.path.basename(path))
    with open(path, "rb") as file:
        return checked(name, file.read(MOST_BYTES + 1), what)


def given_all(payload: Any, folder: Path, what: str) -> tuple[Upload, ...]:
    """The pictures of a gallery, in its order; raises as `given`."""
    found = [given(one, folder, what) for one in payload] if isinstance(payload, list) else []
    return tuple(one for one in found if one is not None)


def kept(upload: Upload, folder: Path) -> str:
    """Path of an upload's file in the folder, which Gradio shows from there."""
    return kept_bytes(upload.data, upload.name, folder)


def kept_bytes(data: bytes, name: str, folder: Path) -> str:
    """Path of a file in the folder that has these bytes, and as much of the name as is safe."""
    place = folder / hashlib.sha256(data).hexdigest()[:32]
    place.mkdir(mode=0o700, exist_ok=True)
    path = place / (re.sub(r"[^\w. -]+", "_", name)[-100:].lstrip(". ") or "picture")
    if not path.exists():
        path.write_bytes(data)
    return str(path)


def as_address(upload: Upload | None, side: int = 0) -> str:
    """A picture as an address that contains it, for the browser to draw on; with ``side``, that small at most."""
    if upload is None:
        return ""
    data = upload.data
    if side:
        buffer = io.BytesIO()
        upload.thumbnail(side).save(buffer, "PNG")
        data = buffer.getvalue()
    return _DATA + base64.b64encode(data).decode()


def from_address(address: Any, name: str) -> Upload | None:
    """The picture that an address contains; None if it is empty.

    Raises:
        PictureError: it contains none.
    """
    if not address:
        return None
    if not isinstance(address, str) or not address.startswith(_DATA):
        raise PictureError(f"{name} cannot be read; draw it again")
    try:
        return checked(name, base64.b64decode(address.removeprefix(_DATA), validate=True))
    except (binascii.Error, ValueError) as error:
        raise PictureError(f"{name} cannot be read; draw it again") from error
