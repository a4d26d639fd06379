"""What is said of a step while a run is on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nstgraph.messages import duration

if TYPE_CHECKING:
    from nstgraph.search.step import Step

__all__ = ["StepText"]


class StepText:
    """Words for the steps of one run.

    Args:
        steps: how many there will be.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._first: Step | None = None

    def head(self, step: Step) -> str:
        """Its number, and the size that the picture has by then."""
        return f"step {step.step}/{self._steps}  {step.width}×{step.height}"

    def losses(self, step: Step) -> str:
        """The loss, and every term's share of it."""
        terms = "  ".join(f"{name} {value:.4g}" for name, value in step.terms.items())
        return f"loss {step.total:.4g}  {terms}"

    def left(self, step: Step) -> str:
        """Time left, of each step in turn; of the first, nothing is known."""
        seconds = self.seconds_left(step)
        return "" if seconds is None else f"{duration(seconds)} left"

    def seconds_left(self, step: Step) -> float | None:
        """The same in seconds; what happened before the first step, such as starting, says nothing about it."""
        if self._first is None:
            self._first = step
            return None
        rate = (step.seconds - self._first.seconds) / (step.done - self._first.done)
        return rate * (1 - step.done)
