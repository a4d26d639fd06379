"""What makes a run the same to the last bit on any number of cores: sums that are split in one way."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator

from nstgraph._tf import has_computed
from nstgraph.errors import ConfigError

__all__ = ["THREADS", "check_deterministic", "deterministic_begun", "one_thread"]

#: Threads that TensorFlow spreads an operation over. It splits sums by their number, whatever the number of cores.
THREADS = 4


#: Not empty once this process computes with so many threads.
_begun: list[bool] = []


def check_deterministic() -> None:
    """Raise ConfigError if a deterministic run is not possible: in this process, or with what is installed."""
    if has_computed() and not _begun:  # its first session has chosen the number of threads for all
        raise ConfigError("TensorFlow has begun with other threads; start a deterministic run in a process of its own")
    if importlib.util.find_spec("threadpoolctl") is None:
        raise ConfigError("a deterministic run needs threadpoolctl: python -m pip install threadpoolctl")


def deterministic_begun() -> None:
    """Take note that the process's first session was begun with that number of threads."""
    _begun.append(True)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let the products of vectors in numpy and scipy, on which the search depends, be summed by one thread."""
    import threadpoolctl

    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        yield
