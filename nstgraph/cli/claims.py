"""Claims of a user's runs on what they share: names of output files, and memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nstgraph.locks import FileLock
from nstgraph.memory import process_memory
from nstgraph.user_folders import state_folder

if TYPE_CHECKING:
    from nstgraph.planning.plan import Plan

__all__ = ["claim", "claim_memory"]

#: Seconds to wait for another run to have planned; it takes a fraction of one.
_PATIENCE = 5.0


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


def claim_memory(plan: Callable[[float], Plan], claims: contextlib.ExitStack) -> Plan:
    """Make a plan beside what other runs have claimed, and claim what it takes until ``claims`` is closed.

    Runs that start together would otherwise both plan with all that is free. A claim is an empty file, locked while its
    run lives; its name says on which machine it is, as several may share a home, which process, and how much it will
    take.

    Args:
        plan: makes a plan that leaves so many bytes to others.
        claims: holds the claim.
    """
    folder = state_folder() / "memory"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as planning:
            machine = re.sub(r"[^\w.]+", "_", platform.node(), flags=re.ASCII)[:100]
            _wait_for(FileLock(folder / f"{machine}-planning"), planning)
            made = plan(sum(map(_still_to_come, folder.glob(f"{machine}-*-*"))))
            lock = FileLock(folder / f"{machine}-{os.getpid()}-{made.memory:.0f}")
            if lock.acquire():
                claims.callback(lock.release)
            return made
    except OSError:  # where no claims can be kept
        return plan(0.0)


def _wait_for(lock: FileLock, until: contextlib.ExitStack) -> None:
    end = time.monotonic() + _PATIENCE
    while not lock.acquire():
        if time.monotonic() > end:
            return
        time.sleep(0.01)
    until.callback(lock.release)


def _still_to_come(path: Path) -> float:
    """Bytes that the run of a claim has not taken yet."""
    _, process, claimed = path.name.rsplit("-", 2)
    if not (process.isdecimal() and claimed.isdecimal()):
        return 0.0
    lock = FileLock(path)
    if lock.acquire():  # its run has ended without a word
        lock.release()
        return 0.0
    return max(0.0, float(claimed) - process_memory(int(process)))
