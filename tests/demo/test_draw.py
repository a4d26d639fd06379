import re

import numpy as np
import pytest
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.demo.draw import draw
from nstgraph.pictures.load import load


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The current folder, empty; no weights are found but the embedded ones."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("NSTGRAPH_WEIGHTS", raising=False)
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "cache"))
    return tmp_path / "here"


def demo(*options):
    return CliRunner().invoke(app, ["demo", "--size", "32", "--steps", "2", *options])


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.slow
def test_draw(here):
    content, style = draw(here)
    assert names(here) == ["content.png", "style.png"] == [content.name, style.name]
    for path in (content, style):
        picture = load(path)
        assert min(picture.size) >= 256 and picture.rgb.std() > 20
    assert np.abs(load(content).rgb - load(style).rgb).mean() > 20


@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_demo(here, times):
    for options, folder in (([], "nstgraph-demo"), (["-q"], "nstgraph-demo-2"))[:times]:
        result = demo(*options)
        assert (result.exit_code, result.stdout) == (0, f"{folder}\n")
        assert names(here / folder) == ["content.png", "result-compare.png", "result.png", "style.png"]
        content, made = (load(here / folder / f"{name}.png") for name in ("content", "result"))
        height, width = content.size
        assert made.size == (round(32 * height / width), 32)
        assert load(here / folder / "result-compare.png").size[1] > 3 * 32
        assert ("step 2/2" in result.stderr) == (options == [])
    results = [load(folder / "result.png").rgb for folder in here.iterdir()]
    assert len(results) == times and np.abs(results[0] - results[-1]).max() <= 1


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        (["--steps", "-1"], ""),
        pytest.param(["--size", "16"], "", marks=pytest.mark.slow),
        (["-o", "no/where"], ""),
        pytest.param([], "nowhere.npz", marks=pytest.mark.slow),
    ],
)
def test_a_demo_that_fails_leaves_nothing_behind(here, monkeypatch, options, weights):
    monkeypatch.setenv("NSTGRAPH_WEIGHTS", weights)
    result = demo(*options)
    assert (result.exit_code, result.stdout, names(here)) == (2, "", [])
    assert re.fullmatch(r"nstgraph: .*; .*\n", result.stderr)
