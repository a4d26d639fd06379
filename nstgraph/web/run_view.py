"""What a page shows of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nstgraph.search.step import Step

__all__ = ["ENDED", "FAILED", "FINISHED", "PAINTING", "STARTING", "STOPPED", "WAITING", "RunView"]

#: How a run is: in the queue, reading and planning, on its way, or ended in one of three ways.
WAITING, STARTING, PAINTING = "waiting", "starting", "painting"
FINISHED, STOPPED, FAILED = "finished", "stopped", "failed"
ENDED = (FINISHED, STOPPED, FAILED)


@dataclass(frozen=True)
class RunView:
    """A run at one moment.

    Attributes:
        id: by which it is asked for.
        title: names of its pictures.
        status: one of those above.
        place: in the queue, from 1; 0 if it does not wait.
        line: its plan, or how it ended, in one line.
        of: how many steps there will be; 0 before they are planned.
        seconds_left: None if that is not known.
        history: its steps so far.
        weights: of its terms, by label, as they are now; empty where they cannot be changed.
        preview: number of the newest picture on its way; 0 if there is none.
        has_picture: whether its result can be had.
        begun, ended: when it was asked for and ended, in seconds since 1970; 0 if it has not ended.
    """

    id: str
    title: str
    status: str = WAITING
    place: int = 0
    line: str = ""
    of: int = 0
    seconds_left: float | None = None
    history: tuple[Step, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    preview: int = 0
    has_picture: bool = False
    begun: float = 0.0
    ended: float = 0.0

    @property
    def step(self) -> int:
        """Number of the latest step; 0 before the first."""
        return self.history[-1].step if self.history else 0

    @property
    def done(self) -> float:
        """Share of all the work that is done, 0..1."""
        return 1.0 if self.status in ENDED else self.history[-1].done if self.history else 0.0
