"""Where weights files are looked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from nstgraph.errors import ConfigError, WeightsError
from nstgraph.hashes import with_hash
from nstgraph.messages import shown
from nstgraph.networks.published import FILES
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.user_folders import cache_folder

__all__ = ["Candidate", "candidates", "find_weights", "recorded_file"]

_VARIABLE = "$NSTGRAPH_WEIGHTS"
_HERE = "the folder vgg here"

#: What is looked for in the cache, in this order. VGG19 comes last, since defaults are those of VGG16.
_CACHED = ("vgg16-frossard", "vgg16", "vgg19")

#: Said of weights that came with the folder, with an archive that was unpacked there, say, and that nobody asked for.
_UNASKED = f"found in {_HERE}, unasked; --weights, or weights= in Python, chooses another file"


class Candidate(NamedTuple):
    """A place where weights are looked for: what it is, its path, and whether something is there."""

    description: str
    path: Path
    exists: bool


def find_weights(path: str | os.PathLike[str] | None = None) -> WeightsFile:
    """The first weights file among ``candidates(path)``; the `source` of one from the working folder says so.

    Raises:
        WeightsError: a file named by ``path`` or ``$NSTGRAPH_WEIGHTS`` does not exist, or the first file that
            does cannot be used; neither is passed over for the next.
    """
    for description, place, exists in candidates(path):
        if description == _VARIABLE and not exists:
            raise WeightsError(f"{_VARIABLE} names {place}, which does not exist; correct it or unset it")
        if exists or path is not None:
            break
    if path is not None or description != _HERE:
        return WeightsFile(place)
    try:
        return WeightsFile(place, _UNASKED)
    except WeightsError as error:
        raise WeightsError(f"{error} ({_UNASKED})") from error


def candidates(path: str | os.PathLike[str] | None = None) -> list[Candidate]:
    """Every place where ``find_weights(path)`` looks, in its order."""
    places = [
        ("the file given", path),
        (_VARIABLE, os.environ.get("NSTGRAPH_WEIGHTS") or None),
        (_HERE, Path("vgg", "vgg16_weights.npz")),
        *(("the cache", cache_folder() / FILES[name].filename) for name in _CACHED),
        ("the embedded weights", embedded()),
    ]
    # os.path.exists, unlike Path.exists before Python 3.12, does not raise in a folder closed to the user.
    return [Candidate(name, Path(file), os.path.exists(file)) for name, file in places if file is not None]


def recorded_file(source: str, name: Any, sha256: Any) -> Path:
    """The file of weights or of a network that a picture was made with, in the working folder or where weights are.

    Args:
        source: ``weights`` or ``network``.
        name: the file's, without a folder, as the picture carries it.
        sha256: the file's, as the picture carries it.

    Raises:
        ConfigError: there is no such file in any of these places, or name or hash is none.
    """
    if not isinstance(name, str) or not isinstance(sha256, str) or os.path.basename(name) != name or not name:
        raise ConfigError(f"{source} is {shown(name)}, which is no file's name with its SHA-256; give {source} itself")
    places = [Path(name), *(place.path for place in candidates() if source == "weights")]
    found = with_hash(sha256, places)
    if found is None:
        where = "here or where weights are looked for" if source == "weights" else "here"
        raise ConfigError(
            f"{shown(name)}, with the SHA-256 {sha256[:12]}..., is not found {where}; give {source} itself, or leave "
            "these settings out"
        )
    return found
