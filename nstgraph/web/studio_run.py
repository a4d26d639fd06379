"""One run of a studio: painted from its folder, watched, and kept there."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from nstgraph.errors import ConfigError, NstgraphError, OutputError, RunError, fault_of
from nstgraph.pictures.resize import resize
from nstgraph.pictures.save import encode
from nstgraph.pictures.wrapping import wraps_of
from nstgraph.run.colors import Colors
from nstgraph.run.kept import kept
from nstgraph.run.result import Result
from nstgraph.run.stylizers import Stylizers
from nstgraph.web.live_run import LiveRun, jpeg_of
from nstgraph.web.run_folder import Outcome, RunFolder
from nstgraph.web.run_view import FAILED, FINISHED, PAINTING, STOPPED, WAITING, RunView

__all__ = ["MOST_STARTS", "StudioRun"]

#: A run that has been started so often without an end has ended the server each time.
MOST_STARTS = 3

#: Pixels on the longest side of a picture in the gallery.
_THUMBNAIL = 320


class StudioRun:
    """A run.

    Args:
        folder: where it is kept.

    Attributes:
        status: see `nstgraph.web.run_view`.
        live: its search; None before there is one, and in a server that has not made it.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.live: LiveRun | None = None
        self._outcome = folder.outcome()
        self.status = WAITING if self._outcome is None else self._outcome.status
        self._line = ""
        self._unsaved = b""
        self._taken_back = False

    @property
    def id(self) -> str:
        """By which it is asked for."""
        return self.folder.id

    def view(self, place: int) -> RunView:
        """The run as it is now, at that place of the queue."""
        live, outcome = self.live, self._outcome
        history = outcome.history if outcome is not None else live.history if live is not None else ()
        return RunView(
            id=self.id,
            title=self.folder.title,
            status=self.status,
            place=place,
            line=self._line if outcome is None else outcome.line,
            of=live.of if live is not None else len(history),
            seconds_left=None if live is None else live.seconds_left,
            history=history,
            weights=dict(live.weights) if live is not None else {},
            preview=live.preview[0] if live is not None else 0,
            has_picture=bool(self._unsaved) or self.folder.result.exists(),
            begun=self.folder.begun,
            ended=0.0 if outcome is None else outcome.ended,
        )

    def picture(self) -> bytes:
        """The PNG of the result; ConfigError if there is none."""
        data = self._unsaved or self.folder.kept(self.folder.result.name)
        if not data:
            raise ConfigError("there is no picture of it")
        return data

    def stop(self) -> None:
        """End it with the best picture so far; if it waits, without one."""
        self._taken_back = True
        if self.live is not None:
            self.live.stop()
        elif self.status == WAITING:
            self._end(STOPPED, "taken out of the queue")

    def interrupt(self) -> None:
        """End its search at the next step, to be gone on with by another server."""
        if self.live is not None:
            self.live.interrupt()

    def paint(self, stylizers: Stylizers) -> None:
        """Make the picture, from its checkpoint if it had been begun; whatever goes wrong is the run's outcome."""
        try:
            if self.folder.started() >= MOST_STARTS:
                raise ConfigError(f"the server ended {MOST_STARTS} times while it was painted; choose a smaller size")
            self._paint(stylizers)
        except KeyboardInterrupt:  # the server ends; the next one goes on
            self.folder.paused()
            self.status = WAITING
        except Exception as error:  # a term's own error, say, or no memory: the queue goes on
            self._end(FAILED, fault_of(error))

    def _paint(self, stylizers: Stylizers) -> None:
        request = self.folder.request()
        config, pictures = request.config(), request.pictures()
        stylizer = stylizers.get(config, len(pictures.styles))
        plan = stylizer.plan(pictures)
        self._line = str(plan)
        shown = resize(pictures.content.rgb, *plan.stages[-1].size, wraps=wraps_of(config.padding))
        self.folder.keep("photo.jpg", jpeg_of(shown, 2048))
        with kept(self.folder.checkpoint, stylizer, plan, pictures) as checkpoint:
            before = checkpoint.state.history if checkpoint is not None and checkpoint.state is not None else ()
            weights = stylizer.objective.defaults
            self.live = LiveRun(plan.steps, weights, Colors(config, pictures).shown, tuple(before))
            if self._taken_back:
                self.live.stop()
            self.status = PAINTING
            error: RunError | None = None
            try:
                result = stylizer(
                    pictures, plan=plan, callback=self.live, checkpoint=checkpoint, note=lambda line: None
                )
            except RunError as failure:
                if failure.result is None:
                    raise
                error, result = failure, failure.result
            self._keep(result, error)
            if checkpoint is not None:
                checkpoint.remove()

    def _keep(self, result: Result, error: RunError | None) -> None:
        """Write the picture, and how the run ended."""
        data = encode(result.image, alpha=result.alpha, metadata=result.metadata, profile=result.profile)
        self._unsaved = data  # until it is on disk, it can be had from here
        self.folder.keep(self.folder.result.name, data)
        self._unsaved = b""
        with contextlib.suppress(OutputError):
            self.folder.keep("thumbnail.jpg", jpeg_of(result.image, _THUMBNAIL))
        status = FAILED if error is not None else STOPPED if self._taken_back else FINISHED
        self._end(status, str(error) if error is not None else result.reason, tuple(result.history))

    def _end(self, status: str, line: str, history: Any = ()) -> None:
        outcome = Outcome(status, line, time.time(), history or (self.live.history if self.live else ()))
        with contextlib.suppress(NstgraphError):  # a full disk: it is known here, and made again by another server
            self.folder.end(outcome)
        self._outcome, self.status = outcome, status
