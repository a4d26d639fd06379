"""TensorFlow's 1.x interface, imported at first use.

``from nstgraph._tf import tf`` costs nothing; the first attribute asked of ``tf`` imports TensorFlow. So help,
checks of arguments and lists of terms answer before the seconds that this takes.

Sessions start threads, and a fork of the process has none of them: there, TensorFlow would wait for them for ever.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
import types
from typing import Any

from nstgraph.errors import RunError

__all__ = ["computing", "has_computed", "tf"]

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"

_loading = threading.Lock()


@functools.cache
def _load() -> Any:
    # TensorFlow looks once, while it is imported, at which of its messages are wanted.
    with _loading:
        quieten = "tensorflow" not in sys.modules and _LEVEL not in os.environ
        if quieten:
            os.environ[_LEVEL] = "3"
        try:
            import tensorflow
        finally:
            if quieten:
                del os.environ[_LEVEL]
    return tensorflow.compat.v1


#: The process in which TensorFlow has computed: this one, or one that it was forked from; none so far if empty.
_computed_in: list[int] = []


def computing() -> None:
    """Take note that TensorFlow is about to compute in this process.

    Raises:
        RunError: it has computed before this process was forked, and its threads were left behind.
    """
    _check_process()
    _computed_in[:] = [os.getpid()]


def has_computed() -> bool:
    """Whether TensorFlow has computed in this process, as far as nstgraph knows."""
    return bool(_computed_in)


def _check_process() -> None:
    if _computed_in and _computed_in[0] != os.getpid():
        raise RunError(
            "TensorFlow was at work before this process was forked, and would hang here; "
            'start processes by multiprocessing.get_context("spawn")',
            None,
        )


class _LazyModule(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        _check_process()
        if name == "Session":
            computing()
        return getattr(_load(), name)


tf: Any = _LazyModule("tensorflow.compat.v1")
