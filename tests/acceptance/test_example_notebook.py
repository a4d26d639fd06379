"""The notebook among the examples, run by a kernel of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import nstgraph

NOTEBOOK = Path(__file__).parents[1] / "examples" / "notebook.ipynb"

# In a process of its own, as what runs notebooks warns of this and that.
RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute(cwd=".")
nbformat.write(notebook, "run.ipynb")
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[nbformat.NotebookNode]]:
    """What each cell of code has given."""
    folder = tmp_path_factory.mktemp("notebook")
    places = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR", "HOME")
    environment = {**os.environ, **{place: str(folder / "jupyter") for place in places}, "NSTGRAPH_WEIGHTS": ""}
    environment["PYTHONPATH"] = str(Path(nstgraph.__file__).parents[1])
    command = [sys.executable, "-c", RUN, str(NOTEBOOK)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "first.png").is_file()
    return [cell.outputs for cell in nbformat.read(folder / "run.ipynb", 4).cells if cell.cell_type == "code"]


def of_kind(outputs: list[nbformat.NotebookNode], kind: str) -> list[str]:
    return [output.data[kind] for output in outputs if kind in output.get("data", {})]


def text_of(outputs: list[nbformat.NotebookNode]) -> str:
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")


@pytest.mark.slow
def test_a_bar_shows_the_last_step_and_the_result_its_picture(outputs: list[list[nbformat.NotebookNode]]) -> None:
    (bar,) = of_kind(outputs[1], "text/html")
    assert bar.startswith('step 12/12  48×36 <progress value="1.0000" max="1"></progress> 0 s left<br>loss ')
    assert len(of_kind(outputs[1], "image/png")) == 1
    result = outputs[1][-1].data["text/plain"]
    assert result.startswith("<Result 48x36: finished after 12 of 12 steps, loss ") and len(result) < 100
    assert text_of(outputs[2]).strip() == result


@pytest.mark.slow
def test_the_losses_are_plotted(outputs: list[list[nbformat.NotebookNode]]) -> None:
    assert len(of_kind(outputs[3], "image/png")) == 1


@pytest.mark.slow
def test_a_term_of_the_notebooks_own_is_searched(outputs: list[list[nbformat.NotebookNode]]) -> None:
    (bar,) = of_kind(outputs[4], "text/html")
    assert "  warmth " in bar and of_kind(outputs[4], "image/png") != of_kind(outputs[1], "image/png")


@pytest.mark.slow
def test_a_pictures_settings_make_it_again(outputs: list[list[nbformat.NotebookNode]]) -> None:
    assert text_of(outputs[5]) == "the same picture: True\n"
    assert len(of_kind(outputs[5], "text/html")) == 1  # of the run that was not told to be silent


def test_the_notebook_is_kept_without_what_it_gives() -> None:
    for cell in nbformat.read(NOTEBOOK, 4).cells:
        assert cell.cell_type == "markdown" or (cell.outputs == [] and cell.execution_count is None)
