"""Claims of a user's runs on what they share: names of output files."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from nstgraph.locks import FileLock
from nstgraph.user_folders import state_folder

__all__ = ["claim"]


def claim(target: Path, claims: contextlib.ExitStack) -> bool:
    """Claim a file until ``claims`` is closed; returns whether no other run has it.

    Where no locks can be kept, as in a home that cannot be written to, it is anybody's.
    """
    name = hashlib.sha256(os.fsencode(os.path.realpath(target))).hexdigest()[:32]
    try:
        folder = state_folder() / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / name)
        if not lock.acquire():
            return False
    except OSError:
        return True
    claims.callback(lock.release)
    return True
