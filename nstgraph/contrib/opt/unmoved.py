"""Why a search ended where it began."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nstgraph.arrays import Array
from nstgraph.contrib.opt.trial import Trial

__all__ = ["why_unmoved"]


def why_unmoved(trial: Trial, names: Sequence[str], start: Array, bounds: Sequence[tuple[float, float]] | None) -> str:
    """What keeps a search at ``start`` [n], in words for a message; empty if it could have moved.

    Args:
        trial: loss and gradient [n].
        names: the variables'.
        bounds: a pair (low, high) for each unknown, or None.
    """
    loss, gradient = trial(start)
    which = ", ".join(names)
    if not (np.isfinite(loss).all() and np.isfinite(gradient).all()):
        return f"the loss is {loss} at the start, or its gradient is not a number; check the variables' values"
    if len(trial.pinned) == len(names):
        return f"feed_dict feeds {which}, which wins over the search; leave that out of the feed"
    if not gradient.any():
        return f"the gradient of the loss for {which} is zero; for a slice, make the loss from that very tensor"
    low, high = np.transpose(bounds or [(-np.inf, np.inf)])
    if not ((gradient > 0) & (start > low) | (gradient < 0) & (start < high)).any():
        return "the bounds hold every unknown that the gradient would move"
    return ""
