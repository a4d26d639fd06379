"""The targets of each tile, kept until they are needed again: in memory, in temporary files, or not at all."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nstgraph.arrays import Array

__all__ = ["KEEPS", "TargetCache"]

KEEPS = ("memory", "disk", "recompute")


class TargetCache:
    """Lists of arrays by number, each made when it is first asked for.

    Args:
        keep: ``"memory"``; ``"disk"``, in a temporary folder that goes when the cache does; or ``"recompute"``, which
            keeps nothing and makes a list anew each time it is asked for.
        make: gives the list of a number.

    Raises:
        OSError: a file cannot be written.
    """

    def __init__(self, keep: str, make: Callable[[int], Sequence[Array]]) -> None:
        self._keep, self._make = keep, make
        self._lists: dict[int, Sequence[Array]] = {}
        if keep == "disk":
            self._folder = tempfile.mkdtemp(prefix="nstgraph-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def __getitem__(self, number: int) -> Sequence[Array]:
        if number in self._lists:
            return self._lists[number]
        arrays = self._make(number)
        if self._keep != "recompute":
            self._lists[number] = arrays = self._to_disk(number, arrays) if self._keep == "disk" else arrays
        return arrays

    def _to_disk(self, number: int, arrays: Sequence[Array]) -> list[Array]:
        mapped: list[Array] = []
        for i, array in enumerate(arrays):
            path = Path(self._folder) / f"{number}-{i}"
            array.tofile(path)
            # Read through the operating system's cache, which takes the memory back when others need it.
            mapped.append(np.memmap(path, array.dtype, "r", shape=array.shape) if array.size else array)
        return mapped
