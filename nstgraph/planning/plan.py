"""The plan of a run: what it will take in memory and time, and the choices that make it fit."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nstgraph.config import Config
from nstgraph.errors import ConfigError, TilingError
from nstgraph.pictures.picture import fitted
from nstgraph.planning.cost import Cost
from nstgraph.planning.pyramid import Level, pyramid
from nstgraph.tiles.target_cache import KEEPS
from nstgraph.tiles.tiling import tiles

__all__ = ["Plan", "Stage", "make_plan"]

Size = tuple[int, int]

#: Sides of tiles to choose from; larger ones repeat less, smaller ones take less memory.
_SIDES = (1024, 768, 512, 384, 256, 128)
_HISTORIES = (10, 5, 3)

#: An evaluation in tiles goes forward twice and backward once.
_TWO_PASSES = 1.5

#: The targets: a pass forward over content and style.
_FORWARD = 0.5

#: Bytes of float32 pixels.
_PICTURE = 12


@dataclass(frozen=True)
class Stage:
    """One size of the search, and how it is computed.

    Attributes:
        height, width: of the generated image, in pixels.
        steps: iterations.
        tile: side of the tiles in pixels; None computes the picture whole.
        keep: where what is computed once a tile is kept: ``memory``, ``disk``, or ``recompute``.
        optimizer: ``lbfgs`` or ``lbfgsb``.
        history: number of corrections that it keeps.
        memory: what the process will take, in bytes.
        seconds: what it will take.
    """

    height: int
    width: int
    steps: int
    tile: int | None = None
    keep: str = KEEPS[0]
    optimizer: str = "lbfgsb"
    history: int = 10
    memory: float = 0.0
    seconds: float = 0.0

    def __str__(self) -> str:
        how = f"{self.optimizer} with {self.history} corrections"
        tile = f" in tiles of {self.tile} px" if self.tile else ""
        keep = f", targets {'on disk' if self.keep == 'disk' else 'recomputed'}" if self.keep != KEEPS[0] else ""
        return f"{self.width}x{self.height}{tile}{keep}, {how}"


@dataclass(frozen=True)
class Plan:
    """A search through sizes from coarse to fine: ``str`` of it is the line that a user sees."""

    precision: str
    stages: tuple[Stage, ...]

    @property
    def memory(self) -> float:
        """Most bytes that the process will take."""
        return max(stage.memory for stage in self.stages)

    @property
    def steps(self) -> int:
        """Of all stages."""
        return sum(stage.steps for stage in self.stages)

    @property
    def seconds(self) -> float:
        """Predicted time of all stages."""
        return sum(stage.seconds for stage in self.stages)

    def __str__(self) -> str:
        steps = "+".join(str(stage.steps) for stage in self.stages)
        sizes = f"{len(self.stages)} sizes up to " if len(self.stages) > 1 else ""
        takes = f"about {self.memory / 1e9:.1f} GB and {_clock(self.seconds)}"
        return f"{sizes}{self.stages[-1]}, {steps} steps in {self.precision}: {takes}"


def make_plan(config: Config, precision: str, cost: Cost, content: Size, styles: Sequence[Size], limit: float) -> Plan:
    """Plan a run, so that it fits into ``limit`` bytes.

    Args:
        config: settings; those that are ``auto`` or 0 are chosen here.
        precision: of the network.
        cost: of an evaluation.
        content, styles: height and width of the pictures as they were read.
        limit: bytes that the process may take.

    Raises:
        ConfigError: it cannot fit; the message says which option would make it fit.
        TilingError: tiles were asked for, and a term cannot be tiled.
    """
    if cost.margin is None and isinstance(config.tile, int):
        raise TilingError(cost.why_not)
    plan = _smallest_that_fits(config, precision, cost, content, styles, limit)
    if plan.memory <= limit:
        return plan
    need = f"{config.size} px need {plan.memory / 1e9:.1f} GB of memory, and {limit / 1e9:.1f} GB can be had"
    if cost.margin is None and config.tile != "off":
        need += f" ({cost.why_not})"
    for change in _ways_out(config):
        if _smallest_that_fits(config.replace(**change), precision, cost, content, styles, limit).memory <= limit:
            raise ConfigError(f"{need}; use {' '.join(f'--{name} {value}' for name, value in change.items())}")
    if config.memory:
        raise ConfigError(f"{need}; raise --memory to {1.2 * plan.memory / 1e9:.1f}")
    raise ConfigError(f"{need}; close other programs, or use a machine with more memory")


def _ways_out(config: Config) -> Iterator[dict[str, Any]]:
    """Changes of settings that take less memory, the smallest first."""
    chosen = {"tile": "auto", "history": 0, "optimizer": "auto"}
    fixed = {name: value for name, value in chosen.items() if getattr(config, name) != value}
    yield from ({name: value} for name, value in fixed.items())
    if len(fixed) > 1:
        yield fixed
    for tenths in range(19, 0, -1):
        size = config.size * tenths // 20
        if size >= 64:
            yield {"size": size}


def _smallest_that_fits(
    config: Config, precision: str, cost: Cost, content: Size, styles: Sequence[Size], limit: float
) -> Plan:
    """The plan whose every stage is the first choice that fits, or, if none does, the one that takes least."""
    longest = [config.size, *([round(config.size * config.style_scale)] * len(styles))]
    fits = [fitted(*size, long) for size, long in zip((content, *styles), longest, strict=True)]
    stages = []
    for level in pyramid(config.size, config.steps, config.scales, shortest=min(map(min, fits))):
        sizes = [fitted(*style, round(level.size * config.style_scale)) for style in styles]
        predicted = [_predict(choice, cost, sizes) for choice in _choices(level, config, precision, cost, content)]
        least = min(predicted, key=lambda stage: stage.memory)
        stages.append(next((stage for stage in predicted if stage.memory <= limit), least))
    return Plan(precision, tuple(stages))


def _choices(level: Level, config: Config, precision: str, cost: Cost, content: Size) -> Iterator[Stage]:
    """Ways to compute a level, the most wanted first."""
    # Beside evaluations in low precision, scipy's float64 arithmetic would be a twelfth of the time.
    first = "lbfgsb" if precision == "float32" or config.bounds else "lbfgs"
    optimizers = [first] if first == "lbfgs" or config.bounds else [first, "lbfgs"]
    if config.optimizer != "auto":
        optimizers = [config.optimizer]
    histories = [config.history] if config.history else _HISTORIES
    whole = Stage(*fitted(*content, level.size), level.steps)
    searches = [
        replace(whole, optimizer=optimizer, history=history) for optimizer in optimizers for history in histories
    ]
    if isinstance(config.tile, str) or max(whole.height, whole.width) <= config.tile:
        yield from searches
    if cost.margin is not None and config.tile != "off":
        sides = [config.tile] if isinstance(config.tile, int) else _SIDES
        for keep, side, search in itertools.product(KEEPS, sides, searches):
            yield replace(search, tile=side, keep=keep)


def _predict(stage: Stage, cost: Cost, styles: Sequence[Size]) -> Stage:
    """The stage with its memory and time."""
    pixels = stage.height * stage.width
    style_pixels = sum(height * width for height, width in styles)
    unknowns = 3 * pixels
    # scipy's workspace and its copies, as measured with scipy 1.17; ours is what `lbfgs` says, and its copies.
    pairs = min(stage.history, stage.steps)  # a row that is never written takes no memory
    words = (2 * pairs + 19) * 2 if stage.optimizer == "lbfgsb" else 2 * pairs + 9
    memory = float(cost.process) + 4 * words * unknowns + 3 * _PICTURE * pixels + _PICTURE * style_pixels
    if stage.tile is None:
        forward = 0.4 * cost.memory * (pixels + style_pixels)
        memory += max(cost.memory * pixels + cost.kept * pixels, forward)
        evaluation = cost.seconds * pixels
    else:
        assert cost.margin is not None
        sizes = [_area(tile.outer, stage) for tile in tiles(stage.height, stage.width, stage.tile, cost.margin)]
        memory += cost.memory * max(sizes) + 2 * _PICTURE * pixels + cost.kept * sum(sizes) * (stage.keep == "memory")
        again = 2 * _FORWARD if stage.keep == "recompute" else 0
        evaluation = cost.seconds * sum(sizes) * (_TWO_PASSES + again)
    search = unknowns * (1.2e-8 + stage.history * (1.15e-8 if stage.optimizer == "lbfgsb" else 1.6e-9))
    targets = cost.seconds * _FORWARD * (pixels + style_pixels)
    return replace(stage, memory=memory, seconds=(stage.steps + 1) * evaluation + stage.steps * search + targets)


def _area(outer: tuple[slice, slice], stage: Stage) -> int:
    rows, columns = outer
    height, width = (min(part.stop, side) - part.start for part, side in ((rows, stage.height), (columns, stage.width)))
    area: int = height * width
    return area


def _clock(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
