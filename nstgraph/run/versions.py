"""What computes: the programs and the processor, other ones of which may make a picture that differs a little."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import scipy

from nstgraph import __version__
from nstgraph._tf import tf
from nstgraph.messages import shown

__all__ = ["differences", "versions"]


def versions() -> dict[str, str | int]:
    """The versions of nstgraph and of what it computes and writes with, the processor, and how many cores it has here.

    Of the processor it is the kind alone, nothing by which this machine could be told from another.
    """
    return {
        "nstgraph": __version__,
        "tensorflow": tf.__version__,
        "scipy": scipy.__version__,
        "numpy": np.__version__,
        "pillow": PIL.__version__,
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    }


def differences(settings: Mapping[str, Any]) -> list[str]:
    """What of that a result was made with is another thing here, each with both: ``"scipy 1.11.0, here 1.12.0"``."""
    here = versions()
    if settings.get("deterministic") is True:  # for which the number of cores does not count
        del here["cores"]
    recorded = {name: settings[name] for name in here if name in settings}
    return [
        f"{name} {then if isinstance(then, str) else shown(then)}, here {here[name]}"
        for name, then in recorded.items()
        if then != here[name]
    ]


def _processor() -> str:
    try:
        model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:  # other systems than Linux
        model = None
    name = model[1] if model else platform.processor()
    return f"{' '.join(name.split())} ({platform.machine()})" if name else platform.machine()
