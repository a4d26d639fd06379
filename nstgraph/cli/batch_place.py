"""Where the pictures of a batch are made: in this process, in others on this machine, or by a Dask scheduler."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from nstgraph.batch.sizing import workers_at_most
from nstgraph.cli import running
from nstgraph.cli.interruptions import deaf
from nstgraph.cli.printing import stderr_ours_alone, to_stderr
from nstgraph.errors import ConfigError, NstgraphError
from nstgraph.memory import available_memory
from nstgraph.messages import shown

if TYPE_CHECKING:
    from nstgraph.batch.cluster import Cluster
    from nstgraph.batch.job import Job
    from nstgraph.batch.work import Outcome, Parcel

__all__ = ["Place"]

#: Makes jobs, the files of each of which it has read when it is its turn.
Make: TypeAlias = "Callable[[Sequence[Job], Callable[[Job], Parcel]], Iterator[tuple[Job, Outcome]]]"

#: Schemes of the addresses that Dask knows.
_ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://[^\s/]+:\d{1,5}/?")

#: Loggers of which Dask sets the levels, and that of what it leaves behind.
_LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "tornado.application", "asyncio")

#: More processes than any machine has room for.
_MOST = 1024

#: What stands for a photo's own size, which is mostly larger than any that is chosen.
_MOST_PIXELS = 1 << 30


@dataclass(frozen=True)
class Place:
    """Where the pictures of a batch are to be made.

    Args:
        workers: processes on this machine; None for as many as it has room for.
        scheduler: address of a Dask scheduler, or None.
        plugins: files of loss terms.

    Raises:
        ConfigError: that cannot be, or needs what is not installed.
    """

    workers: int | None
    scheduler: str | None
    plugins: tuple[Path, ...]

    def __post_init__(self) -> None:
        if self.workers is not None and not 1 <= self.workers <= _MOST:
            raise ConfigError(f"--workers is {shown(self.workers)}; choose a number from 1 to {_MOST}")
        if self.scheduler is not None and not _ADDRESS.fullmatch(self.scheduler):
            raise ConfigError(f"--scheduler is {shown(self.scheduler)}; give an address, such as tcp://host:8786")
        if self.scheduler is not None and self.workers is not None:
            raise ConfigError(
                "--workers are processes on this machine, and --scheduler has its own; choose one of them"
            )
        if (self.scheduler is not None or (self.workers or 1) > 1) and not _has_dask():
            raise ConfigError("several workers need Dask distributed: pip install 'nstgraph[cluster]'")

    @contextlib.contextmanager
    def opened(self, jobs: Sequence[Job], send: Callable[[Job], Parcel], tell: Callable[[str], None]) -> Iterator[Make]:
        """The function that makes pictures there, until the block ends.

        Raises:
            ClusterError: there are no workers to be had.
        """
        workers = self.workers
        if workers is None and self.scheduler is None and _has_dask():
            from dask.system import CPU_COUNT  # which knows of limits of containers

            workers = workers_at_most(len(jobs), CPU_COUNT, available_memory())
        if self.scheduler is None and (workers or 1) == 1:
            running.import_tensorflow()
            from nstgraph.batch.here import made_here

            yield made_here
            return
        with stderr_ours_alone(), _in_peace(self._cluster(workers or 1, jobs, send)) as cluster:
            tell(_described(cluster))
            yield cluster.made

    def _cluster(
        self, workers: int, jobs: Sequence[Job], send: Callable[[Job], Parcel]
    ) -> AbstractContextManager[Cluster]:
        import distributed  # noqa: F401 - which sets levels itself

        for name in _LOGGERS:  # whatever matters becomes an error of ours
            logging.getLogger(name).setLevel(logging.CRITICAL)
        if self.scheduler is not None:
            from nstgraph.batch.cluster import at_scheduler

            return at_scheduler(self.scheduler, self.plugins)
        from nstgraph.batch.local_cluster import on_this_machine

        largest = None
        if self.workers is None:
            with contextlib.suppress(NstgraphError, OSError):  # which is said when it is this picture's turn
                largest = send(max(jobs, key=lambda job: job.config.size or _MOST_PIXELS))
        return on_this_machine(workers, self.plugins, largest=largest)


def _has_dask() -> bool:
    return importlib.util.find_spec("distributed") is not None


@contextlib.contextmanager
def _in_peace(opened: AbstractContextManager[Cluster]) -> Iterator[Cluster]:
    """Let no second, impatient signal leave processes behind."""
    with contextlib.ExitStack() as closing:
        cluster = closing.enter_context(opened)
        try:
            yield cluster
        except KeyboardInterrupt:
            to_stderr("stopping the workers; what they have reached is kept")
            raise
        finally:
            with deaf():
                closing.close()


def _described(cluster: Cluster) -> str:
    workers = cluster.workers
    at = f"at {cluster.address}" if not cluster.ours else "on this machine"
    found = f"{len(workers)} workers {at}" if workers else f"no workers {at} yet; start some (dask worker --nthreads 1)"
    return f"{found}; dashboard: {cluster.dashboard}" if cluster.dashboard else found
