"""Whether a loss is the same in tiles, measured: a second look at terms that nobody here has written."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from nstgraph.arrays import Array, Values
from nstgraph.errors import TilingError
from nstgraph.graph.evaluator import Evaluator
from nstgraph.pictures.fit import Size
from nstgraph.pictures.wrapping import in_strides
from nstgraph.tiles.tiled_evaluator import TiledEvaluator

__all__ = ["check_tiles", "difference", "values_difference"]

_HEIGHT, _WIDTH, _TILE = 72, 104, 32

#: Largest relative difference between tiles and the whole: rounding in float32 leaves 1e-6, in less bits 1e-2.
_EXACT, _ROUNDED = 1e-3, 0.1


def check_tiles(evaluator: Evaluator, tiled: TiledEvaluator, labels: Collection[str]) -> None:
    """Evaluate some terms of a loss on small random pictures, in tiles and whole; the pictures are released then.

    That every operation is known to be local is read off the graph. This is for what such a list cannot see.

    Args:
        evaluator: of the whole picture.
        tiled: the same in tiles.
        labels: of the terms.

    Raises:
        TilingError: value or gradient of a term is another one in tiles; names the term.
    """
    random = np.random.default_rng(0)
    size: Size = _HEIGHT, _WIDTH
    if evaluator.periodic is not None:
        size = in_strides(size, evaluator.periodic.margin.stride, evaluator.objective.graph.wraps)
    image, content = (_picture(random, *size) for _ in range(2))
    styles = [_picture(random, _HEIGHT + 9, _WIDTH - 15) for _ in evaluator.objective.graph.styles]
    allowed = _EXACT if evaluator.objective.graph.network.dtype.name == "float32" else _ROUNDED
    given = dict(evaluator.weights)
    try:
        for label in labels:
            evaluator.weigh({other: float(other == label) for other in evaluator.objective.terms})
            whole = evaluator.bind(content, styles)(image)
            evaluator.release()
            error = values_difference(tiled.bind(content, styles, side=_TILE)(image), whole)
            tiled.release()
            if not error <= allowed:
                without = "--tile off" if evaluator.periodic is None else "--padding reflect"
                raise TilingError(
                    f"loss term {label!r} is another one in tiles, by {error:.2g} of value or gradient; use {without}"
                )
    finally:
        evaluator.weights.clear()
        evaluator.weights.update(given)


def difference(value: Array, reference: Array) -> float:
    """Largest difference, relative to the largest magnitude of the reference."""
    return float(np.abs(value - reference).max() / max(float(np.abs(reference).max()), 1e-30))


def values_difference(values: Values, reference: Values) -> float:
    """The larger one of the losses' difference and the gradients'."""
    losses = difference(np.array(values.total), np.array(reference.total))
    return max(losses, difference(values.gradient, reference.gradient))


def _picture(random: np.random.Generator, height: int, width: int) -> Array:
    """Smooth in large, with noise."""
    rows, columns = (np.linspace(0, random.uniform(2, 9), length) for length in (height, width))
    waves = np.sin(rows)[:, np.newaxis, np.newaxis] + np.cos(columns)[:, np.newaxis] + random.uniform(-1, 1, 3)
    noise = random.normal(0, 20, (height, width, 3))
    return (127 + 40 * waves + noise).astype(np.float32)[np.newaxis]
