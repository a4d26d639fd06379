"""The pictures of a batch on a Dask cluster: as many at a time as it has workers, however many these are by then."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.util
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

from distributed import Client, Future, KilledWorker, wait

from nstgraph.batch import worker
from nstgraph.batch.job import Job
from nstgraph.batch.work import Outcome, Parcel
from nstgraph.errors import ClusterError, NstgraphError, fault_of
from nstgraph.messages import one_line

__all__ = ["Cluster", "at_scheduler"]

#: Seconds to wait for a scheduler's first word, and between looks at how many workers there are.
_FIRST_WORD, _LOOK = 10.0, 1.0

#: Seconds in which workers may keep what they have reached, when a batch is ended.
_KEEPING = 10.0

#: How often a picture is tried again after an error that is none of ours. Deaths of workers are counted by Dask.
_RETRIES = 2

#: What is raised where nothing is done in time; in Python 3.10 these are two.
_LATE = (TimeoutError, asyncio.TimeoutError)

#: What a lost scheduler looks like: `distributed`'s errors of connections are OSErrors, but for the first.
_LOST = (CancelledError, OSError, RuntimeError, *_LATE)


class Cluster:
    """Workers that make pictures; a context manager, which ends with them free of the batch.

    There is one picture on its way to each worker, and no more, so that what waits has not been read yet, a worker that
    joins has something to do at once, and one that dies takes nobody else's picture with it.

    Args:
        client: of a scheduler.
        plugins: files of loss terms.
        share: most bytes that each worker may take.
        ours: whether the workers are this process's own.

    Raises:
        ClusterError: a worker does not fit, or the scheduler is gone.
        PluginError: a worker cannot run a plugin.
    """

    def __init__(
        self, client: Client, plugins: Sequence[Path] = (), *, share: float = float("inf"), ours: bool = False
    ) -> None:
        self._client, self.share, self.ours = client, share, ours
        self._maker = worker.PictureMaker(plugins, ours=ours)
        self._numbers = itertools.count()
        self._waiting: dict[Future, Job] = {}
        try:
            client.register_plugin(self._maker)
        except NstgraphError:
            self.close()
            raise
        except Exception as error:  # of a worker that lacks nstgraph, say
            self.close()
            raise ClusterError(
                f"the workers of {self.address} cannot make pictures ({one_line(error)}); install this nstgraph there"
            ) from error

    @property
    def address(self) -> str:
        """Of the scheduler."""
        return str(self._client.scheduler.address)

    @property
    def dashboard(self) -> str:
        """Address of Dask's dashboard; empty if there is none, as it needs bokeh."""
        services = self._asked(self._client.scheduler_info)["services"]
        shown = "dashboard" in services and not (self.ours and importlib.util.find_spec("bokeh") is None)
        return str(self._client.dashboard_link) if shown else ""

    @property
    def workers(self) -> list[str]:
        """Addresses of the workers that there are now."""
        return list(self._asked(self._client.nthreads))

    def needed(self, parcel: Parcel) -> float:
        """Bytes that a worker takes for a picture, after which each has its graph; 0 if that cannot be told."""
        ask = functools.partial(self._client.submit, worker.needed, self._maker.name, parcel, pure=False)
        asked = [ask(workers=[address], allow_other_workers=True) for address in self.workers]
        answers = self._asked(lambda: self._client.gather(asked, errors="skip"))
        return max(answers, default=0.0)

    def made(self, jobs: Iterable[Job], send: Callable[[Job], Parcel]) -> Iterator[tuple[Job, Outcome]]:
        """Make pictures, and give each with its job as soon as it is there; as `made_here`.

        Raises:
            ClusterError: the scheduler is gone.
            KeyboardInterrupt: Ctrl-C.
        """
        left = iter(jobs)
        while True:
            job = None
            for job in itertools.islice(left, max(0, max(1, len(self.workers)) - len(self._waiting))):
                try:
                    parcel = send(job)
                except (NstgraphError, OSError) as error:
                    yield job, Outcome(fault=fault_of(error))
                else:
                    self._submit(job, parcel)
            if not self._waiting and job is None:
                return
            for future in self._finished() if self._waiting else ():
                yield self._waiting.pop(future), _outcome(future)

    def _submit(self, job: Job, parcel: Parcel) -> None:
        key = f"picture-{self._maker.name}-{next(self._numbers)}"
        arguments = (self._maker.name, parcel, self.share)
        submit = lambda: self._client.submit(worker.make, *arguments, key=key, retries=_RETRIES, pure=False)  # noqa: E731
        self._waiting[self._asked(submit)] = job

    def _finished(self) -> list[Future]:
        """Pictures that are done, after a moment if there are none."""

        def look() -> None:
            with self._client.as_current(), contextlib.suppress(*_LATE):
                wait(list(self._waiting), timeout=_LOOK, return_when="FIRST_COMPLETED")

        self._asked(look)
        return [future for future in self._waiting if future.done()]

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """Ask the scheduler something; ClusterError if it is gone."""
        try:
            return ask()
        except _LOST as error:
            raise _gone(self.address) from error

    def close(self) -> None:
        """Let the workers forget the batch; what they are at is kept, so far as it has got."""
        client = self._client
        with contextlib.suppress(Exception):  # of a scheduler that is gone, or workers that take too long
            client.cancel(list(self._waiting), force=True)
            client.sync(client.unregister_worker_plugin, self._maker.name, callback_timeout=_KEEPING)
        self._waiting.clear()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def at_scheduler(address: str, plugins: Sequence[Path] = ()) -> Iterator[Cluster]:
    """The cluster of a scheduler, such as ``tcp://host:8786``.

    Raises:
        ClusterError: it cannot be reached in ten seconds, or a worker does not fit.
        PluginError: a worker cannot run a plugin.
    """
    try:
        client = Client(address, timeout=_FIRST_WORD, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"no scheduler answers at {address}; start one (dask scheduler), or give its address (tcp://host:8786)"
        ) from error
    try:
        with Cluster(client, plugins) as cluster:
            yield cluster
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=_FIRST_WORD)


def _outcome(future: Future) -> Outcome:
    """What has come of a picture; errors that are not ours have been tried again by then."""
    if future.status == "finished":
        outcome: Outcome = future.result()
        return outcome
    if future.status != "error":
        raise _gone(str(future.client.scheduler.address))
    error = future.exception()
    if isinstance(error, KilledWorker):
        deaths = error.allowed_failures + 1
        return Outcome(fault=f"{deaths} workers died over it, as when memory runs out; take fewer, or a smaller --size")
    return Outcome(fault=fault_of(error))


def _gone(address: str) -> ClusterError:
    return ClusterError(f"the scheduler at {address} is gone; start it again, and the same command goes on")
