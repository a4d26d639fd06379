"""A run of this process, shown on the page: to be watched there, and steered from where it was started."""

from __future__ import annotations

import time
from collections.abc import Mapping

from nstgraph.arrays import Array
from nstgraph.errors import ConfigError
from nstgraph.pictures.picture import PictureSet
from nstgraph.pictures.resize import resize
from nstgraph.planning.plan import Plan
from nstgraph.run.colors import Colors
from nstgraph.run.stylizer import Stylizer
from nstgraph.search.step import Step
from nstgraph.web.live_run import LiveRun, jpeg_of
from nstgraph.web.run_view import PAINTING, RunView

__all__ = ["Watched"]

_ID = "watched"


class Watched:
    """The callback of one run, which answers a page as far as watching goes (see `nstgraph.web.studio.Studio`).

    Args:
        stylizer: that the run is made with.
        plan: of the run.
        pictures: that it is made from.
        before: its steps in earlier sittings.
    """

    #: Whether runs can only be watched.
    read_only = True

    def __init__(self, stylizer: Stylizer, plan: Plan, pictures: PictureSet, before: tuple[Step, ...] = ()) -> None:
        named = [*([] if "aspect" in stylizer.settings else [pictures.content]), *pictures.styles]
        self._title = " × ".join(one.name.rpartition(".")[0] or one.name for one in named)
        self._line, self._begun = str(plan), time.time()
        self._live = LiveRun(plan.steps, stylizer.objective.defaults, Colors(stylizer.config, pictures).shown, before)
        self._photo = jpeg_of(resize(pictures.content.rgb, *plan.stages[-1].size), 2048)

    def __call__(self, step: Step, image: Array) -> Mapping[str, float] | None:
        """Take note of a step."""
        return self._live(step, image)

    @property
    def share(self) -> float:
        """Share of the search's time that pictures for the page have taken, 0..1."""
        history = self._live.history
        return self._live.cost / history[-1].seconds if history and history[-1].seconds else 0.0

    def runs(self) -> list[RunView]:
        """The run."""
        return [self.view(_ID)]

    def view(self, run_id: str) -> RunView:
        """The run as it is now; ConfigError if it has another id."""
        if run_id != _ID:
            raise ConfigError("there is no such picture here")
        live = self._live
        return RunView(
            id=_ID,
            title=self._title,
            status=PAINTING,
            line=self._line,
            of=live.of,
            seconds_left=live.seconds_left,
            history=live.history,
            preview=live.preview[0],
            begun=self._begun,
        )

    def preview(self, run_id: str) -> bytes:
        """A JPEG of the picture on its way; empty if there is none yet."""
        return self._live.preview[1] if run_id == _ID else b""

    def photo(self, run_id: str) -> bytes:
        """A JPEG of the photo as the result shows it."""
        return self._photo if run_id == _ID else b""
