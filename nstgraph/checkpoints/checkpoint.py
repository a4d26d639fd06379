"""A folder in which a run is kept while it goes on, so that whatever ends it, another process can go on with it.

``run.npz`` says what the run is made of and holds its pictures; it is written once. ``state-000001.npz`` and so on say
how far it has got: each is complete before it has its name, and the newest but one stays until the next is there.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nstgraph.checkpoints.array_file import read_about, read_arrays, write_arrays
from nstgraph.checkpoints.picture_arrays import arrays_of, pictures_of
from nstgraph.checkpoints.run_state import RunState, read_state, write_state
from nstgraph.errors import CheckpointError, OutputError, fault_of
from nstgraph.files import what_is_wrong_with
from nstgraph.locks import FileLock
from nstgraph.pictures.picture import PictureSet

__all__ = ["Checkpoint", "states"]

_RUN, _LOCK = "run.npz", "lock"
_STATE = re.compile(r"state-(\d{6,})\.npz")

#: The next state is written after this many times as long as writing one takes, however short the interval.
_REST = 20.0


class Checkpoint:
    """One run's folder, which one process at a time may use.

    It is made by `create` or `open`, and a context manager, which ends with the folder free for others.

    Attributes:
        folder: where it is.
        about: what the run is made of: settings, hashes, and whatever else `create` was given.
        pictures: what it is made from.
        state: how far it had got when the folder was opened; None if there was no first step.
    """

    def __init__(self, folder: Path, lock: FileLock, about: dict[str, Any], pictures: PictureSet) -> None:
        self.folder, self.about, self.pictures = folder, about, pictures
        self.state = _newest(folder)
        self._lock = lock
        self._number = max([0, *states(folder)])
        self._told: set[str] = set()
        self.every(30.0)

    def every(self, seconds: float, note: Callable[[str], None] = lambda line: None) -> None:
        """Say how long to wait between states, and who is to be told if one cannot be written."""
        self._interval, self._note = seconds, note
        self._due = time.monotonic() + seconds

    @classmethod
    def create(cls, folder: Path, about: Mapping[str, Any], pictures: PictureSet) -> Checkpoint:
        """Begin to keep a run in a folder, which is made if need be.

        Raises:
            CheckpointError: the folder holds something already, is in use, or cannot be written to.
        """
        with contextlib.ExitStack() as undo:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                lock = _locked(folder)
                undo.callback(lock.release)
                cls.check_new(folder)
                names, arrays = arrays_of(pictures)
                write_arrays(folder / _RUN, {**about, "names": names}, arrays)
            except (OSError, OutputError) as error:
                reason = error if isinstance(error, OutputError) else error.strerror
                raise CheckpointError(f"nothing can be kept in {folder} ({reason}); name another folder") from error
            undo.pop_all()
        return cls(folder, lock, dict(about), pictures)

    @staticmethod
    def check_new(folder: Path) -> None:
        """Raise CheckpointError if something is in a folder, which may be missing, that is to hold a new run."""
        if (folder / _RUN).exists():
            raise CheckpointError(
                f"{folder} holds a run that can be resumed: nstgraph resume {folder}; or delete it, or name another"
            )
        if folder.is_dir() and any(path.name != _LOCK for path in folder.iterdir()):
            raise CheckpointError(f"{folder} holds other files; name a new folder for the checkpoints")
        if folder.exists() and not folder.is_dir():
            raise CheckpointError(f"{folder} is a file; name a new folder for the checkpoints")

    @classmethod
    def open(cls, folder: Path) -> Checkpoint:
        """Go on with the run of a folder.

        Raises:
            CheckpointError: there is none, it is damaged, or in use.
        """
        if what_is_wrong_with(folder / _RUN):
            raise CheckpointError(f"there is no run in {folder}; nstgraph runs lists those that can be resumed")
        try:
            lock = _locked(folder)
        except OSError as error:
            raise CheckpointError(f"{folder} cannot be written to ({error.strerror}); copy it elsewhere") from error
        with contextlib.ExitStack() as undo:
            undo.callback(lock.release)
            about, arrays = read_arrays(folder / _RUN)
            opened = cls(folder, lock, about, pictures_of(about.pop("names", None), arrays))
            undo.pop_all()
        return opened

    @staticmethod
    def glance(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the run of a folder is made of, and what its newest state says; {} if there is none.

        Raises:
            CheckpointError: there is no run in it.
        """
        about = read_about(folder / _RUN)
        for path in reversed(states(folder).values()):
            with contextlib.suppress(CheckpointError):
                return about, read_about(path)
        return about, {}

    @staticmethod
    def in_use(folder: Path) -> bool:
        """Whether a process is at work on the run of a folder."""
        lock = FileLock(folder / _LOCK)
        try:
            free = lock.acquire()
        except OSError:
            return False
        if free:
            lock.release()
        return not free

    def keep(self, state: Callable[[], RunState], *, now: bool = False) -> None:
        """Write how far the run has got, if it is time, or ``now``. Whatever goes wrong is told, and ends nothing."""
        if not now and time.monotonic() < self._due:
            return
        began = time.monotonic()
        try:
            self._number += 1
            write_state(self.folder / f"state-{self._number:06d}.npz", state())
            for number, path in states(self.folder).items():
                if number < self._number - 1:
                    path.unlink()
        except Exception as error:  # a full disk, say: the next state may find room again
            fault = f"no checkpoint was written ({fault_of(error)}); the run goes on"
            if fault not in self._told:
                self._told.add(fault)
                self._note(fault)
        self._due = time.monotonic() + max(self._interval, _REST * (time.monotonic() - began))

    @property
    def begun(self) -> bool:
        """Whether there is something to go on from."""
        return self._number > 0 and bool(states(self.folder))

    def remove(self) -> None:
        """Delete what is kept, as nobody needs it any more; what cannot be deleted stays."""
        with contextlib.suppress(OSError):
            for path in [self.folder / _RUN, *states(self.folder).values()]:
                path.unlink(missing_ok=True)
        self.close()
        with contextlib.suppress(OSError):
            self.folder.rmdir()

    def close(self) -> None:
        """Leave the folder to others."""
        self._lock.release()

    def __enter__(self) -> Checkpoint:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def states(folder: Path) -> dict[int, Path]:
    """The files of states in a folder, by number, the newest last."""
    found = {path: _STATE.fullmatch(path.name) for path in folder.iterdir()}
    return dict(sorted((int(match[1]), path) for path, match in found.items() if match))


def _newest(folder: Path) -> RunState | None:
    """The newest state that can be read, as the last one may have been cut off elsewhere, in copying."""
    for path in reversed(states(folder).values()):
        with contextlib.suppress(CheckpointError):
            return read_state(path)
    return None


def _locked(folder: Path) -> FileLock:
    lock = FileLock(folder / _LOCK)
    if not lock.acquire():
        raise CheckpointError(f"another process is at work on the run in {folder}; wait for it, or name another folder")
    return lock
