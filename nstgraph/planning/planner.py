"""Choosing a plan: the first way to compute each size that fits into memory."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nstgraph.config import Config
from nstgraph.errors import ConfigError, TilingError
from nstgraph.pictures.picture import PictureSet
from nstgraph.pictures.wrapping import in_strides
from nstgraph.planning.measured_cost import Cost
from nstgraph.planning.plan import Plan, Stage
from nstgraph.planning.prediction import predicted
from nstgraph.planning.pyramid import pyramid
from nstgraph.search.optimizer import as_optimizer
from nstgraph.tiles.target_cache import KEEPS

__all__ = ["Planner"]

#: Sides of tiles to choose from; larger ones repeat less, smaller ones take less memory.
_SIDES = (1024, 768, 512, 384, 256, 128)

#: Numbers of corrections that the optimiser keeps, to choose from.
_HISTORIES = (10, 5, 3)

#: Steps of an optimiser that follows the gradient, for each of L-BFGS, unless their number is given.
_DESCENDING = 3.0


@dataclass(frozen=True)
class Planner:
    """Plans runs with one cost, so that they fit.

    Attributes:
        precision: of the network.
        cost: of an evaluation.
        limit: bytes that the process may take.
        workers: how many servers there are for tiles.
    """

    precision: str
    cost: Cost
    limit: float
    workers: int = 0

    def plan(self, config: Config, pictures: PictureSet) -> Plan:
        """Plan a run; settings that are ``auto`` or 0 are chosen here.

        Raises:
            ConfigError: it cannot fit; the message says which option would make it fit.
            TilingError: tiles were asked for, and a term cannot be tiled.
        """
        if self.cost.margin is None and isinstance(config.tile, int):
            raise TilingError(self.cost.why_not)
        config = config.replace(size=pictures.pixels(config.size))
        plan = self._smallest_that_fits(config, pictures)
        if plan.memory <= self.limit:
            return plan
        # Rounded apart, so that they never look the same.
        most, needed = math.floor(self.limit / 1e7) / 100, math.ceil(plan.memory / 1e7) / 100
        need = f"{config.size} px needs {needed:.2f} GB of memory, and only {max(most, 0):.2f} GB is available"
        if self.cost.margin is None and config.tile != "off":
            need += f" ({self.cost.why_not})"
        for change in _ways_out(config):
            if self._smallest_that_fits(config.replace(**change), pictures).memory <= self.limit:
                raise ConfigError(f"{need}; use {' '.join(f'--{name} {value}' for name, value in change.items())}")
        if config.memory:
            raise ConfigError(f"{need}; raise --memory to {1.2 * plan.memory / 1e9:.1f}")
        raise ConfigError(f"{need}; close other programs, or use a machine with more memory")

    def _smallest_that_fits(self, config: Config, pictures: PictureSet) -> Plan:
        """The plan whose every stage is the first choice that fits, or, if none does, the one that takes least."""
        content, styles = pictures.sizes(config.size)
        stages = []
        shortest = min(map(min, (content, *styles)))
        for size, steps in _sizes(config, shortest):
            content_size, style_sizes = pictures.sizes(size)
            if self.cost.margin is not None:
                content_size = in_strides(content_size, self.cost.margin.stride, self.cost.wraps)
            whole = Stage(*content_size, steps, style_sizes)
            choices = [predicted(choice, self.cost) for choice in self._choices(whole, config)]
            stages.append(self._chosen(choices))
        return Plan(self.precision, tuple(stages))

    def _chosen(self, choices: Sequence[Stage]) -> Stage:
        """The first that fits, or takes least; or one by workers with the same search, if it is the fastest."""
        fitting = [stage for stage in choices if stage.memory <= self.limit]
        first = fitting[0] if fitting else min(choices, key=lambda stage: stage.memory)
        alike = [s for s in fitting if s.workers and (s.optimizer, s.history) == (first.optimizer, first.history)]
        return min([first, *alike], key=lambda stage: stage.seconds)

    def _choices(self, whole: Stage, config: Config) -> Iterator[Stage]:
        """Ways to compute a stage, the most wanted first."""
        searches = [
            replace(whole, optimizer=optimizer, history=history) for optimizer, history in self._searches(config)
        ]
        if isinstance(config.tile, str) or max(whole.size) <= config.tile:
            yield from searches
        if self.cost.margin is not None and config.tile != "off":
            sides = [config.tile] if isinstance(config.tile, int) else _SIDES
            for keep, side, search in itertools.product(KEEPS, sides, searches):
                yield replace(search, tile=side, keep=keep, workers=self.workers)

    def _searches(self, config: Config) -> list[tuple[str, int]]:
        """Optimisers and their numbers of corrections, the most wanted first."""
        chosen = as_optimizer(config.optimizer)
        if chosen.descends:
            return [(str(chosen), 0)]
        # Beside evaluations in low precision, scipy's float64 arithmetic would be a twelfth of the time.
        first = "lbfgsb" if self.precision == "float32" or config.bounds else "lbfgs"
        optimizers = [first] if first == "lbfgs" or config.bounds else [first, "lbfgs"]
        if chosen.name != "auto":
            optimizers = [str(chosen)]
        return list(itertools.product(optimizers, [config.history] if config.history else _HISTORIES))


def _sizes(config: Config, shortest: int) -> list[tuple[int, int]]:
    """The longest side at each size, and its steps; ``shortest`` is the shortest side of any picture at the last."""
    optimizer = as_optimizer(config.optimizer)
    factor = _DESCENDING if optimizer.descends else 1.0
    sizes = pyramid(config.size, config.steps, config.scales, shortest=shortest, factor=factor)
    if optimizer.steps_in_rounds and not config.steps:
        return [(side, optimizer.steps_in_rounds) for side, _ in sizes]
    return sizes


def _ways_out(config: Config) -> Iterator[dict[str, Any]]:
    """Changes of settings that take less memory, the smallest first."""
    chosen = {"tile": "auto", "history": 0, "optimizer": "auto"}
    changed = {name: value for name, value in chosen.items() if getattr(config, name) != value}
    yield from ({name: value} for name, value in changed.items())
    if len(changed) > 1:
        yield changed
    for tenths in range(19, 0, -1):
        size = config.size * tenths // 20
        if size >= 64:
            yield {"size": size}
