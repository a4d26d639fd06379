"""What a callback did to a run, done once more: weights that it changed, and where it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nstgraph.arrays import Array
from nstgraph.losses.loss import Loss
from nstgraph.search.step import Step

__all__ = ["Replay"]


class Replay:
    """A callback that does what was done to a run.

    Args:
        changes: of weights, by label, each with the number of steps before it. Those that the run makes by itself, by
            ranges and by balancing, are passed over.
        loss: that of the run.
        sizes: how many sizes the run has.
        last: the step after which it is to end; 0 if it is to end by itself.
        balanced: whether the run balances the weights, which is the last that it does before the first step.

    Attributes:
        first: weights before the first step.
    """

    def __init__(
        self,
        changes: Sequence[tuple[int, Mapping[str, float]]],
        loss: Loss,
        sizes: int,
        last: int = 0,
        *,
        balanced: bool = False,
    ) -> None:
        self._last = last
        self._changes: dict[int, dict[str, float]] = {}
        number, factors = 0, dict.fromkeys(loss.labelled(), 1.0)
        current = {label: one.weight for label, one in loss.labelled().items()}
        at_first = [at for at, (before, _) in enumerate(changes) if before == 0] if balanced else []
        for at, (before, weights) in enumerate(changes):
            ranged = loss.weights_at(number, sizes) if number < sizes else {}
            if at_first and at == at_first[-1]:
                factors = {label: weights.get(label, was) / was if was else 1.0 for label, was in current.items()}
            elif ranged and _alike(weights, {label: weight * factors[label] for label, weight in ranged.items()}):
                number += 1
            else:
                self._changes.setdefault(before, {}).update(weights)
            current.update(weights)
        self.first: Mapping[str, float] = self._changes.pop(0, {})

    def __call__(self, step: Step, image: Array) -> Mapping[str, float] | None:
        """See `StepCallback`."""
        if step.step == self._last:
            raise StopIteration
        return self._changes.get(step.step)


def _alike(weights: Mapping[str, float], others: Mapping[str, float]) -> bool:
    return weights.keys() == others.keys() and all(math.isclose(weights[label], others[label]) for label in others)
