"""Reading and writing files so that nothing that existed is lost: beside the target first, then moved into place."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from nstgraph.errors import OutputError

__all__ = [
    "check_folder",
    "check_no_input",
    "check_suffix",
    "check_target",
    "is_full",
    "new_folder",
    "same_file",
    "sync_folder",
    "unused",
    "what_is_wrong_with",
    "writing",
    "writing_folder",
]

#: Bytes of a file's name; file systems allow 255, of which the temporary name takes some.
_LONGEST_NAME = 240

#: Seconds after which a temporary file is nobody's any more.
_STALE = 3600.0


def what_is_wrong_with(path: str | os.PathLike[str]) -> str:
    """Why a path cannot be read as a file, such as ``"is a folder"``; empty if it can be."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        if os.path.islink(path) and not os.path.exists(path):
            return f"is a link to {os.readlink(path)}, which does not exist"
        reason = getattr(error, "strerror", None) or "it cannot be the name of a file"
        return "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({reason})"
    if stat.S_ISDIR(mode):
        return "is a folder"
    if not stat.S_ISREG(mode):
        return "is not a regular file"
    return "" if os.stat(path).st_size else "is empty (0 bytes)"


def same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, which need not exist; however they are spelt."""
    if os.path.exists(one) and os.path.exists(other):
        return os.path.samefile(one, other)
    return os.path.realpath(one) == os.path.realpath(other)


def unused(path: Path, suffix: str = "", taken: Callable[[Path], bool] = os.path.lexists) -> Path:
    """``path``, or the first of ``path-2``, ``path-3``, ... that is not taken; the number goes before ``suffix``."""
    free, number = path, 1
    while taken(free):
        number += 1
        free = path.with_name(f"{path.name.removesuffix(suffix)}-{number}{suffix}")
    return free


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


def check_suffix(path: Path, what: str, suffixes: Sequence[str]) -> None:
    """Raise OutputError unless the name ends in one of ``suffixes``; ``what`` is what is to be written."""
    if path.suffix.lower() not in suffixes:
        raise OutputError(f"cannot write {what} as {path}; end its name in {' or '.join(suffixes)}")


def check_target(target: Path, *, overwrite: bool = False, inputs: Iterable[Path] = ()) -> None:
    """Refuse, before any work is done, a target that could not or should not be written.

    Raises:
        OutputError: the folder does not exist or cannot be written to; the target's name is too long; it is a
            folder, one of the ``inputs`` (whatever ``overwrite`` says), or exists and ``overwrite`` is false.
    """
    folder = target.parent
    if len(os.fsencode(target.name)) > _LONGEST_NAME:
        raise OutputError(f"cannot write {target}: the name is too long; choose a shorter one")
    if not os.path.isdir(folder):
        raise OutputError(f"cannot write {target}: the folder {folder} does not exist; create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"cannot write {target}: no permission to write in {folder}; choose another folder")
    if os.path.isdir(target):
        raise OutputError(f"cannot write {target}: it is a folder; name a file in it")
    check_no_input(target, inputs)
    if not overwrite and os.path.exists(target):
        raise _exists(target)


def check_no_input(target: Path, inputs: Iterable[Path]) -> None:
    """Raise OutputError if a target is one of the files that are read, by whatever name."""
    if any(same_file(source, target) for source in inputs):
        raise OutputError(f"{target} is an input and is never written over; choose another name")


def check_folder(folder: Path) -> None:
    """Refuse, before any work is done, a folder that could not be made, or written to.

    Raises:
        OutputError: it is a file, or the folder it is to be in does not exist; there is no permission.
    """
    if len(os.fsencode(folder.name)) > _LONGEST_NAME:
        raise OutputError(f"cannot make {folder}: the name is too long; choose a shorter one")
    if any("\udc80" <= letter <= "\udcff" for letter in str(folder)):  # how Python shows bytes that are none
        raise OutputError(f"cannot make {str(folder)!r}: TensorFlow needs a name in UTF-8; choose another")
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise OutputError(f"{folder} is a file; name a folder")
    place = folder if os.path.exists(folder) else folder.parent
    if not os.path.isdir(place):
        raise OutputError(f"cannot make {folder}: the folder {place} does not exist; create it first")
    if not os.access(place, os.W_OK):
        raise OutputError(f"no permission to write in {place}; choose another folder")


@contextlib.contextmanager
def writing(target: Path, *, overwrite: bool = False) -> Iterator[IO[bytes]]:
    """Open a binary file beside the target, and move it onto the target when the block ends well.

    After any failure the target is as it was and nothing is left behind. A link is followed: what it leads to is
    written. Without ``overwrite``, a file that has appeared in the meantime is left alone, too.

    Raises:
        OutputError: the target is refused (see `check_target`), or cannot be written.
    """
    check_target(target, overwrite=overwrite)
    place = Path(os.path.realpath(target))
    _sweep(place)
    temporary = place.with_name(f".{secrets.token_hex(4)}-{place.name}")
    try:
        # With the permissions that any new file gets; `tempfile` would make it the user's alone.
        with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _move(temporary, place, overwrite=overwrite)
        sync_folder(place.parent)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextlib.contextmanager
def writing_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder beside the target, which becomes the target when the block ends well.

    Raises:
        OutputError: the target exists, or cannot be made.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as temporary:
            place = Path(temporary, "folder")
            place.mkdir()
            yield place
            place.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise _cannot_write(target, error) from error


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to disk, where the system can do that."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _sweep(place: Path) -> None:
    """Delete what processes that were killed have left beside a file, long ago enough that none is still writing."""
    with contextlib.suppress(OSError):
        for left in place.parent.glob(f".{'[0-9a-f]' * 8}-{glob.escape(place.name)}"):
            if time.time() - left.lstat().st_mtime > _STALE:
                left.unlink()


def _move(temporary: Path, place: Path, *, overwrite: bool) -> None:
    if overwrite:
        if place.exists():
            shutil.copymode(place, temporary)
        temporary.replace(place)
        return
    try:
        os.link(temporary, place)  # unlike a rename, this fails if there is a file of that name by now
    except FileExistsError:
        raise _exists(place) from None
    except OSError:  # file systems without links
        if place.exists():
            raise _exists(place) from None
        temporary.replace(place)


def is_full(error: OSError) -> bool:
    """Whether there was no room for what was to be written."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _exists(target: Path) -> OutputError:
    return OutputError(f"{target} exists; choose another name or pass --overwrite")


def _cannot_write(target: Path, error: Any) -> OutputError:
    remedy = "free some space or choose another folder" if is_full(error) else "choose another folder"
    return OutputError(f"cannot write {target} ({error.strerror or error}); {remedy}")
