"""The pictures of a batch in this very process, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from nstgraph.batch.job import Job
from nstgraph.batch.work import Outcome, Parcel, work
from nstgraph.errors import NstgraphError, fault_of
from nstgraph.run.stylizers import Stylizers

__all__ = ["made_here"]


def made_here(jobs: Iterable[Job], send: Callable[[Job], Parcel]) -> Iterator[tuple[Job, Outcome]]:
    """Make pictures, and give each with its job.

    Args:
        jobs: what is to be made; those with the same settings are to follow each other.
        send: reads a job's files; it may raise NstgraphError or OSError, which becomes the job's outcome.

    Raises:
        KeyboardInterrupt: Ctrl-C.
    """
    with Stylizers() as stylizers:
        for job in jobs:
            try:
                outcome = work(send(job), stylizers)
            except (NstgraphError, OSError) as error:
                outcome = Outcome(fault=fault_of(error))
            yield job, outcome
