"""Settings of the search."""

from __future__ import annotations

import os
from dataclasses import dataclass

from nstgraph.search.optimizer import optimizer_fault
from nstgraph.value_checks import Check, number, setting, switch, text

__all__ = ["SearchSettings"]


@dataclass(frozen=True)
class SearchSettings:
    """Where the search begins, and how it goes on."""

    steps: int = setting(
        0, "Search", number(0, 1_000_000), "Steps, at all sizes together; 0 is automatic.", shown="automatic"
    )
    scales: int = setting(
        0,
        "Search",
        number(0, 12),
        "Sizes from coarse to fine, each half the next; 1 is full size alone, 0 automatic.",
        shown="automatic",
    )
    init: str | os.PathLike[str] = setting(
        "content",
        "Search",
        text("content|noise|style|FILE", optional=False),
        "Starting image; noise takes parameters, as in noise:form=uniform or noise:mean=vgg,deviation=0.1. A blend has "
        "its parts' shares: blend:content=0.6,noise=0.4.",
    )
    seed: int = setting(0, "Search", number(0, 2**32 - 1), "Seed of the noise.")
    bounds: bool = setting(
        False, "Search", switch(), "Keep pixels within 0..255 by bounds; slower.", "--bounds/--no-bounds"
    )
    optimizer: str = setting(
        "auto",
        "Search",
        Check("auto|lbfgs|lbfgsb|adam|...", optimizer_fault),
        "lbfgsb is scipy's, in float64; lbfgs takes less memory and time, in float32; adam and the others of tf.train "
        "follow the gradient. With parameters: adam:learning_rate=5, in grey levels; lbfgsb:rounds=10,evaluations=20.",
    )
    history: int = setting(
        0,
        "Search",
        number(0, 1000),
        "Corrections that the optimiser keeps; 0 is as many as there is memory for, up to 10.",
        shown="automatic",
    )
