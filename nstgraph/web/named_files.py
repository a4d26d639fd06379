"""Files that a page's requests name: only such as the page itself has sent, or been shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote

__all__ = ["is_inside", "names_other_files"]

#: Keys that Gradio takes a file's place from, which may be an address that it fetches, and what the browser shows.
_KEYS = ("path", "url")

#: How the addresses begin that Gradio itself gives the page for files of the folder.
_ADDRESS = "/gradio_api/file="


def is_inside(path: Any, folder: Path) -> bool:
    """Whether a path is that of a file in a folder, links followed."""
    if not isinstance(path, str) or "\0" in path or not os.path.isabs(path):
        return False
    real = os.path.realpath(path)
    return os.path.commonpath([real, os.path.realpath(folder)]) == os.path.realpath(folder) and os.path.isfile(real)


def names_other_files(data: Any, folder: Path) -> bool:
    """Whether JSON names a file, or an address, anywhere in it that is not of the folder."""
    if isinstance(data, dict):
        named = [(key, data[key]) for key in _KEYS if data.get(key) is not None]
        return any(not _is_ours(key, value, folder) for key, value in named) or any(
            names_other_files(value, folder) for value in data.values()
        )
    return isinstance(data, list) and any(names_other_files(value, folder) for value in data)


def _is_ours(key: str, value: Any, folder: Path) -> bool:
    if key == "path":
        return is_inside(value, folder)
    return isinstance(value, str) and is_inside(unquote(value.rpartition(_ADDRESS)[2]), folder)
