"""Names of files by pattern: ``{content}-{style}.png`` stands for what a run is made from, and when."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from nstgraph.config import Config
from nstgraph.errors import OutputError

__all__ = ["FIELDS", "expanded", "fields_of", "stem_of"]

#: What a pattern may name.
FIELDS = ("content", "style", "date", "time", "size", "steps", "seed", "preset")

#: Bytes of a picture's name that the name of a file takes from it.
_LONGEST_STEM = 80

#: A brace that is meant as one, a field, and a brace that is neither.
_BRACES = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<field>[^{}]*)\}|(?P<broken>[{}])")


def stem_of(*pictures: Path) -> str:
    """What the name of a file takes from those of pictures: letters and digits, joined by hyphens."""
    stems = [re.sub(r"\W+", "-", path.stem).strip("-") or "picture" for path in pictures]
    return "-".join(stems).encode()[:_LONGEST_STEM].decode(errors="ignore")


def fields_of(config: Config, pictures: Sequence[Path], preset: str | None = None) -> dict[str, str]:
    """What the fields of a pattern stand for, in a run that begins now.

    Args:
        config: its settings.
        pictures: the photo, then the paintings.
        preset: the preset that it takes its settings from, if there is one.
    """
    now = time.localtime()
    known = {
        "content": stem_of(*pictures[:1]),
        "style": stem_of(*pictures[1:]),
        "date": time.strftime("%Y%m%d", now),
        "time": time.strftime("%Y%m%d-%H%M%S", now),
        "size": str(config.size or "own"),
        "steps": str(config.steps or "auto"),
        "seed": str(config.seed),
    }
    return known if preset is None else {**known, "preset": preset}


def expanded(path: Path, fields: Mapping[str, str]) -> Path:
    """A path with what its fields stand for; one without braces is as it was.

    Raises:
        OutputError: a field is not one of ``FIELDS`` or stands for nothing, or a brace is not closed or opened; or
            there is a file whose name is that of the pattern, braces and all, which may have been meant.
    """
    pattern = str(path)
    if not _BRACES.search(pattern):
        return path

    def value(match: re.Match[str]) -> str:
        if match["brace"]:
            return match["brace"][0]
        if match["broken"]:
            raise OutputError(f"a brace in {pattern} has no other; {_remedy()}")
        if match["field"] == "preset" and "preset" not in fields:
            raise OutputError(f"{{preset}} in {pattern} stands for nothing without --preset; leave it out")
        if match["field"] not in fields:
            raise OutputError(f"no field {match[0]} in {pattern}; {_remedy()}")
        return fields[match["field"]]

    if os.path.lexists(path):
        raise OutputError(f"{path} exists, braces and all; write {{{{ and }}}} if it is meant, or choose another name")
    return Path(_BRACES.sub(value, pattern))


def _remedy() -> str:
    return f"use {' '.join(f'{{{field}}}' for field in FIELDS)}, or {{{{ and }}}} for braces"
