"""Stylizers by what they were made for, so that pictures with the same settings share one graph and one network."""

from __future__ import annotations

from nstgraph.config import Config
from nstgraph.run.stylizer import Stylizer

__all__ = ["Stylizers"]

#: Each holds a graph, a session and its weights, about half a gigabyte at most; settings mostly come in runs.
_MOST = 2


class Stylizers:
    """One `Stylizer` for all pictures that have the same settings and number of styles; the latest stay open.

    It is one thread's, as a `Stylizer` is, and a context manager, which closes them.

    Args:
        most: how many stay open.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._open: list[tuple[Config, int, Stylizer]] = []

    def get(self, config: Config, styles: int) -> Stylizer:
        """The one for these settings, made if there is none.

        Raises:
            NstgraphError: as for `Stylizer`.
        """
        for one in self._open:
            if (one[0] is config or one[0] == config) and one[1] == styles:
                self._open.remove(one)
                self._open.append(one)
                return one[2]
        while len(self._open) >= self._most:
            self._open.pop(0)[2].close()
        made = Stylizer(config, styles)
        self._open.append((config, styles, made))
        return made

    def close(self) -> None:
        """Close all of them."""
        while self._open:
            self._open.pop()[2].close()

    def __enter__(self) -> Stylizers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
