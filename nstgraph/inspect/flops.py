"""Floating-point operations of an evaluation, counted from the graph."""

from __future__ import annotations

import numpy as np

from nstgraph.graph.objective import Objective
from nstgraph.networks.vgg import Vgg

__all__ = ["flop_count"]


def flop_count(objective: Objective, height: int, width: int) -> tuple[float, float]:
    """Floating-point operations of one evaluation, all pictures being ``height`` × ``width`` pixels.

    Counted are the products of convolutions and Gram matrices: twice for the generated image, whose gradient takes as
    many again, and once for the others.

    Returns:
        Those that depend on the generated image, and those that do not.
    """
    graph = objective.graph
    assert isinstance(graph.network, Vgg)
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
