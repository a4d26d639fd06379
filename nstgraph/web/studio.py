"""Pictures that several people ask for: made one at a time, in turn, and kept on disk whatever ends the server."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.locks import FileLock
from nstgraph.pictures.metadata import read_settings
from nstgraph.run.stylizers import Stylizers
from nstgraph.run.written_settings import as_command, as_python
from nstgraph.web.plans import Plans
from nstgraph.web.request import PaintRequest
from nstgraph.web.run_folder import new_run, run_folders
from nstgraph.web.run_view import PAINTING, STARTING, WAITING, RunView
from nstgraph.web.studio_run import StudioRun

__all__ = ["Studio"]

#: Seconds that a search has to end at its next step when the studio is closed; its checkpoint is on disk anyway.
_PATIENCE = 20.0


class Studio:
    """A queue of runs and a gallery of those that have ended. Its methods may be called from any thread.

    Runs that wait, and the one at work, are gone on with by the next studio of the same folder.

    Args:
        folder: where runs are kept; made if need be.
        queue: how many may wait.

    Raises:
        ConfigError: another server uses the folder, or it cannot be written to.
    """

    #: Whether runs can only be watched.
    read_only = False

    def __init__(self, folder: Path, queue: int = 8) -> None:
        self._folder, self._queue = folder, queue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file_lock = FileLock(folder / "lock")
            free = self._file_lock.acquire()
            self._runs = {run.id: StudioRun(run) for run in run_folders(folder)} if free else {}
        except OSError as error:
            reason = f"{folder} cannot be used ({error.strerror})"
            raise ConfigError(f"{reason}; name another folder by --folder") from error
        if not free:
            raise ConfigError(f"another server uses {folder}; stop that one, or name another folder by --folder")
        self._plans = Plans()
        self._changed = threading.Condition()
        self._closing = False
        self._painter = threading.Thread(target=self._paint_all, name="nstgraph-painter", daemon=True)
        self._painter.start()

    def plan(self, request: PaintRequest) -> str:
        """What a picture will take in memory and time, in one line; the first time, that takes some seconds.

        Raises:
            NstgraphError: it does not fit into memory, or something cannot be read or computed.
        """
        return str(self._plans.plan(request))

    def submit(self, request: PaintRequest) -> str:
        """Put a picture into the queue; returns its id.

        Raises:
            NstgraphError: as for `plan`; or too many wait, or it cannot be written.
        """
        self._check_room()
        self.plan(request)
        with self._changed:
            self._check_room()
            run = StudioRun(new_run(self._folder, request))
            self._runs[run.id] = run
            self._changed.notify_all()
        return run.id

    def _check_room(self) -> None:
        with self._changed:
            if len(self._waiting()) >= self._queue:
                raise ConfigError(f"{self._queue} pictures wait already; come back when one of them is done")

    def runs(self) -> list[RunView]:
        """All runs: the one at work, those that wait in their order, and those that have ended, the newest first."""
        with self._changed:
            waiting = {run.id: place for place, run in enumerate(self._waiting(), 1)}
            views = [run.view(waiting.get(run.id, 0)) for run in self._runs.values()]
        at_work = [view for view in views if view.status in (STARTING, PAINTING)]
        queued = sorted((view for view in views if view.place), key=lambda view: view.place)
        ended = sorted((view for view in views if view.ended), key=lambda view: view.ended, reverse=True)
        return [*at_work, *queued, *ended]

    def view(self, run_id: str) -> RunView:
        """A run as it is now.

        Raises:
            ConfigError: there is none with that id.
        """
        with self._changed:
            run = self._run(run_id)
            waiting = self._waiting()
            return run.view(waiting.index(run) + 1 if run in waiting else 0)

    def preview(self, run_id: str) -> bytes:
        """A JPEG of the picture on its way; empty if there is none yet. Raises as `view`."""
        live = self._run(run_id).live
        return live.preview[1] if live is not None else b""

    def photo(self, run_id: str) -> bytes:
        """A JPEG of the photo as the result shows it; empty before the run is planned. Raises as `view`."""
        return self._run(run_id).folder.kept("photo.jpg")

    def thumbnail(self, run_id: str) -> bytes:
        """A small JPEG of the result; empty if there is none. Raises as `view`."""
        return self._run(run_id).folder.kept("thumbnail.jpg")

    def picture(self, run_id: str) -> bytes:
        """The PNG of the result, with its settings.

        Raises:
            ConfigError: there is no such run, or no result of it.
        """
        return self._run(run_id).picture()

    def settings(self, run_id: str) -> Mapping[str, Any]:
        """What the result's file says of how it was made.

        Raises:
            NstgraphError: there is no such run, or no result of it on disk.
        """
        return read_settings(self._run(run_id).folder.result)

    def as_command(self, run_id: str) -> str:
        """The command line that makes the result. Raises as `settings`."""
        return as_command(self.settings(run_id))

    def as_python(self, run_id: str) -> str:
        """Python that makes the result. Raises as `settings`."""
        return as_python(self.settings(run_id))

    def request(self, run_id: str) -> PaintRequest:
        """What was asked for, to be asked for again.

        Raises:
            NstgraphError: there is no such run, or it can no longer be had.
        """
        return self._run(run_id).folder.request()

    def stop(self, run_id: str) -> None:
        """End a run with the best picture so far, or take it out of the queue. Raises as `view`."""
        with self._changed:
            self._run(run_id).stop()

    def weigh(self, run_id: str, weights: Mapping[str, float]) -> None:
        """Give terms of the run at work other weights: a new phase of its search.

        Raises:
            ConfigError: there is no such run, or it is not at work.
            LossError: there is no such term, or a weight is no number.
        """
        live = self._run(run_id).live
        if live is None or self.view(run_id).status != PAINTING:
            raise ConfigError("the picture is not being painted now, so that its weights cannot be changed")
        live.weigh(weights)

    def delete(self, run_id: str) -> None:
        """Delete a run that has ended, and its picture.

        Raises:
            ConfigError: there is no such run, or it has not ended.
        """
        with self._changed:
            run = self._run(run_id)
            if not run.view(0).ended:
                raise ConfigError("the picture is not done; stop it first")
            run.folder.delete()
            del self._runs[run_id]

    def close(self) -> None:
        """End the search at its next step, kept to be gone on with, and let others use the folder."""
        with self._changed:
            self._closing = True
            for run in self._runs.values():
                run.interrupt()
            self._changed.notify_all()
        self._painter.join(_PATIENCE)
        self._plans.close()
        self._file_lock.release()

    def _run(self, run_id: str) -> StudioRun:
        if run_id not in self._runs:
            raise ConfigError("there is no such picture; it may have been deleted")
        return self._runs[run_id]

    def _waiting(self) -> list[StudioRun]:
        return [run for run in self._runs.values() if run.status == WAITING]

    def _paint_all(self) -> None:
        with Stylizers() as stylizers:
            while (run := self._next()) is not None:
                run.paint(stylizers)

    def _next(self) -> StudioRun | None:
        """The run whose turn it is, waited for; None when the studio is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or self._waiting())
            if self._closing:
                return None
            run = self._waiting()[0]
            run.status = STARTING
            return run
