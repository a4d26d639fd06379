"""Locks between processes, as files that are locked; the system lets go of them when a process dies."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["FileLock"]

# Windows lacks all but the first; O_NONBLOCK keeps a pipe of that name from being waited for.
_FLAGS = os.O_RDWR | os.O_CREAT
for _name in ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK", "O_NOINHERIT"):
    _FLAGS |= getattr(os, _name, 0)


class FileLock:
    """A lock that one process holds, and one thread in it: ``with FileLock(path) as held:``.

    It is never waited for: ``held`` is False where another holds it. Outside a ``with`` block, what `acquire`
    has got stays locked until `release`, or until the process ends, however that comes about.

    Args:
        path: the file that is locked, in a folder that exists. It is empty, the user's alone, and gone after
            `release`; one that a dead process has left behind is taken over.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.abspath(path))
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Whether the lock could be had; False also where this very object holds it already.

        Raises:
            OSError: the file cannot be made or locked, or is there and is a link, or something else than a file.
        """
        while True:
            descriptor = os.open(self.path, _FLAGS, 0o600)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OSError(errno.EINVAL, "not a regular file", str(self.path))
                if not _lock(descriptor):
                    return False
                if self._names(descriptor):  # else its holder has removed it since it was opened here
                    self._descriptor, descriptor = descriptor, -1
                    return True
            finally:
                if descriptor >= 0:
                    os.close(descriptor)

    def release(self) -> None:
        """Let go of the lock and remove its file; nothing happens where it is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        if sys.platform == "win32":  # which does not remove open files, so never one that another has locked
            os.close(descriptor)
            with contextlib.suppress(OSError):
                os.unlink(self.path)
            return
        with contextlib.suppress(OSError):
            if self._names(descriptor):  # and while it is locked, so that nobody else's is removed
                os.unlink(self.path)
        os.close(descriptor)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()

    def _names(self, descriptor: int) -> bool:
        """Whether the path still leads to the file that is open."""
        try:
            return os.path.samestat(os.lstat(self.path), os.fstat(descriptor))
        except FileNotFoundError:
            return False


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # as Unix, and as Windows, say that another holds it
        return False
    return True
