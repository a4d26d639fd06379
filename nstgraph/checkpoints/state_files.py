"""The files of states in a run's folder: their names, the newest that is whole, and what a kill leaves half-written."""

from __future__ import annotations

import re
from pathlib import Path

from nstgraph.checkpoints.array_file import DamagedError
from nstgraph.checkpoints.run_state import RunState, read_state
from nstgraph.errors import CheckpointError

__all__ = ["RUN", "half_written", "newest", "state_path", "states"]

#: Name of the file that says what the run is made of.
RUN = "run.npz"

_STATE = re.compile(r"state-(\d{6,})\.npz")

#: What `nstgraph.files.writing` writes to at first.
_HALF = re.compile(rf"\.[0-9a-f]{{8}}-({re.escape(RUN)}|{_STATE.pattern})")


def state_path(folder: Path, number: int) -> Path:
    """The file of a state."""
    return folder / f"state-{number:06d}.npz"


def states(folder: Path) -> dict[int, Path]:
    """The files of states in a folder, by number, the newest last."""
    found = {path: _STATE.fullmatch(path.name) for path in folder.iterdir()}
    return dict(sorted((int(match[1]), path) for path, match in found.items() if match))


def half_written(folder: Path) -> list[Path]:
    """What processes that were killed have left in a folder, if none is writing there now."""
    return [path for path in folder.iterdir() if _HALF.fullmatch(path.name)]


def newest(folder: Path) -> RunState | None:
    """The newest state that is whole, as the last one may have been cut off in copying; None if there is no state.

    Raises:
        CheckpointError: all are damaged, or one cannot be read, though it may be whole.
    """
    damaged: DamagedError | None = None
    for path in reversed(states(folder).values()):
        try:
            return read_state(path)
        except DamagedError as error:
            damaged = error
    if damaged is not None:
        raise CheckpointError(f"{damaged}; copy the folder again, or delete its states to begin anew") from damaged
    return None
