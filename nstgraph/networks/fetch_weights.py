"""Downloading a weights file, whole or not at all.

Bytes are collected in ``<file>.part`` beside the target, where an interrupted download waits to be continued, by one
process at a time. Size and digest of what is published are known: nothing else takes the target's place.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO

from nstgraph.errors import WeightsError
from nstgraph.files import sync_folder, what_is_wrong_with
from nstgraph.hashes import hash_of
from nstgraph.locks import FileLock
from nstgraph.messages import did_you_mean, one_line
from nstgraph.networks.http_request import Download, Failed, request
from nstgraph.networks.published import FILES
from nstgraph.networks.weights_file import WeightsFile
from nstgraph.user_folders import cache_folder

__all__ = ["FILES", "Progress", "fetch"]

Progress = Callable[[int, int], None]

#: A connection may take so many seconds, and one more for each so many bytes that it has brought.
_PATIENCE = 60.0
_SLOWEST = 20_000

_CHUNK = 1 << 16

# Windows lacks some; a link is not followed, and a pipe not waited for.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)


def fetch(name: str, folder: Path | None = None, *, progress: Progress | None = None) -> Path:
    """Download one of ``FILES`` unless it is there already, continuing an attempt that broke off.

    Args:
        name: key of ``FILES``.
        folder: where to put the file, created if need be; by default ``cache_folder()``.
        progress: called with the bytes received, earlier attempts included, and the size of the whole file in bytes.

    Returns:
        The file's path. A damaged file that stood there is replaced, once its replacement is complete.

    Raises:
        WeightsError: an unknown name, no connection or one that broke off, a server that sends something else,
            another process that downloads the file, a sound file in its place that is not the one published, or a
            folder that cannot be written to. What a broken connection brought is kept.
    """
    if name not in FILES:
        raise WeightsError(f"no weights file is called {name!r}{did_you_mean(name, FILES)}")
    file = FILES[name]
    target = (cache_folder() if folder is None else Path(folder)) / file.filename
    if os.path.isdir(target):
        raise WeightsError(f"cannot write {target}: it is a folder; choose another folder to put the file in")
    try:
        if not _is_there(target, file):
            target.parent.mkdir(parents=True, exist_ok=True)
            _fetch(target, file, progress or (lambda received, total: None))
    except Failed as error:
        raise WeightsError(f"{error}, or download it by hand to {target}") from error
    except OSError as error:
        reason = error.strerror or error
        raise WeightsError(f"cannot write {target} ({reason}); make room or choose another folder") from error
    return target


def _fetch(target: Path, file: Download, progress: Progress) -> None:
    part = target.with_name(f"{file.filename}.part")
    with FileLock(target.with_name(f"{file.filename}.lock")) as held:
        if not held:
            raise WeightsError(f"{target} is being downloaded by another process; wait for it and run again")
        if _is_there(target, file):  # another process may have been quicker
            return
        _download(part, file, progress)
        os.replace(part, target)
        sync_folder(target.parent)


def _is_there(target: Path, file: Download) -> bool:
    """Whether the file that is published is there; refuses to replace a sound one that somebody made."""
    if what_is_wrong_with(target):
        return False
    if target.stat().st_size == file.size and _is_published(target, file):
        return True
    try:
        WeightsFile(target)
    except WeightsError:
        return False
    raise WeightsError(f"{target} holds other weights than those published; move it or choose another folder")


def _is_published(path: Path, file: Download) -> bool:
    algorithm, _, digest = file.digest.partition(":")
    return hash_of(path, algorithm) == digest


def _download(part: Path, file: Download, progress: Progress) -> None:
    start = _size_of(part)
    if start < file.size:
        response, start = request(file, start)
        with response, _opened(part) as stream:
            stream.truncate(start)
            _receive(file, response, stream, start, progress)
            stream.flush()
            os.fsync(stream.fileno())
    if _is_published(part, file):
        return
    part.unlink()
    if not start:
        raise Failed(f"{file.url} sent something else than {file.filename} as it was published; try again later")
    _download(part, file, progress)  # once more: what was continued may have begun as something else


def _size_of(part: Path) -> int:
    if not os.path.lexists(part):
        return 0
    _check_own(part, status := os.lstat(part))
    return status.st_size


def _opened(part: Path) -> BinaryIO:
    """Open what has arrived so far, at its end."""
    stream = open(os.open(part, _FLAGS, 0o666), "ab")  # noqa: SIM115 - who calls closes it
    try:
        _check_own(part, os.fstat(stream.fileno()))  # something else may have been put there since
    except BaseException:
        stream.close()
        raise
    return stream


def _check_own(part: Path, status: os.stat_result) -> None:
    """Refuse to write to anything but a file of the user's own that has no other name."""
    own = os.name == "nt" or status.st_uid == os.geteuid()
    if not (own and stat.S_ISREG(status.st_mode) and status.st_nlink == 1):
        raise WeightsError(f"{part} is a link, no file, or another user's; remove it and run again")


def _receive(file: Download, response: HTTPResponse, stream: BinaryIO, start: int, progress: Progress) -> None:
    """Download to the end of the file, and not a byte beyond."""
    received, began = start, time.monotonic()
    progress(received, file.size)
    while received < file.size:
        if time.monotonic() - began > _PATIENCE + (received - start) / _SLOWEST:
            raise _cut(file, received, "too slow")
        try:
            chunk = response.read1(min(_CHUNK, file.size - received))  # unlike read, gives what there is
        except (OSError, HTTPException) as error:
            raise _cut(file, received, error) from error
        if not chunk:
            raise _cut(file, received, "connection closed")
        stream.write(chunk)
        received += len(chunk)
        progress(received, file.size)


def _cut(file: Download, received: int, reason: object) -> Failed:
    told = f"{file.url} broke off after {received:,} of {file.size:,} bytes ({one_line(str(reason))})"
    return Failed(f"{told}; run again to continue")
