"""What a run gives back, made from what it was made of and what it has come to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nstgraph.config import Config
from nstgraph.pictures.picture import PictureSet
from nstgraph.pictures.resize import resize
from nstgraph.pictures.wrapping import wraps_of
from nstgraph.planning.plan import Plan
from nstgraph.run.colors import Colors
from nstgraph.run.record import made_from
from nstgraph.run.result import Result
from nstgraph.run.run_so_far import RunSoFar

__all__ = ["Outcome"]


class Outcome:
    """Makes the result of a run, whenever and however it ends.

    Args:
        config: its settings.
        plan: its sizes.
        pictures: what it is made from.
        colors: what is shown of the image that is searched for.
        settings: go into the result.
    """

    def __init__(
        self, config: Config, plan: Plan, pictures: PictureSet, colors: Colors, settings: Mapping[str, Any]
    ) -> None:
        self._config = config
        self._plan = plan
        self._pictures = pictures
        self._colors = colors
        self._settings = settings

    def result(self, so_far: RunSoFar, outcome: str, why: str = "", trace: Any = None) -> Result:
        """The best image so far at the plan's last size, and how it came about; ``outcome`` says how the run ended."""
        content, size, wraps = self._pictures.content, self._plan.stages[-1].size, wraps_of(self._config.padding)
        alpha = content.alpha
        return Result(
            image=self._colors.shown(resize(so_far.best, *size, wraps=wraps)).clip(0, 255),
            alpha=None if alpha is None else resize(alpha, *size, wraps=wraps).clip(0, 1),
            pictures=(content.rgb, *(style.rgb for style in self._pictures.styles)),
            history=tuple(so_far.history),
            reason=self._reason(so_far, outcome, why),
            evaluations=so_far.evaluations,
            trace=trace,
            profile=content.profile,
            settings={
                **self._settings,
                **made_from(self._config, self._pictures),
                "stages": [str(stage) for stage in self._plan.stages],
                "changed_weights": [[before, dict(weights)] for before, weights in so_far.weights],
                "steps_taken": len(so_far.history),
                "resumed": so_far.resumed,
            },
        )

    def _reason(self, so_far: RunSoFar, outcome: str, why: str) -> str:
        reason = f"{outcome} after {len(so_far.history)} of {self._plan.steps} steps"
        reason += f", as {why}" if why else ""
        reason += f", {so_far.restarts} restarts from the best image" if so_far.restarts else ""
        if so_far.exact_steps:
            reason += f", {so_far.exact_steps} of them in float32, to go on where {self._plan.precision} stalled"
        return reason
