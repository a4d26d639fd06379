"""Being interrupted: by Ctrl-C, a request to end, or a terminal that is closed; commands end alike after each."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

__all__ = ["deaf", "forget", "listen", "received"]

_DEFAULTS = {"SIGINT": signal.default_int_handler, "SIGTERM": signal.SIG_DFL, "SIGHUP": signal.SIG_DFL}
_SIGNALS = [getattr(signal, name) for name in _DEFAULTS if hasattr(signal, name)]  # Windows has no SIGHUP

_received: list[int] = []


def listen() -> None:
    """Raise KeyboardInterrupt at any of the signals, but for those that are to be ignored, as in ``nohup``."""
    for number in _SIGNALS:
        if signal.getsignal(number) == _DEFAULTS[number.name]:
            signal.signal(number, _handle)


def received() -> int | None:
    """Number of the last signal, as what runs when TensorFlow is imported may swallow the exception or change it."""
    return _received[-1] if _received else None


def forget() -> None:
    """Forget the signals that have been received."""
    _received.clear()


def _handle(number: int, frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Let no second, impatient signal cut off the writing of what the first one left."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
