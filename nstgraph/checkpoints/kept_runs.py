"""The runs that are kept in a folder's folders: what they are, and what it would take to go on with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstgraph.checkpoints.checkpoint import Checkpoint
from nstgraph.checkpoints.picture_arrays import OWN, START
from nstgraph.errors import CheckpointError

__all__ = ["KeptRun", "kept_runs"]


@dataclass(frozen=True)
class KeptRun:
    """A run that can be resumed.

    Attributes:
        folder: its checkpoints.
        pictures: names of the photo and the paintings.
        size: longest side of the result, in pixels.
        steps, of: how many it has taken, and how many it will have.
        seconds: what is predicted to be left, on the machine that it was planned on.
        memory: bytes that it was planned to take.
        saved: when its newest state was written, in seconds since 1970.
        in_use: whether a process is at work on it.
    """

    folder: Path
    pictures: tuple[str, ...]
    size: int
    steps: int
    of: int
    seconds: float
    memory: float
    saved: float
    in_use: bool


def kept_runs(folder: Path) -> list[KeptRun]:
    """The runs in a folder's folders, or of the folder itself, the newest first; what is none is passed over."""
    try:
        places = [folder, *folder.iterdir()]
    except OSError:
        return []
    found = [run for run in map(_run, places) if run is not None]
    return sorted(found, key=lambda run: run.saved, reverse=True)


def _run(folder: Path) -> KeptRun | None:
    try:
        about, state = Checkpoint.glance(folder)
        history: list[dict[str, Any]] = state.get("history", [])
        last = history[-1] if history else {"step": 0, "done": 0.0}
        names = {part: str(picture["name"]) for part, picture in about["names"].items()}
        content = names.pop("content")
        return KeptRun(
            folder,
            (content, *(name for part, name in names.items() if not part.startswith((OWN, START)))),
            int(max(about["size"])),
            int(last["step"]),
            int(about["steps"]),
            float(about["seconds"]) * (1 - float(last["done"])),
            float(about["memory"]),
            max(path.stat().st_mtime for path in folder.glob("*.npz")),
            Checkpoint.in_use(folder),
        )
    except (CheckpointError, OSError, AttributeError, KeyError, TypeError, ValueError):
        return None
