"""The demo: two pictures drawn by code, and what becomes of them; needs no network and no files."""

from __future__ import annotations

from pathlib import Path

from nstgraph.arrays import Array
from nstgraph.demo.landscape import landscape
from nstgraph.demo.painting import painting
from nstgraph.errors import OutputError
from nstgraph.files import unused
from nstgraph.pictures.save import save

__all__ = ["draw", "new_folder"]


def new_folder(wanted: Path) -> Path:
    """Create ``wanted``, or the first of ``wanted-2``, ``wanted-3``, ... that does not exist, and return it.

    Raises:
        OutputError: it cannot be created.
    """
    # "." and ".." have no name that a number could be added to.
    folder = wanted.resolve() if wanted.name in ("", "..") else wanted
    try:
        folder = unused(folder)
        folder.mkdir()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "it is the root")
        raise OutputError(f"cannot create the folder {folder} ({reason}); choose another with -o") from error
    return folder


def draw(folder: Path) -> tuple[Path, Path]:
    """Draw the two pictures into ``folder`` and return their paths: content and style."""
    pictures: dict[str, Array] = {"content.png": landscape(), "style.png": painting()}
    for name, picture in pictures.items():
        save(folder / name, picture)
    return folder / "content.png", folder / "style.png"
