"""The libraries of the extra ``video``: PyAV, which reads and writes, and OpenCV, which follows what moves."""

from __future__ import annotations

import importlib
from typing import Any

from nstgraph.errors import ConfigError

__all__ = ["av", "cv2"]

_INSTALL = "python -m pip install 'nstgraph[video]'"


def av() -> Any:
    """PyAV's module.

    Raises:
        ConfigError: it is not installed.
    """
    return _library("av", "files of moving pictures need PyAV")


def cv2() -> Any:
    """OpenCV's module.

    Raises:
        ConfigError: it is not installed.
    """
    return _library("cv2", "moving pictures need OpenCV")


def _library(name: str, needed: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(f"{needed}: {_INSTALL}") from error
