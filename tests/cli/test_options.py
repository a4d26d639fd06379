"""Options that commands share, given to a command of the test's own."""

from __future__ import annotations

import dataclasses
import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from nstgraph.cli import graph, options
from nstgraph.cli.output_options import Outputs
from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.losses.default_loss import DEFAULT_LOSS
from nstgraph.pictures.save import save
from nstgraph.value_checks import setting_of

GIVEN: list[tuple[Path, Config, bool]] = []


@options.takes(config=Config)
def paint(content: options.Content, config: Config, quiet: options.Quiet = False) -> None:
    """Paint CONTENT."""
    GIVEN.append((content, config, quiet))


app = typer.Typer()
app.command()(paint)


def run(*arguments: str) -> Config:
    """The configuration that the command is given."""
    GIVEN.clear()
    result = CliRunner().invoke(app, ["c.png", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    ((content, config, _),) = GIVEN
    assert content == Path("c.png")
    return config


def test_without_options_it_is_the_default() -> None:
    assert run() == Config()


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        (["--size", "300"], {"size": 300}),
        (["--style-scale", "1.5"], {"style_scale": 1.5}),
        (["--style-scale", "1+0.5"], {"style_scale": (1.0, 0.5)}),
        (["--style-weights", "30+70", "--blending", "sum"], {"style_weights": (30.0, 70.0), "blending": "sum"}),
        (["--steps", "20", "--scales", "2"], {"steps": 20, "scales": 2}),
        (["--init", "start.png", "--seed", "7"], {"init": "start.png", "seed": 7}),
        (["--pooling", "max", "--padding", "zero"], {"pooling": "max", "padding": "zero"}),
        (["--bounds"], {"bounds": True}),
        (["--optimizer", "lbfgs", "--history", "4"], {"optimizer": "lbfgs", "history": 4}),
        (["--precision", "float16"], {"precision": "float16"}),
        (["--tile", "off"], {"tile": "off"}),
        (["--tile", "64"], {"tile": 64}),
        (["--memory", "2.5"], {"memory": 2.5}),
        (["--memory", "8"], {"memory": 8.0}),
        (["--weights", "w.npz"], {"weights": "w.npz"}),
        (["--network", "n.pb"], {"network": "n.pb"}),
        (
            ["--network", "n.pb", "--input", "x:0", "--input-values", "rgb-unit"],
            {"network": "n.pb", "input": "x:0", "input_values": "rgb-unit"},
        ),
        (["--loss", "tv"], {"loss": ("tv",)}),
        (["-l", "default", "-l", "2*tv"], {"loss": ("default", "2*tv")}),
    ],
)
def test_an_option_changes_its_setting_and_no_other(arguments: list[str], changes: dict[str, Any]) -> None:
    assert run(*arguments) == Config(**changes)
    assert run() == Config()


def test_every_setting_can_be_given() -> None:
    parameters = inspect.signature(paint).parameters
    assert {field.name for field in dataclasses.fields(Config)} <= set(parameters)
    assert next(iter(parameters)) == "content" and list(parameters)[-1] == "quiet"
    assert "config" not in parameters
    assert parameters["loss"].default == list(DEFAULT_LOSS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tile", "8"], "tile is 8; "),
        (["--tile", "-64"], "tile is '-64'; "),
        (["--tile", "64.0"], "tile is '64.0'; "),
        (["--tile", ""], "tile is ''; "),
        (["--style-weights", "30,70"], "style_weights is '30,70'; "),
        (["--style-weights", "0+0"], r"style_weights is \(0.0, 0.0\); let at least one be above 0"),
        (["--style-scale", "1+"], r"style_scale is '1\+'; "),
        (["--memory", "nan"], "memory is nan; "),
        (["--bounds", "--optimizer", "lbfgs"], "lbfgs cannot keep bounds; "),
        (["--input", "x:0"], "input is only used with a network from a file; "),
        (["--input-values", "rgb"], "input_values is only used with a network from a file; "),
        (["--network", "n.pb", "--weights", "w.npz"], "a network from a file has its own weights; "),
        (["--network", "n.pb", "--pooling", "max"], "a network from a file has its own pooling; "),
        (["--network", "n.pb", "--precision", "bfloat16"], "a network from a file is computed in float32; "),
    ],
)
def test_what_is_out_of_range_is_refused_before_the_command_begins(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        run(*arguments)
    assert GIVEN == []


def test_the_command_keeps_its_name_and_its_help() -> None:
    assert (paint.__name__, paint.__doc__) == ("paint", "Paint CONTENT.")
    run("--quiet")
    assert GIVEN[0][2]


WRITTEN: list[tuple[Outputs, Config]] = []


@options.takes(outputs=Outputs, config=Config)
def write(outputs: Outputs, config: Config) -> None:
    """Write pictures."""
    WRITTEN.append((outputs, config))


def test_a_command_may_take_several_classes_of_settings() -> None:
    writing = typer.Typer()
    writing.command()(write)
    WRITTEN.clear()
    for arguments in ([], ["-o", "a.png", "--latest", "b.png", "--save-every", "3", "--size", "99", "--overwrite"]):
        assert CliRunner().invoke(writing, arguments).exit_code == 0
    given = Outputs(Path("a.png"), overwrite=True, latest=Path("b.png"), save_every=3)
    assert [(Outputs(), Config()), (given, Config(size=99))] == WRITTEN


def test_help_tells_of_every_setting_what_the_setting_itself_tells() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "400", "TERMINAL_WIDTH": "400"}).output
    for field in dataclasses.fields(Config):
        assert setting_of(field).help in shown and f"--{field.name.replace('_', '-')}" in shown


