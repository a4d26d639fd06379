"""The demo: two pictures drawn by code, and what becomes of them; needs no network and no files."""

from __future__ import annotations

from pathlib import Path

from nstgraph.arrays import Array
from nstgraph.demo.landscape import landscape
from nstgraph.demo.painting import painting
from nstgraph.pictures.save import save

__all__ = ["draw"]


def draw(folder: Path) -> tuple[Path, Path]:
    """Draw the two pictures into ``folder`` and return their paths: content and style."""
    pictures: dict[str, Array] = {"content.png": landscape(), "style.png": painting()}
    for name, picture in pictures.items():
        save(folder / name, picture)
    return folder / "content.png", folder / "style.png"
