"""What one evaluation costs on this machine, measured on a small picture, so that any term is counted."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from nstgraph.arrays import Array, Values
from nstgraph.errors import ConfigError, LossError, TilingError
from nstgraph.graph.evaluator import Evaluator
from nstgraph.graph.receptive_field import ReceptiveField
from nstgraph.graph.spatial_sums import Statistic
from nstgraph.graph.tiling import check_tileable, margin
from nstgraph.graph.trace import trace
from nstgraph.memory import available_memory, process_memory
from nstgraph.pictures.wrapping import NOWHERE, Wraps
from nstgraph.planning.growth import Growth, grown
from nstgraph.tensor_ancestry import dependents

__all__ = ["Cost", "measure"]

#: Sides of the generated image and of the style images, in pixels.
_SIDE, _STYLE_SIDE = 256, 64

#: The same where memory may grow faster than pixels. The first size is the most for pairs of them, but for the last.
_FURTHER = ((96, 64), (96, 128), (128, 128), (_SIDE, _SIDE))

#: Share of what is free that the last of these may take.
_EASILY = 0.3

#: Bytes below which nothing is measured, since TensorFlow ends the process where it gets no memory.
_NEEDED = 4e8

#: Share of its value by which a term may differ from itself: some processors add up in no fixed order.
_SAME = 1e-5


@dataclass(frozen=True)
class Cost:
    """What an evaluation of loss and gradient costs, a pixel of the generated image.

    Attributes:
        seconds: time of an evaluation.
        memory: bytes that TensorFlow holds at its peak.
        targets: bytes of the targets that have the content image's size.
        process: bytes of the process itself, in all.
        margin: overlap of tiles; None if some term cannot be tiled.
        why_not: if so, which, and why; else empty.
        wraps: where the generated image goes on with its other side, for as far as the margin.
        own: how many pictures terms have of their own, which are fed beside the others.
        sums: bytes of the statistics that depend on the generated image.
        growth: of the memory of a loss that cannot be tiled, and so may compare positions with each other.
    """

    seconds: float
    memory: float
    targets: float
    process: int
    margin: ReceptiveField | None
    why_not: str
    growth: Growth | None = None
    wraps: Wraps = NOWHERE
    own: int = 0
    sums: int = 0

    def evaluation(self, pixels: int, style: int) -> float:
        """Bytes that TensorFlow holds at its peak, for so many pixels of the generated and of the style images."""
        return self.memory * pixels if self.growth is None else self.growth.at(pixels, style)


def measure(evaluator: Evaluator) -> Cost:
    """Measure an evaluation; the pictures that were bound before are released.

    Raises:
        ConfigError: there is not even memory for that.
        LossError: a term gives another value for the same pictures each time, so that it cannot be searched.
    """
    left = available_memory()
    if left < _NEEDED:
        raise ConfigError(
            f"only {left / 1e9:.2f} GB of memory are left, and the smallest run needs {_NEEDED / 1e9:.1f} GB; "
            "close other programs, or raise the limit (such as ulimit -v)"
        )
    image = _bind(evaluator, _SIDE, _STYLE_SIDE)
    memory = _peak(evaluator, image)
    times, values = [], []
    for _ in range(2):
        started = time.perf_counter()
        values.append(evaluator(image))
        times.append(time.perf_counter() - started)
    _check_same(*values)
    pixels = evaluator.feed(image)[evaluator.objective.graph.generated.image].size // 3
    targets = sum(array.nbytes for array in evaluator.bound.values() if np.ndim(array) == 4)
    evaluator.release()
    overlap, why_not = _overlap(evaluator)
    # What can be tiled is a function of sums over positions, and grows as pixels do.
    growth = _growth(evaluator, memory) if overlap is None else None
    graph = evaluator.objective.graph
    a_pixel = (min(times) / pixels, memory / pixels, targets / pixels)
    sums = _bytes_of_sums(evaluator) if overlap is not None else 0
    return Cost(*a_pixel, process_memory(), overlap, why_not, growth, graph.wraps, len(graph.pictures), sums)


def _bind(evaluator: Evaluator, side: int, style_side: int) -> Array:
    """Bind random pictures of these sides; returns one for the generated image."""
    random = np.random.default_rng(0)
    image, content, style = (
        random.uniform(0, 255, (1, length, length, 3)).astype(np.float32) for length in (side, side, style_side)
    )
    evaluator.bind(content, [style] * len(evaluator.objective.graph.styles))
    return image


def _growth(evaluator: Evaluator, memory: float) -> Growth:
    """How memory grows, from further sizes; the largest only if it seems to fit easily."""
    styles = len(evaluator.objective.graph.styles)
    measured = [(_SIDE**2, styles * _STYLE_SIDE**2, memory)]
    for side, style_side in _FURTHER:
        size = (side**2, styles * style_side**2)
        if side == _SIDE and grown(measured).at(*size) > _EASILY * available_memory():
            break
        measured.append((*size, _peak(evaluator, _bind(evaluator, side, style_side))))
        evaluator.release()
    return grown(measured)


def _check_same(first: Values, second: Values) -> None:
    for label, value in first.terms.items():
        again = second.terms[label]
        if math.isfinite(value - again) and not math.isclose(value, again, rel_tol=_SAME):
            raise LossError(
                f"loss term {label!r} is {value:.6g} and then {again:.6g} for the same picture, so that no search can "
                "lower it; leave out what is random, or use tf.random.stateless_uniform and the like"
            )


def _overlap(evaluator: Evaluator) -> tuple[ReceptiveField | None, str]:
    """The overlap of tiles of the generated image, or why there can be none."""
    if evaluator.periodic is not None:
        return evaluator.periodic.margin, ""
    graph = evaluator.objective.graph
    try:
        check_tileable(evaluator.objective)
        return margin(_moving(evaluator), graph.locality), ""
    except TilingError as error:
        return None, str(error)


def _moving(evaluator: Evaluator) -> list[Statistic]:
    """The statistics of the generated image."""
    graph = evaluator.objective.graph
    moves = dependents([graph.generated.image])
    return [s for s in graph.statistics if s.tensor.op.name in moves and graph.generated in s.views]


def _bytes_of_sums(evaluator: Evaluator) -> int:
    return sum(s.tensor.shape.num_elements() * s.tensor.dtype.size for s in _moving(evaluator))


def _peak(evaluator: Evaluator, image: Array) -> int:
    """Most bytes that TensorFlow holds at once during an evaluation, from its own record of allocations."""
    records = [
        (record.alloc_micros, record.alloc_bytes)
        for device in trace(evaluator, image).step_stats.dev_stats
        for node in device.node_stats
        for memory in node.memory
        for record in memory.allocation_records
    ]
    return int(np.cumsum([size for _, size in sorted(records)]).max())
