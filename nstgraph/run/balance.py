"""Term weights that say how strongly each term pulls at the start, whatever the units of its value are."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from nstgraph.arrays import Array
from nstgraph.graph.evaluator import Evaluates

__all__ = ["balancing_factors", "gradient_norms"]

#: Standard deviation, in grey levels, of the noise that disturbs a start at which a term has no scale. So far away, the
#: content's gradient is as large as at a stylised picture, within a fifth (two pairs, 128 pixels); it grows with noise.
DISTURBANCE = 32.0

#: A term that pulls less at the start than this share of what it does at the disturbed one has no scale there. That of
#: smoothness has a quarter; that of the range, which resizing leaves by a little, up to a sixteenth.
_FLAT = 0.1


def gradient_norms(evaluate: Evaluates, image: Array, weights: Mapping[str, float]) -> dict[str, float]:
    """The Euclidean norm of each term's gradient at an image [1, height, width, 3], for a weight of 1, by label.

    Args:
        evaluate: with its pictures bound.
        image: where.
        weights: of all terms, which are in force afterwards.
    """
    norms: dict[str, float] = {}
    try:
        for label in weights:
            evaluate.weigh({other: float(other == label) for other in weights})
            gradient = evaluate(image).gradient
            norms[label] = math.sqrt(float(np.square(gradient, dtype=np.float64).sum()))
    finally:
        evaluate.weigh(weights)
    return norms


def balancing_factors(
    evaluate: Evaluates, start: Array, weights: Mapping[str, float], seed: int = 0
) -> dict[str, float]:
    """What each term's weight is multiplied by, so that all gradients have norms in the proportions of the weights.

    The norms are those at the start. A term that hardly pulls there, such as that of the content at the photo, or of a
    range which is only just left, has its scale where the start is disturbed by noise, about as far from it as a
    stylised picture is. One that does not pull even there keeps its weight; the sum of the weighted norms stays the
    same, so that it keeps its part in the whole as well.

    Args:
        evaluate: with its pictures bound.
        start: where the search begins, [1, height, width, 3].
        weights: of all terms by label, which are in force afterwards.
        seed: of the noise.

    Returns:
        The factors by label; of a term that keeps its weight, there is none.
    """
    noise = np.asarray(np.random.default_rng(seed).standard_normal(start.shape, np.float32))
    disturbed = start + np.float32(DISTURBANCE) * noise
    near, far = (gradient_norms(evaluate, image, weights) for image in (start, disturbed))
    norms = {label: near[label] if near[label] > _FLAT * far[label] else far[label] for label in weights}
    scaled = {label: norm for label, norm in norms.items() if 0 < norm < math.inf}
    parts = sum(abs(weights[label]) for label in scaled)
    if not parts:
        return {}
    mean = sum(abs(weights[label]) * norm for label, norm in scaled.items()) / parts
    return {label: mean / norm for label, norm in scaled.items()}
