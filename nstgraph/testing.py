"""For authors of loss terms: one call that checks everything nstgraph expects of a term.

from nstgraph.testing import check_term

def test_mine():
    report = check_term(mine(power=3))
    assert report.tileable, report.why_not
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

import numpy as np

from nstgraph.arrays import Array
from nstgraph.errors import TilingError
from nstgraph.graph.evaluator import Evaluator
from nstgraph.graph.objective import Objective
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.losses.loss_text import as_loss
from nstgraph.networks.find_weights import find_weights
from nstgraph.pictures.resize import resize
from nstgraph.search.search import Search
from nstgraph.tiles.tile_check import difference, values_difference
from nstgraph.tiles.tiled_evaluator import TiledEvaluator

__all__ = ["TermReport", "check_term"]

_HEIGHT, _WIDTH, _TILE = 72, 104, 32
_GRADIENT, _CACHING, _TILING = 0.02, 1e-5, 1e-4


@dataclass(frozen=True)
class TermReport:
    """What `check_term` measured; all errors are relative.

    Attributes:
        gradient_error: largest difference between gradient and finite differences; not a number if not compared.
        descent: loss after a few steps over loss before, below 1.
        caching_error: difference between the losses with targets computed once and computed anew.
        tileable: whether the term can be computed tile by tile.
        why_not: if not, the operation at fault; else empty.
        tiling_error: largest difference of loss or gradient between tiles and the whole image.
        smooth: whether the gradient was compared with finite differences.
    """

    gradient_error: float
    descent: float
    caching_error: float
    tileable: bool
    why_not: str
    tiling_error: float
    smooth: bool = True


def check_term(
    loss: Loss | LossTerm,
    *,
    smooth: bool = True,
    styles: int = 1,
    weights: str | os.PathLike[str] | None = None,
    seed: int = 0,
) -> TermReport:
    """Check a term, or any loss, on small random pictures.

    It must give one loss for one image, each time. Its gradient is compared with finite differences; a few steps must
    lower it; and it must not change when what does not depend on the generated image is computed only once, nor when it
    is computed in tiles, its gradient included. A term that cannot be computed in tiles is legitimate and passes, but
    is reported as not tileable.

    Args:
        loss: ``mine`` or ``mine(power=3)``; of a bare term, the defaults are checked.
        smooth: whether its gradient is to be compared with finite differences. Not that of a term that is smooth only
            in pieces, such as one that chooses nearest patches: between two pieces, there is no gradient to compare.
        styles: number of style images.
        weights: a weights file; None looks in the usual places.
        seed: of the pictures.

    Raises:
        AssertionError: a check failed; the message says which, and by how much.
        LossError: the term cannot be built.
    """
    graph = StyleGraph(find_weights(weights), styles=styles)
    objective = Objective(graph, as_loss(loss))
    pictures = _pictures(graph, np.random.default_rng(seed))
    image, content = pictures["generated"], pictures["content"]
    targets = [pictures[view.name] for view in graph.styles]
    with Evaluator(objective) as cached, Evaluator(objective, cache_targets=False) as anew:
        for evaluator in (cached, anew):
            evaluator.bind(content, targets)
        _check_same(cached, image)
        gradient_error = _gradient_error(cached, image, np.random.default_rng(seed)) if smooth else math.nan
        caching_error = difference(np.array(cached(image).total), np.array(anew(image).total))
        descent = _descent(cached, image)
        why_not, tiling_error = _tiling(cached, image, content, targets)
    piecewise = "gradient differs from finite differences (of a term that is smooth only in pieces: smooth=False)"
    _require(not smooth or gradient_error <= _GRADIENT, piecewise, gradient_error)
    _require(caching_error <= _CACHING, "the loss changes when targets are computed once", caching_error)
    _require(descent < 1 - 1e-3, "ten steps do not lower the loss; after over before", descent)
    _require(tiling_error <= _TILING, "loss or gradient in tiles differ from the whole image's", tiling_error)
    return TermReport(gradient_error, descent, caching_error, not why_not, why_not, tiling_error, smooth)


def _require(passed: bool, what: str, measured: float) -> None:
    if not passed:
        raise AssertionError(f"{what}: {measured:.3g}")


def _check_same(evaluate: Evaluator, image: Array) -> None:
    """Evaluate an image twice: a loss that is random, or counts its calls, would fail all other checks as well."""
    first, second = evaluate(image), evaluate(image)
    remedy = "leave out what is random, or counts its calls, or use tf.random.stateless_uniform and the like"
    for label, value in first.terms.items():
        again = second.terms[label]
        if difference(np.array(again), np.array(value)) > _CACHING:
            raise AssertionError(f"the same image gives two losses: {label} is {value:.6g} and {again:.6g}; {remedy}")
    if difference(second.gradient, first.gradient) > _CACHING:
        raise AssertionError(f"the same image gives two gradients; {remedy}")


def _pictures(graph: StyleGraph, random: np.random.Generator) -> dict[str, Array]:
    """A random picture for each view, smooth plus noise, partly beyond 0..255; a style has a size of its own."""

    def picture(height: int, width: int) -> Array:
        smooth = resize(random.uniform(0, 255, (1, 6, 8, 3)).astype(np.float32), height, width)
        return (smooth + random.normal(0, 20, smooth.shape)).astype(np.float32)

    sizes = {view.name: (_HEIGHT + 9, _WIDTH - 15) for view in graph.styles}
    return {view.name: picture(*sizes.get(view.name, (_HEIGHT, _WIDTH))) for view in graph.views}


def _gradient_error(evaluate: Evaluator, image: Array, random: np.random.Generator) -> float:
    """Largest relative error of directional derivatives along random directions: everywhere, at the edge, inside."""
    gradient = evaluate(image).gradient.astype(np.float64)
    edge = np.ones(image.shape, bool)
    edge[:, 3:-3, 3:-3] = False
    errors = []
    for support in (np.ones(image.shape, bool), edge, ~edge):
        # Signs as the gradient's, so that contributions add up and float32 noise stays small beside them.
        direction = random.uniform(0.2, 1, image.shape) * np.sign(gradient) * support
        slope = float((gradient * direction).sum())
        # Between the noise of small steps and the kinks within large ones lies one that fits.
        slopes = (_finite_difference(evaluate, image, direction, length) for length in (4.0, 1.0, 0.25, 0.06))
        errors.append(min(abs(value - slope) for value in slopes) / max(abs(slope), 1e-30))
    return max(*errors, _blindness(evaluate, image, gradient))


def _blindness(evaluate: Evaluator, image: Array, gradient: Array) -> float:
    """Change of the loss where its gradient is zero, relative to what as many of the other pixels would change."""
    blind = gradient == 0
    if not blind.any() or blind.all():
        return 0.0
    usual = float(np.abs(gradient[~blind]).mean()) * int(blind.sum())
    return abs(_finite_difference(evaluate, image, blind.astype(np.float64), 0.25)) / usual


def _finite_difference(evaluate: Evaluator, image: Array, direction: Array, length: float) -> float:
    ahead, behind = ((image + s * length * direction).astype(np.float32) for s in (1, -1))
    return (evaluate(ahead).total - evaluate(behind).total) / (2 * length)


def _descent(evaluate: Evaluator, image: Array) -> float:
    before = evaluate(image).total
    search = Search(evaluate, image, steps=10)
    search.run()
    return search.best / before


def _tiling(evaluator: Evaluator, image: Array, content: Array, styles: list[Array]) -> tuple[str, float]:
    try:
        tiled = TiledEvaluator(evaluator)
    except TilingError as error:
        return str(error), 0.0
    return "", values_difference(tiled.bind(content, styles, side=_TILE)(image), evaluator(image))
