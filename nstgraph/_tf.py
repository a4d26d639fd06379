"""TensorFlow's 1.x interface, imported at first use.

``from nstgraph._tf import tf`` costs nothing; the first attribute asked of ``tf`` imports TensorFlow. So help,
checks of arguments and lists of terms answer before the seconds that this takes.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
import types
from typing import Any

__all__ = ["tf"]

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


class _LazyModule(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        return getattr(_load(), name)


tf: Any = _LazyModule("tensorflow.compat.v1")
