"""What a picture of nstgraph's carries beside its pixels: the settings that it was made with."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from nstgraph.errors import PictureError
from nstgraph.pictures.load import check_file, decoding

__all__ = ["read_settings"]

#: The formats that carry settings, by Pillow's names.
_CARRY = ("PNG", "TIFF")

#: TIFF's tag ImageDescription.
_DESCRIPTION = 270

#: Characters that settings may have; they have about a thousand.
_LONGEST = 1 << 20


def read_settings(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The settings that a PNG or TIFF carries, as `Result.settings` was when it was saved; for `Config.from_settings`.

    Paths have become text. The pixels are not read.

    Raises:
        PictureError: the file is missing, no picture, damaged, or carries no settings.
    """
    where = str(path)
    with decoding(where):
        check_file(Path(path))
        try:
            with Image.open(path, formats=_CARRY) as image:
                text = image.info.get("nstgraph")
                if image.format == "TIFF":
                    text = _inside(image.getexif().get(_DESCRIPTION))
        except UnidentifiedImageError as error:
            raise PictureError(
                f"{where} is no PNG or TIFF, which carry settings, or is damaged; name another"
            ) from error
    settings = _table(text)
    if settings is None:
        raise PictureError(f"{where} carries no settings; PNG and TIFF do as nstgraph wrote them, or name another")
    return settings


def _inside(description: Any) -> Any:
    table = _table(description)
    return None if table is None else table.get("nstgraph")


def _table(text: Any) -> dict[str, Any] | None:
    """What JSON says, if it is a table; else None."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):  # of brackets without end
        return None
    return table if isinstance(table, dict) else None
