"""Cases in processes of their own, one for as many as it survives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nstgraph

__all__ = ["faults"]

_CHILD = Path(__file__).with_name("child.py")


def faults(reader: str, first: int, beyond: int) -> list[str]:
    """What is wrong with how a reader ends the cases from ``first`` to before ``beyond``, by number; mostly nothing.

    A case that crashes the process, or takes longer than it may, is named as the others are.
    """
    found: list[str] = []
    environment = {**os.environ, "PYTHONPATH": str(Path(nstgraph.__file__).parents[1]), "TF_CPP_MIN_LOG_LEVEL": "3"}
    while first < beyond:
        command = [sys.executable, str(_CHILD), reader, str(first), str(beyond)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)
        lines = done.stdout.splitlines()
        assert lines, f"no case was read ({done.returncode}): {done.stderr}"
        found += [f"{reader} {line}" for line in lines if " " in line]
        if done.returncode == 0:
            return found
        last = int(lines[-1].split()[0])
        found.append(f"{reader} {last} ended the process ({done.returncode}): {done.stderr[-2000:]}")
        first = last + 1
    return found
