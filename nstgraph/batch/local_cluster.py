"""A Dask cluster of processes on this machine, sized by its cores and its memory."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster

from nstgraph.batch.cluster import Cluster
from nstgraph.batch.sizing import workers_that_fit
from nstgraph.batch.work import Parcel
from nstgraph.errors import ClusterError
from nstgraph.memory import available_memory
from nstgraph.messages import one_line

__all__ = ["on_this_machine"]

#: Workers have the environment of a run by itself, in particular as many threads, on which the last bits depend. They
#: plan for their memory themselves. Pictures are as large as they are.
_CONFIG: dict[str, Any] = {
    "distributed.nanny.pre-spawn-environ": {},
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.admin.large-graph-warning-threshold": "1 TiB",
}

#: Seconds in which the cluster is to have ended.
_ENDING = 20.0


@contextlib.contextmanager
def on_this_machine(workers: int, plugins: Sequence[Path] = (), *, largest: Parcel | None = None) -> Iterator[Cluster]:
    """A cluster of processes on this machine.

    Args:
        workers: how many there are to be.
        plugins: files of loss terms.
        largest: a picture; if there is not memory for so many of it at once, there will be fewer workers.

    Raises:
        ClusterError: it cannot be started.
        PluginError: a plugin cannot be run by a worker.
    """
    free = available_memory()
    with contextlib.ExitStack() as closing:
        closing.enter_context(_environment_kept())
        closing.enter_context(dask.config.set(_CONFIG))
        folder = closing.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        try:
            local = _begun(workers, folder, closing)
            client = Client(local, set_as_default=False)
            closing.callback(_close, client, 5.0)
        except Exception as error:  # whatever Dask raises where processes or ports are refused
            reason = one_line(error)
            raise ClusterError(f"no workers could be started ({reason}); --workers 1 does without") from error
        cluster = closing.enter_context(Cluster(client, plugins, share=free / workers, ours=True))
        if largest is not None:
            fitting = workers_that_fit(cluster.needed(largest), free)
            if fitting < workers:
                local.scale(fitting)
                cluster.share = free / fitting
        yield cluster


def _begun(workers: int, folder: str, closing: contextlib.ExitStack) -> LocalCluster:
    local = LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        memory_limit=0,
        dashboard_address="127.0.0.1:0",
        local_directory=folder,
        silence_logs=logging.CRITICAL,
    )
    closing.callback(_close, local, _ENDING)
    return local


def _close(what: Any, seconds: float) -> None:
    with contextlib.suppress(Exception):
        what.close(timeout=seconds)


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    """Dask sets variables of this process for those that it starts."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)
