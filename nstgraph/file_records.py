"""What a result says of the files that it was made from: each by its path, as it was given, and its hash."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.hashes import with_hash
from nstgraph.messages import shown

__all__ = ["FileRecord"]

#: A path by which Windows would ask a machine elsewhere, to which it would say who asks.
_ELSEWHERE = re.compile(r"[\\/]{2}")


@dataclass(frozen=True)
class FileRecord:
    """A file, or numbers, that a result was made from.

    Attributes:
        path: as it was given; None for what is no file.
        sha256: of the file, or of the numbers: 64 hexadecimal digits.
    """

    path: str | None
    sha256: str

    def __post_init__(self) -> None:
        if not isinstance(self.sha256, str) or not re.fullmatch("[0-9a-f]{64}", self.sha256):
            raise ConfigError(f"{shown(self.sha256)} is no SHA-256, which has 64 hexadecimal digits")
        if self.path is not None and not (isinstance(self.path, str) and self.path):
            raise ConfigError(f"{shown(self.path)} is no file's path")

    @classmethod
    def read(cls, record: Any, what: str) -> FileRecord:
        """What `as_json` has given, which may come from a stranger; ``what`` names it in messages.

        Raises:
            ConfigError: it is something else.
        """
        if not isinstance(record, dict) or set(record) != {"path", "sha256"}:
            raise ConfigError(f"the record of {what} is {shown(record)}; it has a path and a sha256")
        try:
            return cls(**record)
        except ConfigError as error:
            raise ConfigError(f"the record of {what} is damaged: {error}") from error

    def as_json(self) -> dict[str, str | None]:
        """What goes into the settings of a result."""
        return {"path": self.path, "sha256": self.sha256}

    def __str__(self) -> str:
        return f"{self.path or 'what was no file'} (SHA-256 {self.sha256[:12]}...)"

    def find(self, beside: Path | None = None) -> Path | None:
        """The file with that hash: at its path, by its name in a folder, or in the working folder; None if none has it.

        Only regular files are read, and no paths to other machines are followed. What does not have the hash is not
        there, whatever its name.

        Args:
            beside: the folder of the result.
        """
        if self.path is None or "\0" in self.path or _ELSEWHERE.match(self.path):
            return None
        names = dict.fromkeys([os.path.basename(self.path), PureWindowsPath(self.path).name])
        folders = [Path(), *([] if beside is None else [beside])]
        places = [Path(self.path), *(folder / name for folder in reversed(folders) for name in names if name)]
        return with_hash(self.sha256, places)
