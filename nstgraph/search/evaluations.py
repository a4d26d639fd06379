"""The evaluations of a search: how many there were, the last, and which image of all is to be kept."""

from __future__ import annotations

import numpy as np

from nstgraph.arrays import Array, Evaluate, Values
from nstgraph.search.finite import NotANumber, is_finite, not_finite

__all__ = ["Evaluations", "RoundOver"]


class RoundOver(Exception):
    """Leaves the optimiser when it asks for more evaluations than a round has."""


class Evaluations:
    """Evaluates images, and keeps one of them.

    Args:
        evaluate: gives `Values` for an image [1, height, width, 3].
        image: the one to be kept until another has been evaluated.
        keep: ``"best"`` for the image of lowest loss, or ``"last"``; one whose values are not numbers is never kept.
        a_round: how many an optimiser may ask for in a round; 0 is any number.

    Attributes:
        image: the one that is kept.
        loss: its loss; infinite before the first evaluation.
        last: the image evaluated last, and its values.
        count: how many there were.
        forgotten: whether the loss has become another on the way.
    """

    def __init__(self, evaluate: Evaluate, image: Array, *, keep: str = "best", a_round: int = 0) -> None:
        self._evaluate = evaluate
        self._keep = keep
        self._a_round = a_round
        self._asked = 0
        self.image = image
        self.loss = np.inf
        self.last: tuple[Array, Values] | None = None
        self.count = 0
        self.forgotten = self._stale = False

    def look(self, image: Array) -> Values:
        """Evaluate an image, whatever comes of it."""
        values = self._evaluate(image)
        self.last = image, values
        self.count += 1
        if (values.total < self.loss or self._stale or self._keep == "last") and is_finite(values):
            self.loss, self.image, self._stale = values.total, image, False
        return values

    def forget(self) -> None:
        """The loss is another now, so that none of before counts: the next image is kept in any case."""
        self.forgotten = self._stale = True
        self.last = None

    def begin_round(self) -> None:
        """Count from here the evaluations that an optimiser asks for."""
        self._asked = 0

    def at(self, image: Array) -> Values:
        """The values at an image, for an optimiser: they are numbers, and are not computed twice in a row.

        Raises:
            NotANumber: loss or gradient are none.
            RoundOver: the round has no more evaluations.
        """
        if self._asked == self._a_round > 0:
            raise RoundOver
        self._asked += 1
        known = self.last is not None and np.array_equal(image, self.last[0])
        values = self.last[1] if self.last is not None and known else self.look(image)
        if not is_finite(values):
            raise NotANumber(not_finite(values))
        return values
