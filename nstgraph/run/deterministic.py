"""What makes a run the same to the last bit on any number of cores: sums that are split in one way."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator

from nstgraph.errors import ConfigError

__all__ = ["THREADS", "check_deterministic", "one_thread"]

#: Threads that TensorFlow spreads an operation over. It splits sums by their number, whatever the number of cores.
THREADS = 4


def check_deterministic() -> None:
    """Raise ConfigError if what a deterministic run needs is not installed."""
    if importlib.util.find_spec("threadpoolctl") is None:
        raise ConfigError("a deterministic run needs threadpoolctl: python -m pip install threadpoolctl")


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let the products of vectors in numpy and scipy, on which the search depends, be summed by one thread."""
    import threadpoolctl

    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        yield
