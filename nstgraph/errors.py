"""What can go wrong, as few types; every message is one line that says what to do next.

    NstgraphError
    ├── ConfigError     a setting that does not exist or is out of range
    ├── PictureError    a picture that cannot be read or used
    ├── OutputError     a file or folder that cannot, or should not, be written
    ├── WeightsError    a file of weights, or of a whole network, that is missing, damaged or lacks a layer
    ├── LossError       a loss term, parameter or layer that does not exist or does not fit
    │   └── TilingError a term that cannot be computed tile by tile
    ├── PluginError     a plugin that cannot be imported or registered
    ├── CheckpointError a run's folder that cannot be made, read, or gone on with
    ├── ClusterError    a scheduler or a worker of a batch that cannot be had, or does not fit
    ├── SearchError     a loss that is not a number before the search has begun
    └── RunError        a failure in the middle of a run; carries the best picture so far

    Interrupted         Ctrl-C during a search; carries the best picture so far

The command line prints the message of an ``NstgraphError`` and exits with code 2.
"""

from __future__ import annotations

from typing import Any

from nstgraph.messages import one_line, printable

__all__ = [
    "CheckpointError", "ClusterError", "ConfigError", "Interrupted", "LossError", "NstgraphError", "OutputError",
    "PictureError", "PluginError", "RunError", "SearchError", "TilingError", "WeightsError", "fault_of",
]  # fmt: skip


#: Characters that a message has at most; what is too long for it is mostly what a file, or a user, has given.
_LONGEST = 500


class NstgraphError(Exception):
    """Base of every error that nstgraph raises on purpose."""

    def __str__(self) -> str:
        """The message in one line, with its middle left out if it is too long; what does not print is written \\x00."""
        text = printable(super().__str__())
        half = _LONGEST // 2 - 3
        return text if len(text) <= _LONGEST else f"{text[:half]} ... {text[-half:]}"


class ConfigError(NstgraphError):
    """A setting that does not exist or is out of range."""


class PictureError(NstgraphError):
    """A picture that cannot be read or used."""


class OutputError(NstgraphError):
    """A file or folder that cannot, or should not, be written."""


class WeightsError(NstgraphError):
    """A file of weights, or of a whole network, that is missing, damaged or lacks a layer."""


class LossError(NstgraphError):
    """A loss term, parameter or layer that does not exist or does not fit."""


class TilingError(LossError):
    """A loss term that cannot be computed tile by tile."""


class PluginError(NstgraphError):
    """A plugin that cannot be imported or registered."""


class CheckpointError(NstgraphError):
    """A run's folder that cannot be made, read, or gone on with."""


class ClusterError(NstgraphError):
    """A scheduler or a worker of a batch that cannot be had, or does not fit."""


class SearchError(NstgraphError):
    """A loss that is not a number before the search has begun."""


class RunError(NstgraphError):
    """A failure in the middle of a run. ``result`` is the best result so far, or None before the first step."""

    def __init__(self, message: str, result: Any) -> None:
        super().__init__(message)
        self.result = result


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a search. ``result`` is the best result so far, as the finished search would return it."""

    def __init__(self, result: Any) -> None:
        super().__init__("interrupted")
        self.result = result


def fault_of(error: Exception) -> str:
    """What went wrong, in one line: all that our own errors say, and the type and beginning of others."""
    return str(error) if isinstance(error, NstgraphError) else f"{type(error).__name__}: {one_line(error)}"
