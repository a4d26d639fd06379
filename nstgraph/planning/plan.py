"""The plan of a run: the sizes that it passes through, how each is computed, and what that takes."""

from __future__ import annotations

from dataclasses import dataclass

from nstgraph.messages import duration
from nstgraph.pictures.fit import Size
from nstgraph.tiles.target_cache import KEEPS

__all__ = ["Plan", "Stage"]


@dataclass(frozen=True)
class Stage:
    """One size of the search, and how it is computed.

    Attributes:
        height, width: of the generated image, in pixels.
        steps: iterations.
        styles: heights and widths of the style images.
        tile: side of the tiles in pixels; None computes the picture whole.
        keep: where what is computed once a tile is kept: ``memory``, ``disk``, or ``recompute``.
        optimizer: that of the search, with its parameters, as text.
        history: number of corrections that it keeps; 0 for one that keeps none.
        memory: what the process will take, in bytes.
        seconds: how long it will take.
        workers: how many servers compute the tiles; 0 if this machine does.
        worker_memory: what each of them will take, in bytes.
    """

    height: int
    width: int
    steps: int
    styles: tuple[Size, ...] = ()
    tile: int | None = None
    keep: str = KEEPS[0]
    optimizer: str = "lbfgsb"
    history: int = 10
    memory: float = 0.0
    seconds: float = 0.0
    workers: int = 0
    worker_memory: float = 0.0

    @property
    def size(self) -> Size:
        """Of the generated image: height and width in pixels."""
        return self.height, self.width

    def __str__(self) -> str:
        how = f"{self.optimizer} with {self.history} corrections" if self.history else self.optimizer
        tile = f" in tiles of {self.tile} px" if self.tile else ""
        if self.workers:
            tile += f" on {self.workers} worker{'s' * (self.workers > 1)}, about {self.worker_memory / 1e9:.1f} GB each"
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
        takes = f"about {self.memory / 1e9:.1f} GB and {duration(self.seconds)}"
        return f"{sizes}{self.stages[-1]}, {steps} steps in {self.precision}: {takes}"
