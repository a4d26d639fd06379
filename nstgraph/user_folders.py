"""Where a user's own files are kept: folders by what for, as the system has them."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder", "state_folder"]


def cache_folder() -> Path:
    """Folder for what can be fetched or made again; it need not exist yet."""
    return _folder("XDG_CACHE_HOME", "~/.cache")


def state_folder() -> Path:
    """Folder for what outlives a process but is no document, such as unfinished runs; it need not exist yet."""
    return _folder("XDG_STATE_HOME", "~/.local/state")


def _folder(variable: str, default: str) -> Path:
    if os.name == "nt":
        variable, default = "LOCALAPPDATA", "~/AppData/Local"
    base = os.environ.get(variable, "")
    if not os.path.isabs(base):  # unset, or relative, which the XDG specification has ignored
        base = os.path.expanduser(default)
    return Path(base, "nstgraph")
