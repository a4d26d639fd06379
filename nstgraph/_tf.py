"""TensorFlow's 1.x interface, imported at first use and without its start-up chatter.

``from nstgraph._tf import tf`` costs nothing; the first attribute asked of ``tf`` imports TensorFlow. So help,
checks of arguments and lists of terms answer before the seconds that this takes.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import tempfile
import threading
import types
from collections.abc import Iterator
from typing import Any

__all__ = ["tf"]


@contextlib.contextmanager
def _stderr_held_back() -> Iterator[None]:
    """Hold back what C++ code writes to stderr; show it only when the block fails.

    TensorFlow writes its first lines before any of its log levels can take effect, so only the file descriptor helps.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


_loading = threading.Lock()


@functools.cache
def _load() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _loading, _stderr_held_back() if "tensorflow" not in sys.modules else contextlib.nullcontext():
        import tensorflow
    return tensorflow.compat.v1


class _LazyModule(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        return getattr(_load(), name)


tf: Any = _LazyModule("tensorflow.compat.v1")
