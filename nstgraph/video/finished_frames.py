"""Frames that are finished, kept beside the output until all of them are, so that a run that ended can go on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nstgraph.arrays import Array
from nstgraph.errors import CheckpointError, OutputError
from nstgraph.files import check_folder, writing
from nstgraph.locks import FileLock
from nstgraph.pictures.load import decoding
from nstgraph.pictures.save import save

__all__ = ["FinishedFrames", "folder_beside"]

_RECORD, _LOCK = "run.json", "lock"


def folder_beside(target: Path) -> Path:
    """Where the finished frames of an output are kept."""
    return target.with_name(f"{target.name}.frames")


class FinishedFrames:
    """The folder of a run's finished frames, as a context manager: nobody else uses it meanwhile.

    Args:
        target: the output, beside which it lies.
        made_from: all that the frames depend on, as JSON has it; a folder of another run is left alone.

    Attributes:
        folder: the folder.

    Raises:
        CheckpointError: there are frames of other settings or pictures, or another run is at work on them.
        OutputError: the folder cannot be made.
    """

    def __init__(self, target: Path, made_from: Mapping[str, Any]) -> None:
        self.folder = folder_beside(target)
        self._made_from = json.loads(json.dumps(made_from, default=str))
        self._lock = FileLock(self.folder / _LOCK)

    def __enter__(self) -> FinishedFrames:
        check_folder(self.folder)
        try:
            self.folder.mkdir(exist_ok=True)
            if not self._lock.acquire():
                raise CheckpointError(f"another run is at work on {self.folder}; wait for it, or choose another -o")
        except OSError as error:
            raise OutputError(f"cannot make {self.folder} ({error.strerror}); choose another -o") from error
        try:
            self._check_record()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.release()
        if not any(self._numbers()):
            self.remove()

    def _check_record(self) -> None:
        record = self.folder / _RECORD
        if not record.exists():
            if any(path.name != _LOCK and path.name[0] != "." for path in self.folder.iterdir()):
                raise CheckpointError(f"{self.folder} is there, and not a run's; move it away, or choose another -o")
            with writing(record) as file:
                file.write(json.dumps(self._made_from, indent=1).encode())
            return
        try:
            before = json.loads(record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            before = None
        if not isinstance(before, dict):
            raise CheckpointError(f"{record} is damaged; delete {self.folder}, or choose another -o")
        changed = [name for name in {**before, **self._made_from} if before.get(name) != self._made_from.get(name)]
        if changed:
            names = ", ".join(changed[:5])
            raise CheckpointError(
                f"the frames in {self.folder} were made with another {names}; go on with that, delete the folder, or "
                "choose another -o"
            )

    def path(self, number: int) -> Path:
        """The file of a frame, by its number, from 1."""
        return self.folder / f"{number:06d}.png"

    def has(self, number: int) -> bool:
        """Whether a frame is finished."""
        return self.path(number).exists()

    def read(self, number: int) -> Array:
        """A finished frame, [height, width, 3], uint8.

        Raises:
            PictureError: its file is damaged.
        """
        path = self.path(number)
        with decoding(str(path)), Image.open(path, formats=["PNG"]) as image:
            return np.asarray(image.convert("RGB"))

    def write(self, number: int, result: Array) -> Path:
        """Keep a frame, [height, width, 3], uint8."""
        return save(self.path(number), result[np.newaxis].astype(np.float32))

    def __len__(self) -> int:
        """How many frames are finished, up to the first that is not."""
        return sum(1 for _ in self._numbers())

    def _numbers(self) -> Iterator[int]:
        number = 1
        while self.has(number):
            yield number
            number += 1

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
