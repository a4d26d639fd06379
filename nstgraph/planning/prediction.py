"""How much memory and time a stage will take, from what one evaluation costs."""

from __future__ import annotations

import math
from dataclasses import replace

from nstgraph.graph.receptive_field import ReceptiveField
from nstgraph.graph.tiling import spans
from nstgraph.planning.measured_cost import Cost
from nstgraph.planning.plan import Stage
from nstgraph.search.gradient_descent import AVERAGE_EVERY
from nstgraph.search.optimizer import as_optimizer

__all__ = ["bytes_of_tiles", "predicted"]

#: Bytes a second that reach workers and come back, counted for the slowest network that is common: 1 Gbit/s.
_NETWORK = 1.2e8

#: An evaluation in tiles goes forward twice and backward once.
_TWO_PASSES = 1.5

#: The targets: a pass forward over content and style.
_FORWARD = 0.5

#: Bytes of a pixel in float32.
_PICTURE = 12

#: Pictures with their margin, where they wrap: the image and its gradient, each also on its way to or from TensorFlow.
_MARGINS = 4

#: Numbers in float32 an unknown of an optimiser that follows the gradient, beside its slots: the variable, the images
#: at the start, kept and evaluated last, gradients, and copies on the way to TensorFlow and back.
_DESCENT = 8

#: The same of a slot: TensorFlow keeps the memory of its initial value, too.
_SLOT = 2

#: The same of a mean of the iterates, which is copied, and evaluated beside the iterate.
_AVERAGE = 3


def predicted(stage: Stage, cost: Cost) -> Stage:
    """The stage with its memory and time."""
    pixels = stage.height * stage.width
    style_pixels = sum(height * width for height, width in stage.styles)
    memory = float(cost.process) + _search_memory(stage) + (3 + cost.own) * _PICTURE * pixels
    memory += _PICTURE * style_pixels
    count, largest, together = _tile_pixels(stage, cost)
    if any(cost.wraps):
        memory += _MARGINS * _PICTURE * largest
    if stage.tile is None:
        forward = 0.4 * cost.memory * (together + style_pixels)
        memory += max(cost.evaluation(together, style_pixels) + cost.targets * together, forward)
        evaluation = cost.seconds * together
    else:
        in_memory = stage.keep == "memory"
        memory += cost.memory * largest + 2 * _PICTURE * pixels + cost.targets * together * in_memory
        again = 2 * _FORWARD if stage.keep == "recompute" else 0
        evaluation = cost.seconds * together * (_TWO_PASSES + again)
    if stage.workers:
        # Tiles are as good as alike, and each worker is taken to be as fast as this machine.
        evaluation *= math.ceil(count / stage.workers) / count
        evaluation += bytes_of_tiles(stage, cost) / _NETWORK
        worker = cost.memory * largest + cost.targets * together / stage.workers
        stage = replace(stage, worker_memory=worker)
    targets = cost.seconds * _FORWARD * (pixels + style_pixels)
    seconds = _evaluations(stage) * evaluation + stage.steps * _search_seconds(stage) + targets
    return replace(stage, memory=memory, seconds=seconds)


def _evaluations(stage: Stage) -> float:
    averages = stage.steps / AVERAGE_EVERY if as_optimizer(stage.optimizer).values.get("average") else 0.0
    return stage.steps + 1 + averages


def _search_memory(stage: Stage) -> int:
    optimizer = as_optimizer(stage.optimizer)
    pairs = min(stage.history, stage.steps)  # a row that is never written takes no memory
    if optimizer.descends:
        words = _SLOT * optimizer.kind.slots + _DESCENT + (_AVERAGE if optimizer.values["average"] else 0)
    else:
        # scipy's workspace and its copies, as measured with scipy 1.17; ours is what `lbfgs` says, and its copies.
        words = (2 * pairs + 19) * 2 if optimizer.name == "lbfgsb" else 2 * pairs + 9
    return 4 * words * 3 * stage.height * stage.width


def _search_seconds(stage: Stage) -> float:
    """What the optimiser itself takes a step, as measured on one machine."""
    optimizer = as_optimizer(stage.optimizer)
    unknowns = 3 * stage.height * stage.width
    if optimizer.descends:
        return unknowns * 1.5e-8
    a_correction = 1.15e-8 if optimizer.name == "lbfgsb" else 1.6e-9
    return unknowns * (1.2e-8 + stage.history * a_correction)


def bytes_of_tiles(stage: Stage, cost: Cost) -> int:
    """Bytes to workers and back for an evaluation: each tile twice, its gradient, and twice what is summed over it."""
    count, _, together = _tile_pixels(stage, cost)
    return 3 * _PICTURE * together + 2 * cost.sums * count


def _tile_pixels(stage: Stage, cost: Cost) -> tuple[int, int, int]:
    """How many tiles there are, pixels of the largest, and of all, margins included; the whole picture is one tile."""
    margin = cost.margin or ReceptiveField()
    rows, columns = (
        [span.outer.stop - span.outer.start for span in spans(length, stage.tile or length, margin, wraps)]
        for length, wraps in zip(stage.size, cost.wraps, strict=True)
    )
    return len(rows) * len(columns), max(rows) * max(columns), sum(rows) * sum(columns)
