"""How fast an evaluation is on this machine, as shares of what the machine can do.

Every figure that judges is a ratio between two things measured in the same run: a time alone says little about a
program and much about the computer.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.config import Config
from nstgraph.engine import Stylizer
from nstgraph.objective import Array, Evaluator, Objective, Values
from nstgraph.optimize import Search
from nstgraph.scene_landscape import landscape
from nstgraph.scene_painting import painting

__all__ = ["Bench", "bench", "flop_count"]

_PRODUCT = 4096  # rows and columns of the reference matrix product


@dataclass(frozen=True)
class Bench:
    """What was measured, at ``size`` × ``size`` pixels.

    Attributes:
        size: of content, style and generated image, in pixels.
        seconds: median time of one evaluation of loss and gradient.
        gflop: useful floating-point operations of one evaluation: convolutions and Gram matrices, forward and backward.
        product_rate: GFLOP/s of this machine in a float32 matrix product.
        outside: share of a search's wall time that is spent outside evaluations, 0..1.
        unfrozen_seconds: median time of an evaluation that computes the targets anew each time.
        possible_speedup: operations of an unfrozen evaluation over those of a frozen one.
        difference: between frozen and unfrozen loss, relative.
    """

    size: int
    seconds: float
    gflop: float
    product_rate: float
    outside: float
    unfrozen_seconds: float
    possible_speedup: float
    difference: float

    @property
    def rate(self) -> float:
        """Useful GFLOP/s of an evaluation."""
        return self.gflop / self.seconds

    @property
    def share(self) -> float:
        """`rate` as a share of `product_rate`."""
        return self.rate / self.product_rate

    @property
    def speedup(self) -> float:
        """How many times faster a frozen evaluation is than an unfrozen one."""
        return self.unfrozen_seconds / self.seconds


def bench(config: Config, *, styles: int = 1, repeats: int = 7) -> Bench:
    """Measure evaluations and a short search at ``config.size`` pixels square, on the demo's pictures.

    Args:
        config: loss, weights, network and size to measure.
        styles: number of style images.
        repeats: evaluations of each kind, and steps of the search; medians are reported.
    """
    size = config.size
    content, targets = landscape(size, size), [painting(size, size)] * styles
    with Stylizer(config, styles) as stylizer, Evaluator(stylizer.objective, freeze=False) as unfrozen:
        frozen = stylizer.evaluator
        for evaluator in (frozen, unfrozen):
            evaluator.bind(content, targets)
            evaluator(content)  # the first call also plans the graph's execution
        # Taking turns, so that a change of the machine's speed meets all of them.
        times: dict[str, list[float]] = {"product": [], "frozen": [], "unfrozen": []}
        with _Product() as product:
            for _ in range(repeats):
                times["product"].append(_clocked(product)[0])
                seconds, values = _clocked(lambda: frozen(content))
                times["frozen"].append(seconds)
                seconds, reference = _clocked(lambda: unfrozen(content))
                times["unfrozen"].append(seconds)
        moving, fixed = flop_count(stylizer.objective, size, size)
        return Bench(
            size=size,
            seconds=statistics.median(times["frozen"]),
            gflop=moving / 1e9,
            product_rate=2 * _PRODUCT**3 / statistics.median(times["product"]) / 1e9,
            outside=_outside(frozen, content, config, repeats),
            unfrozen_seconds=statistics.median(times["unfrozen"]),
            possible_speedup=(moving + fixed) / moving,
            difference=abs(values.total - reference.total) / abs(reference.total),
        )


def flop_count(objective: Objective, height: int, width: int) -> tuple[float, float]:
    """Floating-point operations of one evaluation, all pictures being ``height`` × ``width`` pixels.

    Counted are the products of convolutions and Gram matrices: twice for the generated image, whose gradient takes as
    many again, and once for the others.

    Returns:
        Those that depend on the generated image, and those that do not.
    """
    graph = objective.graph
    counts = {True: 0.0, False: 0.0}
    for view in graph.views:
        for layer in view.network_maps:
            if layer.startswith("conv"):
                kernel = graph.network.weights.layers[layer]
                counts[view is graph.generated] += 2 * np.prod(kernel) * _positions(layer, height, width)
                channels = kernel[-1]
                name = view.maps[layer].name if layer in view.maps else ""
                grams = sum(s.summand.name == name and s.tensor.shape.rank == 2 for s in graph.statistics)
                counts[view is graph.generated] += 2 * grams * channels**2 * _positions(layer, height, width)
    return 2 * counts[True], counts[False]


def _positions(layer: str, height: int, width: int) -> int:
    stride: int = 2 ** (int(layer[4]) - 1)
    return -(-height // stride) * -(-width // stride)


def _outside(evaluator: Evaluator, image: Array, config: Config, steps: int) -> float:
    """Share of a search's time that is not spent in evaluations."""
    inside = 0.0

    def clocked(candidate: Array) -> Values:
        nonlocal inside
        started = time.perf_counter()
        values = evaluator(candidate)
        inside += time.perf_counter() - started
        return values

    search = Search(clocked, image, steps, history=config.history, bounds=config.bounds)
    wall, _ = _clocked(search.run)
    return 1 - inside / wall


def _clocked(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


class _Product:
    """A float32 matrix product in a session of its own: the machine's yardstick."""

    def __enter__(self) -> Callable[[], Any]:
        with tf.Graph().as_default() as graph:
            factor = tf.Variable(tf.random.stateless_uniform([_PRODUCT, _PRODUCT], [1, 2]), use_resource=True)
            product = tf.matmul(factor, factor).op
            self._session = tf.Session(graph=graph)
            self._session.run(factor.initializer)
            call: Callable[[], Any] = self._session.make_callable(product)
        call()
        return call

    def __exit__(self, *_: object) -> None:
        self._session.close()
