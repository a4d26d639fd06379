"""The file with the page's password."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from nstgraph.errors import ConfigError

__all__ = ["read_password"]

#: Bytes of the file that are read; a password is a line.
_LONGEST = 1024


def read_password(path: Path) -> str:
    """The password: the file's only line.

    Raises:
        ConfigError: the file cannot be read, others may read it, or it does not hold one line.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_LONGEST + 1)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read ({error.strerror}); write the password into it as one line"
        ) from error
    if os.name == "posix" and stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        raise ConfigError(f"others may read {path}; keep the password to yourself: chmod 600 {path}")
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no text in UTF-8; write the password into it as one line") from error
    if len(data) > _LONGEST or len(lines) != 1 or not lines[0].strip():
        raise ConfigError(f"{path} does not hold one line; write the password into it, and nothing else")
    return lines[0]
