"""Whether the values of an evaluation are numbers, and which of them are not."""

from __future__ import annotations

import numpy as np

from nstgraph.arrays import Values

__all__ = ["GRADIENT", "NotANumber", "is_finite", "not_finite"]

GRADIENT = "the gradient"


class NotANumber(Exception):
    """Leaves the optimiser when loss or gradient stop being finite; says which."""


def is_finite(values: Values) -> bool:
    """Whether loss and gradient are numbers."""
    # A sum is not finite if any of its terms is not, and needs no array for the answers.
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(values.total) and np.isfinite(values.gradient.sum()))


def not_finite(values: Values) -> str:
    """What of the values is not finite: the terms at fault, by name, as far as it shows in them."""
    first, *others = [repr(label) for label, value in values.terms.items() if not np.isfinite(value)] or [""]
    if first:
        return f"loss term {first}" + (f" (and {', '.join(others)})" if others else "")
    return GRADIENT if np.isfinite(values.total) else "the loss"
