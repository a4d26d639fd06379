"""Measuring in a process of its own, since the peak memory of a process never falls.

`main` is what that process runs: it takes what to measure as JSON, and gives what it measured as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nstgraph.bench.figures import Failure, Row
from nstgraph.config import Config
from nstgraph.errors import NstgraphError
from nstgraph.losses.loss_text import as_loss
from nstgraph.losses.registry import registry

__all__ = ["main", "measure_apart"]


def measure_apart(config: Config, plugins: Sequence[Path] = (), *, styles: int = 1, repeats: int = 10) -> Row | Failure:
    """`measure_row` in a process of its own.

    Args:
        config, styles, repeats: see there.
        plugins: files that the loss's terms come from.
    """
    fields = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    request = {
        "config": {**fields, "loss": str(as_loss(config.loss))},
        "plugins": [str(file) for file in plugins],
        "how": {"styles": styles, "repeats": repeats},
    }
    start = f"import sys; sys.path[:] = {_search_path()}; from nstgraph.bench.separate_process import main; main()"
    command = [sys.executable, "-c", start, json.dumps(request, default=str)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    try:
        answer = json.loads(done.stdout.splitlines()[-1])  # plugins may print, too
        return Row(**answer) if "error" not in answer else _failure(config, answer["error"])
    except (IndexError, ValueError):
        if done.returncode < 0:
            return _failure(config, f"the process was stopped by signal {-done.returncode}; memory may have run out")
        said = done.stderr.splitlines() or [f"the process ended with code {done.returncode}"]
        return _failure(config, said[-1])


def _search_path() -> list[str]:
    """Where this process imports from, but for the working folder, unless nstgraph itself lies there.

    In the working folder Python would look first, and run any file there that has a module's name.
    """
    home = str(Path(__file__).parents[2])
    elsewhere = [folder for folder in sys.path if not _same(folder, os.curdir)]
    return elsewhere if any(_same(folder, home) for folder in elsewhere) else [home, *elsewhere]


def _same(one: str, other: str) -> bool:
    return os.path.realpath(one or os.curdir) == os.path.realpath(other)


def _failure(config: Config, error: str) -> Failure:
    return Failure(config.size, config.precision, config.tile if isinstance(config.tile, int) else None, error)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from nstgraph.bench.measure import measure_row  # which imports TensorFlow

    try:
        for file in request["plugins"]:
            registry.load_file(Path(file))
        return dataclasses.asdict(measure_row(Config(**request["config"]), **request["how"]))
    except NstgraphError as error:
        return {"error": str(error)}


def main() -> None:
    """Measure what the command line asks for, and print the answer as the last line."""
    print(json.dumps(_answer(json.loads(sys.argv[1]))))