TAKEN: list[Config] = []


@options.takes(config=Config)
def repeat(config: Config, like: options.Like = None) -> None:
    """Paint as a picture was painted."""
    TAKEN.append(config)


repeating = typer.Typer()
repeating.command()(repeat)


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        ([], {}),
        (["--size", "512"], {"size": 512}),  # which is the default, but given
        (["--tile", "auto", "-l", "tv", "-l", "content"], {"tile": "auto", "loss": ("tv", "content")}),
    ],
)
def test_options_win_over_the_settings_of_a_picture(tmp_path: Path, arguments: list[str], changes: Any) -> None:
    carried = {"size": 96, "tile": 64, "loss": "2*tv:power=2", "bounds": True, "nstgraph": "0"}
    picture = save(tmp_path / "a.png", np.zeros((1, 24, 24, 3)), metadata={"nstgraph": json.dumps(carried)})
    TAKEN.clear()
    assert CliRunner().invoke(repeating, [*arguments, "--like", str(picture)]).exit_code == 0
    expected = Config(size=96, tile=64, loss="2*tv:power=2", bounds=True)
    assert [expected.replace(**changes)] == TAKEN
    assert CliRunner().invoke(repeating, arguments).exit_code == 0 and TAKEN[1].seed == 0


BUILT: list[tuple[Config, int]] = []


OF_A_GRAPH = ("loss", "keep_colors", "weights", "pooling", "padding", "precision", "network", "input", "input_values")


@options.takes(*OF_A_GRAPH, config=Config)
def draw(config: Config, depth: int = 3) -> None:
    """Draw the graph."""
    BUILT.append((config, depth))


drawing = typer.Typer()
drawing.command()(draw)


def drawn(*arguments: str) -> Config:
    """The configuration that the command about graphs is given."""
    BUILT.clear()
    result = CliRunner().invoke(drawing, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    ((config, _),) = BUILT
    return config


def test_a_command_about_graphs_takes_what_says_which_graph_is_built() -> None:
    parameters = inspect.signature(draw).parameters
    assert sorted(parameters) == sorted([*OF_A_GRAPH, "depth"])
    for command in (graph.show, graph.export):
        assert {field.name for field in dataclasses.fields(Config)} & set(inspect.signature(command).parameters) == {
            *OF_A_GRAPH, *(["size"] if command is graph.show else [])
        }  # fmt: skip
    assert parameters["loss"].default == list(DEFAULT_LOSS)
    assert (draw.__name__, draw.__doc__) == ("draw", "Draw the graph.")


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        ([], {}),
        (["-l", "tv", "--precision", "float16"], {"loss": ("tv",), "precision": "float16"}),
        (["--weights", "w.npz", "--padding", "zero"], {"weights": "w.npz", "padding": "zero"}),
        (["--network", "n.pb", "--input", "x"], {"network": "n.pb", "input": "x"}),
    ],
)
def test_all_other_settings_of_a_graph_are_the_default(arguments: list[str], changes: dict[str, Any]) -> None:
    assert drawn(*arguments) == Config(**changes)
    drawn(*arguments, "--depth", "5")
    assert BUILT[0][1] == 5


@pytest.mark.parametrize("option", ["--size", "--steps", "--tile", "--memory", "--init", "--optimizer"])
def test_a_command_about_graphs_takes_nothing_of_a_search(option: str) -> None:
    result = CliRunner().invoke(drawing, [option, "64"])
    assert result.exit_code == 2 and "No such option" in result.output


def test_a_network_and_what_is_not_for_it_are_refused_by_a_command_about_graphs() -> None:
    with pytest.raises(ConfigError, match=r"^a network from a file has its own padding; "):
        drawn("--network", "n.pb", "--padding", "zero")
    assert BUILT == []
