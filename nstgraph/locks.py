"""Locks between processes: files that the system unlocks when their holder ends, however it ends."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["FileLock"]

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class FileLock:
    """A lock that one holder at a time has, among all processes and threads; the file is there while it is held.

    Args:
        path: of the lock's file, in a folder that exists.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._number: int | None = None

    def acquire(self) -> bool:
        """Take the lock if nobody has it, and say whether it was taken.

        Raises:
            OSError: the file cannot be made, or is a link or another thing than a file.
        """
        while self._number is None:
            number = os.open(self._path, _FLAGS | getattr(os, "O_NONBLOCK", 0), 0o600)
            if not stat.S_ISREG(os.fstat(number).st_mode):
                os.close(number)
                raise OSError(f"{self._path} is not a regular file")
            if not _lock(number):
                os.close(number)
                return False
            if self._is_there(number):
                self._number = number
            else:  # its holder has deleted it between opening and locking
                os.close(number)
        return True

    def release(self) -> None:
        """Give the lock back, if it is held."""
        if self._number is not None:
            if os.name != "nt":  # where a file that is open cannot be deleted
                self._path.unlink(missing_ok=True)
            os.close(self._number)
            self._number = None

    def _is_there(self, number: int) -> bool:
        try:
            return os.path.samestat(os.fstat(number), os.stat(self._path, follow_symlinks=False))
        except FileNotFoundError:
            return False


def _lock(number: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
