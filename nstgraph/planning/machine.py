"""What this machine can do: its matrix-product rates, and the memory that is free."""

from __future__ import annotations

import functools
import os
import time
from pathlib import Path
from typing import Any

from nstgraph._tf import tf

__all__ = ["Product", "available_memory", "native_precision", "peak_memory", "process_memory"]

#: bfloat16 that is not much faster than float32 is emulated, or not worth its rounding.
_WORTH = 1.3


class Product:
    """A square matrix product in a session of its own: the machine's yardstick.

    Args:
        precision: ``"float32"``, ``"bfloat16"`` or ``"float16"``.
        side: rows and columns.
    """

    def __init__(self, precision: str = "float32", side: int = 4096) -> None:
        self.gflop = 2 * side**3 / 1e9
        with tf.Graph().as_default() as graph:
            values = tf.cast(tf.random.stateless_uniform([side, side], [1, 2]), precision)
            factor = tf.Variable(values, use_resource=True)
            product = tf.matmul(factor, factor).op
            self._session = tf.Session(graph=graph)
            self._session.run(factor.initializer)
            self._call: Any = self._session.make_callable(product)
        self()

    def __call__(self) -> float:
        """Multiply once; returns GFLOP/s."""
        started = time.perf_counter()
        self._call()
        return self.gflop / (time.perf_counter() - started)

    def __enter__(self) -> Product:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()


@functools.cache
def native_precision() -> str:
    """``"bfloat16"`` if a product in it is much faster here than in float32, else ``"float32"``; measured once."""
    with Product("float32", 1024) as single, Product("bfloat16", 1024) as low:
        rates = [(single(), low()) for _ in range(5)]
    fastest = [max(rate) for rate in zip(*rates, strict=True)]
    return "bfloat16" if fastest[1] > _WORTH * fastest[0] else "float32"


def available_memory() -> int:
    """Bytes that this process may still take without swapping, or being stopped by its container's limit."""
    found = [value for value in (_free(), _container()) if value is not None]
    return max(0, min(found, default=4 * 2**30))


def process_memory() -> int:
    """Bytes of memory that this process holds now; where the system does not tell, the most it has held."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return peak_memory()


def peak_memory() -> int:
    """Most bytes of memory that this process has held."""
    try:  # unlike what `getrusage` tells, this does not begin with the parent's peak
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 2**30
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if os.uname().sysname == "Darwin" else peak * 1024


def _free() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:  # half of what is built in, where the system does not say what is free
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return None


def _container() -> int | None:
    """What a control group's limit leaves, in both versions of Linux's interface."""
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            return int(Path(limit).read_text()) - int(Path(used).read_text())
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return None
