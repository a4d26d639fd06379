"""Arrays put aside until they are needed again: in memory, in a temporary file, or not at all."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["KEEPS", "Shelf"]

Array = np.ndarray[Any, Any]

KEEPS = ("memory", "disk", "recompute")


class Shelf:
    """Lists of arrays by number.

    Args:
        keep: ``"memory"``; ``"disk"``, in a temporary folder that goes when the shelf does; or ``"recompute"``, which
            keeps nothing and makes a list anew each time it is asked for.
        make: gives the list of a number.
        count: how many lists there are.
    """

    def __init__(self, keep: str, make: Callable[[int], Sequence[Array]], count: int) -> None:
        self._make = make
        self._kept: list[Sequence[Array]] = []
        if keep == "disk":
            self._folder = tempfile.mkdtemp(prefix="nstgraph-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        if keep != "recompute":
            for number in range(count):
                arrays = make(number)
                self._kept.append(self._to_disk(number, arrays) if keep == "disk" else arrays)

    def __getitem__(self, number: int) -> Sequence[Array]:
        return self._kept[number] if self._kept else self._make(number)

    def _to_disk(self, number: int, arrays: Sequence[Array]) -> list[Array]:
        mapped: list[Array] = []
        for i, array in enumerate(arrays):
            path = Path(self._folder) / f"{number}-{i}"
            array.tofile(path)
            # Read through the operating system's cache, which takes the memory back when others need it.
            mapped.append(np.memmap(path, array.dtype, "r", shape=array.shape) if array.size else array)
        return mapped
