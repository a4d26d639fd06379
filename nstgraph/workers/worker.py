"""A TensorFlow server that computes tiles: a session there, and a thread that waits for it."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.tiles.place import Cut, Pass
from nstgraph.workers.address import Address
from nstgraph.workers.remote_graph import RemoteCall, RemoteGraph

__all__ = ["LOG", "Worker", "session_on"]

#: Where it is said that a worker is lost, unless somebody else is to be told.
LOG = logging.getLogger("nstgraph")

#: Seconds in which a server takes or ends a session.
_QUICK = 10.0


def session_on(address: Address, graph: Any) -> Any:
    """A session on a server, which shares nothing with others there."""
    config = tf.ConfigProto(operation_timeout_in_ms=int(1000 * _QUICK), isolate_session_state=True)
    # Of the operations that TensorFlow would make of several, servers lack some in bfloat16.
    rewriting = config.graph_options.rewrite_options
    rewriting.remapping = rewriting.OFF
    return tf.Session(f"grpc://{address}", graph, config)


class Worker:
    """A server at work. What it is to do waits in a thread of its own, so that one which hangs holds up nobody.

    Args:
        address: of the server.
        graph: what it computes.
        patience: seconds that an answer may take.

    Attributes:
        address: see above.
        bytes: that were sent and came back, without what the protocol adds.
    """

    def __init__(self, address: Address, graph: RemoteGraph, patience: float) -> None:
        self.address, self.bytes = address, 0
        self._graph, self._patience = graph, patience
        self._session: Any = None
        #: Numbers of the tiles whose targets are kept there, by work, and for which pictures.
        self._kept: dict[int, tuple[object, set[int]]] = {}
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._work_off, name=f"worker {address}", daemon=True).start()

    def submit(self, job: Callable[[], None]) -> None:
        """Let the worker's thread do something, after what it was told before; it must not raise."""
        self._jobs.put(job)

    def tile(
        self, work: int, binding: object, which: Pass, number: int, values: Mapping[str, Any], data: Cut
    ) -> list[Array]:
        """What a pass gives for a tile; to be called in the worker's thread.

        Args:
            work: its number in the graph.
            binding: another object for other pictures.
            which: the pass.
            number: of the tile.
            values: what the pass may be fed, by the style graph's names.
            data: gives the same for targets, which are made when the tile is here for the first time.

        Raises:
            tf.errors.OpError: it failed, or took too long.
        """
        if self._session is None:
            self._session = session_on(self.address, self._graph.graph)
            fetches, feeds = self._graph.start
            self._run(fetches, feeds)
        calls = self._graph.works[work]
        if calls.keep is not None and calls.clear is not None:
            bound, kept = self._kept.get(work, (None, set()))
            if bound is not binding:
                self._call(calls.clear, number, {})
                kept = set()
                self._kept[work] = binding, kept
            if number not in kept:
                self._call(calls.keep, number, data(number))
                kept.add(number)
        return self._call(calls.passes[which], number, values)

    def forget(self, work: int, number: int) -> None:
        """Let the targets of a tile be forgotten, as another worker has it now."""
        call = self._graph.works[work].forget

        def forget() -> None:
            _, kept = self._kept.get(work, (None, set()))
            if call is not None and number in kept:
                kept.remove(number)
                with contextlib.suppress(tf.errors.OpError):  # the next tile will tell
                    self._call(call, number, {})

        self.submit(forget)

    def close(self, *, wait: bool = True) -> None:
        """Give back the memory there and let the thread end, without waiting for a server that does not answer."""
        closed = threading.Event()

        def close() -> None:
            session, self._session = self._session, None
            if session is not None:
                with contextlib.suppress(tf.errors.OpError):
                    session.close()
            closed.set()

        self.submit(close)
        self._jobs.put(None)
        if wait:
            closed.wait(_QUICK)

    def _work_off(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            del job  # which knows a tile

    def _call(self, call: RemoteCall, number: int, values: Mapping[str, Any]) -> list[Array]:
        feeds = {placeholder: values[name] for name, placeholder in call.feeds.items()}
        return self._run(call.fetches, {self._graph.number: number, **feeds})

    def _run(self, fetches: list[Any], feeds: Mapping[Any, Any]) -> list[Any]:
        options = tf.RunOptions(timeout_in_ms=int(1000 * self._patience))
        given: list[Any] = self._session.run(fetches, feeds, options)
        self.bytes += sum(np.asarray(value).nbytes for value in [*feeds.values(), *given] if value is not None)
        return given
