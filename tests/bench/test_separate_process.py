"""From where the process that measures imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import nstgraph
from nstgraph.bench.figures import Failure
from nstgraph.bench.separate_process import measure_apart
from nstgraph.config import Config

#: A plugin that says from where modules would be imported in the process that it is loaded in, and ends it.
SPY = """
import importlib.util, json, os, sys
names = ["json", "numpy", "typer", "tensorflow", "nstgraph_vgg", "nstgraph"]
with open("seen.json", "w") as file:
    json.dump({name: importlib.util.find_spec(name).origin for name in names}, file)
os._exit(7)
"""

#: Measures, as a program of a user would.
MEASURE = """
from pathlib import Path
from nstgraph.bench.separate_process import measure_apart
from nstgraph.config import Config
print(measure_apart(Config(size=32, loss="tv"), [Path("spy.py")]).error)
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with modules of names that are imported, as came with an archive that was unpacked there."""
    monkeypatch.chdir(tmp_path)
    for name in ("json", "numpy", "typer", "tensorflow", "nstgraph_vgg", "nstgraph"):
        (tmp_path / f"{name}.py").write_text("open('sprung', 'w')\n")
    (tmp_path / "spy.py").write_text(SPY)
    return tmp_path


def origins() -> dict[str, Path]:
    return {name: Path(origin) for name, origin in json.loads(Path("seen.json").read_text(encoding="utf-8")).items()}


@pytest.mark.parametrize(
    "spelling",
    ["", *(pytest.param(spelling, marks=pytest.mark.slow) for spelling in (".", "{here}", "{here}/../{name}"))],
)
def test_nothing_comes_from_the_working_folder(hostile: Path, monkeypatch: pytest.MonkeyPatch, spelling: str) -> None:
    monkeypatch.setattr(sys, "path", [spelling.format(here=hostile, name=hostile.name), *sys.path])
    failure = measure_apart(Config(size=32, loss="tv"), [hostile / "spy.py"])
    assert isinstance(failure, Failure) and failure.error == "the process ended with code 7"
    assert origins()["nstgraph"] == Path(nstgraph.__file__)
    assert not any(hostile in origin.parents for origin in origins().values())
    assert not (hostile / "sprung").exists()


def test_it_is_the_nstgraph_of_the_process_that_asks_even_in_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "nstgraph").symlink_to(Path(nstgraph.__file__).parent)
    (tmp_path / "spy.py").write_text(SPY)
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", MEASURE]
    done = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert done.stdout == "the process ended with code 7\n", done.stderr
    assert json.loads((tmp_path / "seen.json").read_text())["nstgraph"] == str(tmp_path / "nstgraph" / "__init__.py")
