"""Hashes, by which a file is known again wherever it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nstgraph.files import what_is_wrong_with

if TYPE_CHECKING:
    from nstgraph.arrays import Array

__all__ = ["hash_of", "hash_of_numbers", "with_hash"]

#: Bytes of a file that is looked at for its hash, where somebody else has named it; none that nstgraph reads has more.
_LARGEST = 4 << 30


def hash_of(path: str | os.PathLike[str], algorithm: str = "sha256") -> str:
    """SHA-256 of a file, as 64 hexadecimal digits; or what another algorithm of hashlib gives."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with open(path, "rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def hash_of_numbers(*arrays: Array | None) -> str:
    """SHA-256 of the numbers of arrays, one after the other, as 64 hexadecimal digits; None is passed over."""
    import numpy as np  # which the command line's help has no need of

    digest = hashlib.sha256(usedforsecurity=False)
    for array in arrays:
        if array is not None:
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def with_hash(sha256: str, places: Iterable[Path]) -> Path | None:
    """The first file among ``places`` with that SHA-256, in hexadecimal digits; None if there is none.

    What is no regular file, cannot be read, or is larger than all that nstgraph reads, is passed over.
    """
    return next((path for path in places if _has(path, sha256)), None)


def _has(path: Path, sha256: str) -> bool:
    try:
        return not what_is_wrong_with(path) and os.stat(path).st_size <= _LARGEST and hash_of(path) == sha256
    except OSError:
        return False
