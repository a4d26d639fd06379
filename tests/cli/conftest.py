"""What several test modules of the command line share."""

from __future__ import annotations

import functools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from nstgraph.cli.output_options import STDOUT, Outputs
from nstgraph.losses.registry import registry

_FAILING_PLUGIN = """
import itertools
from nstgraph import loss_term, tf

calls = itertools.count()

def late(image):
    if next(calls) > {limit}:
        raise RuntimeError("that is enough")
    return image.mean()

@loss_term
def fails_late(g):
    number = tf.ensure_shape(tf.numpy_function(late, [g.generated.image], tf.float32), [])
    return g.mean(tf.square(g.generated.image - 100)) + 0 * number
"""

_INTERRUPTING_PLUGIN = """
import itertools, os, signal
from nstgraph import loss_term, tf

calls = itertools.count()

def pressed(image):
    if os.path.exists({path!r}) and not os.path.exists("pressed") and next(calls) == 12:
        open("pressed", "w").close()
        os.kill(os.getpid(), signal.SIGINT)
    return image.mean()

@loss_term
def interrupts(g):
    number = tf.ensure_shape(tf.numpy_function(pressed, [g.generated.image], tf.float32), [])
    return g.mean(tf.square(g.generated.image - 100)) + 0 * number
"""


@pytest.fixture(scope="session", autouse=True)
def _commands_are_built_once() -> Iterator[None]:
    """Rather than whenever a runner invokes one, which takes ten times as long as a refusal does."""
    build = typer.testing._get_command
    typer.testing._get_command = functools.cache(build)
    yield
    typer.testing._get_command = build


@pytest.fixture
def failing_plugin() -> Callable[[int], str]:
    """Function that gives the code of a plugin whose term, ``fails_late``, raises after so many evaluations."""
    return lambda limit: _FAILING_PLUGIN.format(limit=limit)


@pytest.fixture
def interrupting_plugin() -> Iterator[Callable[[str], str]]:
    """Function that gives the code of a plugin whose term, ``interrupts``, presses Ctrl-C once a file is there."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # which is not there in the background
    yield lambda path: _INTERRUPTING_PLUGIN.format(path=path)
    signal.signal(signal.SIGINT, before)
    registry.remove("interrupts")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files that nobody may lose, and a folder that is called like a picture."""
    for name in ("old.png", "old.csv", "old.json", "old.pb", "a-compare.png", "a-0004.png"):
        (tmp_path / name).write_text("precious")
    (tmp_path / "sub.png").mkdir()
    return tmp_path


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes | bool]]:
    """Function of a folder that gives its files' bytes by name; False for a folder."""
    return lambda folder: {path.name: path.is_file() and path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def wanted() -> Callable[..., Outputs]:
    """Function of a folder, a name in it and further options, with names in it, that gives a run's `Outputs`."""

    def wanted(folder: Path, name: str | Path, **options: Any) -> Outputs:
        kinds = ("log", "trace", "summaries", "latest", "animation", "curves")
        given = {kind: options.pop(kind) for kind in kinds if kind in options}
        paths = {kind: name if name == STDOUT else folder / name for kind, name in given.items()}
        return Outputs(folder / name, **paths, **options)

    return wanted
