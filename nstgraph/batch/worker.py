"""What a worker of a Dask cluster does for a batch: it keeps graphs and networks from picture to picture."""

from __future__ import annotations

import asyncio
import signal
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin, get_worker

from nstgraph import __version__
from nstgraph.arrays import Array
from nstgraph.batch.work import Outcome, Parcel, planned_memory, work
from nstgraph.errors import ClusterError, NstgraphError
from nstgraph.files import what_is_wrong_with
from nstgraph.hashes import hash_of
from nstgraph.losses.registry import registry
from nstgraph.run.stylizers import Stylizers
from nstgraph.search.step import Step

__all__ = ["PictureMaker", "make", "needed"]


class PictureMaker(WorkerPlugin):  # type: ignore[misc]
    """Makes pictures on each worker of a cluster, those that join later, too, one at a time.

    Args:
        plugins: files of loss terms, as they were given; each worker has to find the same ones there.
        ours: whether the workers are the batch's own processes, which its process stops, and no signals.
    """

    def __init__(self, plugins: Sequence[Path] = (), *, ours: bool = False) -> None:
        self.name = f"nstgraph-{uuid.uuid4().hex}"
        self._version = __version__
        self._plugins = [(path, hash_of(path)) for path in plugins]
        self._ours = ours

    def setup(self, worker: Any) -> None:
        """Called by Dask where a worker begins.

        Raises:
            ClusterError: nstgraph is another one there, or a plugin.
            PluginError: a plugin cannot be run there.
        """
        self._stylizers, self._at_work, self._stopped = Stylizers(), threading.Lock(), threading.Event()
        if self._ours:  # which a terminal sends to all processes of a command
            for name in ("SIGINT", "SIGHUP"):
                if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
                    signal.signal(getattr(signal, name), signal.SIG_IGN)
        if self._version != __version__:
            raise ClusterError(
                f"worker {worker.address} has nstgraph {__version__}, and the batch {self._version}; install the same"
            )
        for path, sha256 in self._plugins:
            fault = what_is_wrong_with(path) or ("is another file" if hash_of(path) != sha256 else "")
            if fault:
                raise ClusterError(f"on worker {worker.address}, the plugin {path} {fault}; put it there as it is here")
            registry.load_file(path)

    async def teardown(self, worker: Any) -> None:
        """Called by Dask where the batch ends: what is at work stops after its step, and is kept."""
        self._stopped.set()
        await asyncio.to_thread(self._close)

    def make(self, parcel: Parcel, share: float) -> Outcome:
        """Make a picture; see `work`."""

        def callback(step: Step, image: Array) -> None:
            if self._stopped.is_set():
                raise KeyboardInterrupt

        with self._at_work:
            try:
                return work(parcel, self._stylizers, callback, share=share)
            except KeyboardInterrupt:  # nobody waits for it any more
                return Outcome(fault="stopped")

    def needed(self, parcel: Parcel) -> float:
        """Bytes that this process takes for a picture; 0 if it cannot be made."""
        with self._at_work:
            try:
                return planned_memory(parcel, self._stylizers)
            except NstgraphError:
                return 0.0

    def _close(self) -> None:
        with self._at_work:
            self._stylizers.close()


def make(maker: str, parcel: Parcel, share: float) -> Outcome:
    """A task: make a picture with the `PictureMaker` of that name."""
    worker = get_worker()
    limit = worker.memory_manager.memory_limit
    made: Outcome = worker.plugins[maker].make(parcel, min(share, limit or share))
    return made


def needed(maker: str, parcel: Parcel) -> float:
    """A task: how much memory a picture takes."""
    memory: float = get_worker().plugins[maker].needed(parcel)
    return memory
