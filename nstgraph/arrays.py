"""What passes between graph and search: arrays, and the values of one evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Array", "Evaluate", "Values"]

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Values:
    """One evaluation of an objective.

    Attributes:
        total: the loss.
        terms: its weighted terms by label; their sum is the total.
        gradient: of the total with respect to the generated image, [1, height, width, 3].
    """

    total: float
    terms: Mapping[str, float]
    gradient: Array


#: The loss as a function of the generated image, [1, height, width, 3].
Evaluate: TypeAlias = Callable[[Array], Values]
