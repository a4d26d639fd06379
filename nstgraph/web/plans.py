"""What a picture would take, before it is asked for."""

from __future__ import annotations

import threading

from nstgraph.config import Config
from nstgraph.memory import process_memory
from nstgraph.planning.plan import Plan
from nstgraph.run.stylizers import Stylizers
from nstgraph.web.request import PaintRequest

__all__ = ["Plans"]

#: Settings that the graph, and so the cost of an evaluation, does not depend on.
_ANY = ("size", "steps", "scales", "init", "seed", "history")


class Plans:
    """Plans of requests, one at a time; the graph of the latest settings stays, so that another size is quick."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stylizers = Stylizers(1)

    def plan(self, request: PaintRequest) -> Plan:
        """How a picture would be made with all the memory that is free, or held by this process.

        Raises:
            NstgraphError: it does not fit; or it cannot be read, or computed.
        """
        with self._lock:
            config, pictures = request.config(), request.pictures()
            graphs = config.replace(**{name: getattr(Config, name) for name in _ANY})
            stylizer = self._stylizers.get(graphs, len(pictures.styles))
            # What another run holds now will be free when it is this one's turn.
            reserved = stylizer.cost.process - process_memory()
            return stylizer.plan(pictures, reserved=reserved, config=config)

    def close(self) -> None:
        """Give memory and threads back."""
        with self._lock:
            self._stylizers.close()
