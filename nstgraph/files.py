"""Writing files so that nothing that existed is lost: beside the target first, then moved into place."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from nstgraph.errors import ConfigError

__all__ = ["beside", "check_folder", "check_target"]

#: Bytes of a file's name; file systems allow 255, of which the temporary name takes some.
_LONGEST_NAME = 240


def check_target(target: Path, *, overwrite: bool = False, inputs: Iterable[Path] = ()) -> None:
    """Refuse, before any work is done, a target that could not or should not be written.

    Raises:
        ConfigError: the folder does not exist or cannot be written to; the target's name is too long; it is a
            folder, one of the ``inputs`` (whatever ``overwrite`` says), or exists and ``overwrite`` is false.
    """
    folder = target.parent
    if len(os.fsencode(target.name)) > _LONGEST_NAME:
        raise ConfigError(f"cannot write {target}: the name is too long; choose a shorter one")
    if not folder.is_dir():
        raise ConfigError(f"cannot write {target}: the folder {folder} does not exist; create it first")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"cannot write {target}: no permission to write in {folder}; choose another folder")
    if target.is_dir():
        raise ConfigError(f"cannot write {target}: it is a folder; name a file in it")
    if not target.exists():
        return
    if any(source.exists() and target.samefile(source) for source in inputs):
        raise ConfigError(f"{target} is an input and is never written over; choose another name")
    if not overwrite:
        raise ConfigError(f"{target} exists; choose another name or pass --overwrite")


def check_folder(folder: Path) -> None:
    """Refuse, before any work is done, a folder that could not be made, or written to.

    Raises:
        ConfigError: it is a file, or the folder it is to be in does not exist; there is no permission.
    """
    if len(os.fsencode(folder.name)) > _LONGEST_NAME:
        raise ConfigError(f"cannot make {folder}: the name is too long; choose a shorter one")
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file; name a folder")
    place = folder if folder.exists() else folder.parent
    if not place.is_dir():
        raise ConfigError(f"cannot make {folder}: the folder {place} does not exist; create it first")
    if not os.access(place, os.W_OK):
        raise ConfigError(f"no permission to write in {place}; choose another folder")


@contextlib.contextmanager
def beside(target: Path) -> Iterator[Path]:
    """Yield a temporary path in the target's folder; move it onto the target when the block ends well.

    The temporary name keeps the target's suffix, so that writers which choose a format by it can be used.
    After an exception the target is as it was and nothing is left behind.
    """
    temporary = target.with_name(f".{target.stem}-{secrets.token_hex(4)}{target.suffix}")
    # With the permissions that any new file gets; `tempfile` would make it the user's alone.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
