"""Tiles on several servers: who computes which, and what happens when one of them is lost.

Tiles are handed out one at a time to whoever is free, so that a fast worker gets more of them. The next evaluation
gives each to the worker that has its targets, unless that falls behind. Results are passed on, and added up, in the
order of the tiles, whoever has computed them.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from nstgraph._tf import tf
from nstgraph.arrays import Array
from nstgraph.messages import one_line
from nstgraph.tiles.place import Cut, Home, Pass, Place, TileWork
from nstgraph.workers.remote_graph import RemoteGraph
from nstgraph.workers.worker import LOG, Worker
from nstgraph.workers.workers import Workers

__all__ = ["Team"]

#: Seconds after which workers that do not answer are looked at.
_LOOK = 1.0


class Team:
    """Workers that share the tiles of an objective's evaluations.

    Args:
        workers: who they are.

    Attributes:
        note: is told, in a line, when a worker is given up; it is logged unless somebody else is to be told.
    """

    def __init__(self, workers: Workers) -> None:
        self.note: Callable[[str], None] = LOG.warning
        self._named = workers
        self._works: list[tuple[TileWork, Home]] = []
        self._workers: list[Worker] | None = None
        self._answers: queue.SimpleQueue[tuple[object, Worker, int, list[Array] | Exception]] = queue.SimpleQueue()
        self._lost_bytes = 0

    @property
    def bytes(self) -> int:
        """That were sent to workers and came back so far."""
        return self._lost_bytes + sum(worker.bytes for worker in self._workers or ())

    def place(self, work: TileWork, home: Home) -> Place:
        """Where the tiles of some work are computed: on the workers or, when none is left, here."""
        self._works.append((work, home))
        return _Shared(self, len(self._works) - 1, home)

    def each(self, shared: _Shared, which: Pass, cut: Cut) -> Iterator[Sequence[Array]]:
        """See `Place`."""
        ticket, busy = object(), dict[Worker, int]()
        done: dict[int, Sequence[Array]] = {}
        waiting = _Waiting(shared, self._hired())
        for number in range(shared.count):
            while number not in done:
                for worker in [worker for worker in self._hired() if worker not in busy]:
                    tile = waiting.next(worker)
                    if tile is not None:
                        busy[worker] = tile
                        worker.submit(self._job(ticket, worker, shared, which, tile, cut))
                if busy:
                    self._collect(ticket, busy, done, waiting)
                else:  # nobody is left
                    done[number] = shared.home.one(which, number, cut(number))
            yield done.pop(number)

    def close(self) -> None:
        """Give back the memory on the servers."""
        for worker in self._workers or ():
            worker.close()
        self._workers = []

    def _hired(self) -> list[Worker]:
        if self._workers is None:
            works = [work for work, _ in self._works]
            graph = RemoteGraph(works, self._works[0][1].session)
            self._workers = [Worker(address, graph, self._named.patience) for address in self._named.addresses]
        return self._workers

    def _job(
        self, ticket: object, worker: Worker, shared: _Shared, which: Pass, number: int, cut: Cut
    ) -> Callable[[], None]:
        """What lets a worker compute a tile, and brings the answer."""
        binding, data = shared.binding, shared.data

        def job() -> None:
            answer: list[Array] | Exception
            try:
                answer = worker.tile(shared.work, binding, which, number, cut(number), data)
            except Exception as error:  # whatever it is, the tile is to be computed
                answer = error
            self._answers.put((ticket, worker, number, answer))

        return job

    def _collect(
        self, ticket: object, busy: dict[Worker, int], done: dict[int, Sequence[Array]], waiting: _Waiting
    ) -> None:
        """Wait for an answer; give up a worker that gives none."""
        try:
            mark, worker, number, answer = self._answers.get(timeout=_LOOK)
        except queue.Empty:
            for worker in [worker for worker in busy if worker.address.refuses()]:
                self._lose(worker, "nothing answers there any more", busy, waiting)
            return
        if mark is not ticket or busy.get(worker) != number:  # of an evaluation that was given up, or a worker
            return
        if isinstance(answer, Exception):
            self._lose(worker, _why(answer, self._named.patience), busy, waiting)
        else:
            del busy[worker]
            done[number] = answer

    def _lose(self, worker: Worker, why: str, busy: dict[Worker, int], waiting: _Waiting) -> None:
        workers = self._hired()
        workers.remove(worker)
        waiting.give_back(worker, busy.pop(worker))
        self._lost_bytes += worker.bytes
        worker.close(wait=False)
        heirs = f"{len(workers)} others" if len(workers) > 1 else "the other one" if workers else "this machine"
        self.note(f"worker {worker.address} is given up: {why}; its tiles go to {heirs}")


class _Shared:
    """A `Place` whose tiles are computed by a team.

    Attributes:
        work: its number.
        home: computes what nobody else does.
        count: of tiles.
        binding: another object for other pictures.
        data: gives what targets are made from.
        owners: of the tiles' targets.
    """

    def __init__(self, team: Team, work: int, home: Home) -> None:
        self._team = team
        self.work, self.home = work, home
        self.count, self.binding = 0, object()
        self.data: Cut
        self.owners: dict[int, Worker] = {}

    def bind(self, cut: Cut, count: int, keep: str) -> None:
        self.data, self.count, self.binding, self.owners = cut, count, object(), {}
        self.home.bind(cut, count, keep)

    def each(self, which: Pass, cut: Cut) -> Iterator[Sequence[Array]]:
        return self._team.each(self, which, cut)

    def release(self) -> None:
        self.data, self.count, self.owners = lambda number: {}, 0, {}
        self.home.release()


class _Waiting:
    """The tiles of a pass that nobody computes yet."""

    def __init__(self, shared: _Shared, workers: Sequence[Worker]) -> None:
        self._shared = shared
        self._free: deque[int] = deque()
        self._own: dict[Worker, deque[int]] = {worker: deque() for worker in workers}
        for number in range(shared.count):
            self._own.get(shared.owners.get(number), self._free).append(number)  # type: ignore[arg-type]

    def next(self, worker: Worker) -> int | None:
        """A tile for a worker: one whose targets it has, or nobody has, or that of one which is far behind."""
        owners = self._shared.owners
        if self._own[worker]:
            return self._own[worker].popleft()
        if self._free:
            number = self._free.popleft()
        else:
            slowest = max(self._own, key=lambda other: len(self._own[other]))
            if len(self._own[slowest]) < 2:  # it will be done as soon as another one would have made the targets
                return None
            number = self._own[slowest].pop()
            slowest.forget(self._shared.work, number)
        owners[number] = worker
        return number

    def give_back(self, worker: Worker, number: int) -> None:
        """Let others have the tiles of one that was lost; it was at one of them."""
        self._free.extend([number, *self._own.pop(worker)])
        for tile, owner in list(self._shared.owners.items()):
            if owner is worker:
                del self._shared.owners[tile]


def _why(error: Exception, patience: float) -> str:
    if isinstance(error, tf.errors.DeadlineExceededError):
        return f"it has not answered for {patience:g} s"
    return one_line(error)
