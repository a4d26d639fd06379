"""A folder that stands for the pictures in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from PIL import Image

from nstgraph.errors import PictureError
from nstgraph.pictures.formats import FORMATS
from nstgraph.pictures.load import Source

__all__ = ["paths_without_folders", "pictures_in", "without_folders"]


def paths_without_folders(paths: Iterable[Path]) -> list[Path]:
    """The paths, with the pictures of each folder among them in its place; see `pictures_in`."""
    return [one for path in paths for one in (pictures_in(path) if path.is_dir() else [path])]


def without_folders(sources: Iterable[Source]) -> list[Source]:
    """The same of pictures in any form."""
    expanded: list[Source] = []
    for source in sources:
        folder = isinstance(source, str | os.PathLike) and os.path.isdir(source)
        expanded += pictures_in(Path(cast(str, source))) if folder else [source]
    return expanded


def pictures_in(folder: Path) -> list[Path]:
    """The files in a folder whose extension is that of a picture, sorted by name; hidden files are passed over.

    Raises:
        PictureError: there are none, or it cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise PictureError(f"{folder} cannot be read ({error.strerror}); change its permissions or copy it") from error
    suffixes = _suffixes()
    found = [p for p in paths if p.suffix.lower() in suffixes and not p.name.startswith(".") and not p.is_dir()]
    if not found:
        raise PictureError(f"{folder} is a folder without pictures; name a picture, or a folder that has some")
    return found


def _suffixes() -> set[str]:
    """Extensions of the formats that are read."""
    known = {form.name for form in FORMATS}
    return {suffix for suffix, name in Image.registered_extensions().items() if name in known}
