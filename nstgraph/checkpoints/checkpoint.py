"""A folder in which a run is kept while it goes on, so that whatever ends it, another process can go on with it.

``run.npz`` says what the run is made of and holds its pictures; it is written once. ``state-000001.npz`` and so on say
how far it has got: each is complete before it has its name, and the newest two stay.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nstgraph.checkpoints.array_file import read_about, read_arrays, write_arrays
from nstgraph.checkpoints.picture_arrays import arrays_of, own_pictures_of, pictures_of
from nstgraph.checkpoints.run_state import RunState, write_state
from nstgraph.checkpoints.state_files import RUN, half_written, newest, state_path, states
from nstgraph.errors import CheckpointError, OutputError, fault_of
from nstgraph.files import what_is_wrong_with
from nstgraph.graph.own_pictures import KeptPicture
from nstgraph.locks import FileLock
from nstgraph.messages import command
from nstgraph.pictures.picture import PictureSet
from nstgraph.planning.plan import Plan

__all__ = ["Checkpoint"]

_LOCK = "lock"

#: The next state is written after this many times as long as writing one takes, however short the interval.
_REST = 20.0


class Checkpoint:
    """One run's folder, which one process at a time may use.

    It is made by `create` or `open`, and a context manager, which ends with the folder free for others.

    Attributes:
        folder: where it is.
        about: what the run is made of: settings, hashes, and whatever else `create` was given.
        pictures: what it is made from.
        own: the pictures of its loss's terms, in the order in which they are asked for.
        state: how far it had got when the folder was opened; None if there was no first step.
    """

    def __init__(
        self, folder: Path, lock: FileLock, about: dict[str, Any], pictures: PictureSet, own: Sequence[KeptPicture]
    ) -> None:
        self.folder, self.about, self.pictures, self.own = folder, about, pictures, own
        for path in half_written(folder):
            with contextlib.suppress(OSError):
                path.unlink()
        self.state = newest(folder)
        self._lock = lock
        self._number = max([0, *states(folder)])
        self._told: set[str] = set()
        self.every(30.0)

    def every(self, seconds: float, note: Callable[[str], None] = lambda line: None) -> None:
        """Say how long to wait between states, and who is to be told if one cannot be written."""
        self._interval, self._note = seconds, note
        self._due = time.monotonic() + seconds

    @classmethod
    def create(
        cls, folder: Path, about: Mapping[str, Any], pictures: PictureSet, own: Sequence[KeptPicture] = ()
    ) -> Checkpoint:
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
                names, arrays = arrays_of(pictures, own)
                write_arrays(folder / RUN, {**about, "names": names}, arrays)
                made = cls(folder, lock, dict(about), pictures, own)
            except (OSError, OutputError) as error:
                reason = error if isinstance(error, OutputError) else error.strerror
                raise CheckpointError(f"nothing can be kept in {folder} ({reason}); name another folder") from error
            undo.pop_all()
        return made

    @staticmethod
    def check_new(folder: Path) -> None:
        """Raise CheckpointError if something is in a folder, which may be missing, that is to hold a new run."""
        if (folder / RUN).exists():
            resuming = command("resume", folder)
            raise CheckpointError(
                f"{folder} holds a run that can be resumed: {resuming}; or delete it, or name another"
            )
        if folder.is_dir() and set(folder.iterdir()) - {folder / _LOCK, *half_written(folder)}:
            raise CheckpointError(f"{folder} holds other files; name a new folder for the checkpoints")
        if folder.exists() and not folder.is_dir():
            raise CheckpointError(f"{folder} is a file; name a new folder for the checkpoints")

    @classmethod
    def open(cls, folder: Path) -> Checkpoint:
        """Go on with the run of a folder.

        Raises:
            CheckpointError: there is none, it is in use, or it, or each of its states, is damaged or cannot be read.
        """
        if what_is_wrong_with(folder / RUN):
            raise CheckpointError(f"there is no run in {folder}; nstgraph runs lists those that can be resumed")
        with contextlib.ExitStack() as undo:
            try:
                lock = _locked(folder)
                undo.callback(lock.release)
                about, arrays = read_arrays(folder / RUN)
                names, records = about.pop("names", None), about.get("pictures")
                opened = cls(folder, lock, about, pictures_of(names, arrays), own_pictures_of(names, records, arrays))
            except OSError as error:
                raise CheckpointError(f"{folder} cannot be written to ({error.strerror}); copy it elsewhere") from error
            undo.pop_all()
        return opened

    @staticmethod
    def glance(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the run of a folder is made of, and what its newest state says; {} if there is none.

        Raises:
            CheckpointError: there is no run in it.
        """
        about = read_about(folder / RUN)
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

    def check(self, own: Any, plan: Plan) -> None:
        """Raise CheckpointError unless a run goes on as it began.

        Args:
            own: what is recorded of the pictures of its terms.
            plan: its sizes.
        """
        if self.about.get("pictures", []) != own:
            names = ", ".join(one["name"] for one in own) or "none"
            raise CheckpointError(f"the pictures of terms ({names}) are not those that the run began with; begin anew")
        if self.state is not None:
            sizes = [stage.size for stage in plan.stages[: self.state.stage + 1]]
            if self.state.stage > len(plan.stages) or self.state.image.shape[1:3] not in sizes:
                raise CheckpointError(f"the checkpoint is not one of a run with {plan}; begin anew")

    def keep(self, state: Callable[[], RunState], *, now: bool = False) -> None:
        """Write how far the run has got, if it is time, or ``now``. Whatever goes wrong is told, and ends nothing."""
        if not now and time.monotonic() < self._due:
            return
        began = time.monotonic()
        path = state_path(self.folder, self._number + 1)
        try:
            write_state(path, state())
            self._number += 1
        except Exception as error:  # a full disk, say: the next state may find room again
            reason = fault_of(error).replace(str(path), str(self.folder))  # the same each time
            fault = f"no checkpoint was written ({reason}); the run goes on"
            if fault not in self._told:
                self._told.add(fault)
                self._note(fault)
        with contextlib.suppress(OSError):
            for old in [*states(self.folder).values()][:-2]:
                old.unlink()
        self._due = time.monotonic() + max(self._interval, _REST * (time.monotonic() - began))

    @property
    def begun(self) -> bool:
        """Whether there is something to go on from."""
        return state_path(self.folder, self._number).exists()

    def remove(self) -> None:
        """Delete what is kept, as nobody needs it any more; what cannot be deleted stays."""
        with contextlib.suppress(OSError):
            for path in [self.folder / RUN, *states(self.folder).values()]:
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


def _locked(folder: Path) -> FileLock:
    lock = FileLock(folder / _LOCK)
    if not lock.acquire():
        raise CheckpointError(f"another process is at work on the run in {folder}; wait for it, or name another folder")
    return lock
