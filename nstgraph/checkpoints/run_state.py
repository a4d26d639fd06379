"""How far a run has got: what it takes, beside settings and pictures, to go on from there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nstgraph.arrays import Array
from nstgraph.checkpoints.array_file import DamagedError, read_arrays, write_arrays
from nstgraph.search.step import Step

__all__ = ["RunState", "read_state", "write_state"]

_NUMBERS = ("stage", "evaluations", "restarts", "exact_steps")


@dataclass(frozen=True)
class RunState:
    """How far a run has got.

    The optimiser's memory of curvature is left out: it is twenty times as large as the picture, and is there again
    after a few steps. A search that goes on begins anew at the best image.

    Attributes:
        stage: number of the size at which the search goes on, from 0; as many as there are sizes if all are done.
        image: the best image so far, [1, height, width, 3], float32; of that size, or of the one before.
        history: a `Step` for every iteration so far.
        evaluations, restarts, exact_steps: as a run counts them.
        seconds: that the run has taken.
        weights: changes of the terms' weights, by label, each with the number of steps before it.
        factors: what balancing multiplied the terms' weights by, by label.
        resumed: whether a search was begun anew in the middle of a size.
    """

    stage: int
    image: Array
    history: tuple[Step, ...]
    evaluations: int = 0
    restarts: int = 0
    exact_steps: int = 0
    seconds: float = 0.0
    weights: tuple[tuple[int, Mapping[str, float]], ...] = ()
    factors: Mapping[str, float] = field(default_factory=dict)
    resumed: bool = False


def write_state(path: Path, state: RunState) -> None:
    """Write a state; OutputError if it cannot be written."""
    about = {name: getattr(state, name) for name in (*_NUMBERS, "seconds")}
    names = [field.name for field in dataclasses.fields(Step)]
    history = [{**{name: getattr(step, name) for name in names}, "terms": dict(step.terms)} for step in state.history]
    weights = [[before, dict(changed)] for before, changed in state.weights]
    about |= {"history": history, "weights": weights, "factors": dict(state.factors), "resumed": state.resumed}
    write_arrays(path, about, {"image": state.image})


def read_state(path: Path) -> RunState:
    """Read a state.

    Raises:
        DamagedError: the file is missing, cut short, damaged or of another kind.
        CheckpointError: it is there, but cannot be read.
    """
    about, arrays = read_arrays(path)
    try:
        image, numbers = arrays["image"], {name: about[name] for name in _NUMBERS}
        fits = image.dtype == np.float32 and image.ndim == 4 and image.shape[0] == 1 and image.shape[3] == 3
        counted = all(type(number) is int and number >= 0 for number in numbers.values())
        if not (fits and image.size and counted and np.isfinite(image).all()):
            raise ValueError("it holds no picture")
        history = tuple(_step(one) for one in about["history"])
        weights = tuple(_weights(*one) for one in about["weights"])
        _, factors = _weights(0, about["factors"])
        seconds, resumed = float(about["seconds"]), about.get("resumed", False) is True
        state = RunState(image=image, history=history, seconds=seconds, weights=weights, factors=factors, **numbers)
        return dataclasses.replace(state, resumed=resumed)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise DamagedError(f"{path} is damaged or not a checkpoint's") from error


def _step(given: dict[str, Any]) -> Step:
    step = Step(**given)
    numbers = [getattr(step, field.name) for field in dataclasses.fields(Step) if field.name != "terms"]
    if not all(type(number) in (int, float) for number in [*numbers, *step.terms.values()]):
        raise TypeError("a step holds something that is no number")
    return step


def _weights(before: int, changed: Mapping[str, float]) -> tuple[int, Mapping[str, float]]:
    if type(before) is not int or not all(type(weight) in (int, float) for weight in changed.values()):
        raise TypeError("a weight is no number")
    return before, changed
