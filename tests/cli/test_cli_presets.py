"""Presets on the command line: as a name, and as the options that they stand for."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from nstgraph.cli import options
from nstgraph.cli.app import app
from nstgraph.cli.output_options import Outputs
from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.pictures.load import load
from nstgraph.presets import PRESETS

GIVEN: list[tuple[Config, Outputs]] = []


@options.takes(config=Config, outputs=Outputs)
def paint(
    content: options.Content,
    styles: options.Styles,
    config: Config,
    outputs: Outputs,
    preset: options.PresetName = None,
) -> None:
    """Paint CONTENT."""
    GIVEN.append((config, outputs))


painting = typer.Typer()
painting.command()(paint)


def settings(*arguments: str) -> tuple[Config, Outputs]:
    """The settings that a command is given."""
    GIVEN.clear()
    result = CliRunner().invoke(painting, ["c.png", "s.png", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return GIVEN[0]


def run(line: str) -> Any:
    return CliRunner().invoke(app, line.split(), env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})


def printed(name: str) -> list[str]:
    """The words of the command that ``nstgraph presets`` prints."""
    result = run(f"presets {name}")
    assert result.exit_code == 0, result.output
    words = shlex.split(result.stdout.partition("\n\n")[2])
    assert words[:4] == ["nstgraph", "stylize", "CONTENT", "STYLE"]
    return words[4:]


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_printed_of_a_preset_gives_the_same_without_it(name: str) -> None:
    config, outputs = settings("--preset", name)
    assert (config, outputs) == settings(*printed(name))
    assert config == Config.preset(name) != Config()
    assert (outputs.save_every, outputs.compare) == ({"thushv": 50}.get(name, 0), name == "gsurma")


@pytest.mark.parametrize(
    ("arguments", "changes"),
    [
        (["--size", "512"], {"size": 512}),  # which is the default, but was given
        (["--fit", "longest", "--pooling", "average"], {"fit": "longest", "pooling": "average"}),
        (["-l", "tv", "-l", "style"], {"loss": ("tv", "style")}),
        (["--optimizer", "lbfgs", "--steps", "0"], {"optimizer": "lbfgs", "steps": 0}),
        (["--init", "content"], {"init": "content"}),
    ],
)
def test_an_option_beside_a_preset_wins(arguments: list[str], changes: dict[str, Any]) -> None:
    for given in (["--preset", "gsurma", *arguments], [*arguments, "--preset", "gsurma"]):
        assert settings(*given)[0] == Config.preset("gsurma", **changes)


def test_what_a_preset_turns_on_can_be_turned_off() -> None:
    assert settings("--preset", "analyticsvidhya")[0].bounds
    assert not settings("--preset", "analyticsvidhya", "--no-bounds")[0].bounds
    assert not settings("--preset", "gsurma", "--no-compare")[1].compare
    assert settings("--preset", "thushv", "--save-every", "0")[1].save_every == 0


def test_a_preset_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^no preset 'keras2'; did you mean 'keras'\?$"):
        settings("--preset", "keras2")
    for line in ("presets keras2", "stylize c.png s.png --preset keras2", "plan c.png s.png --preset keras2"):
        result = run(line)
        assert result.exit_code == 2
        assert result.stderr == "nstgraph: no preset 'keras2'; did you mean 'keras'?\n"


def test_presets_are_listed() -> None:
    shown = run("presets").stdout
    for one in PRESETS.values():
        assert f"{one.name} " in shown and one.source in shown
    assert "red and blue" in " ".join(run("presets gsurma").stdout.split())


def test_a_preset_runs_with_the_embedded_weights(picture_folder: Path) -> None:
    result = run("stylize c.png s.png -o out.png --preset thushv --optimizer auto --size 32 --steps 3 --save-every 2")
    assert result.exit_code == 0, result.output
    assert load(picture_folder / "out.png").size == load(picture_folder / "out-0002.png").size == (32, 32)
    assert "500*content:layer=conv3_3,normalization=mse 0.001*style:" in result.stderr
    planned = run("plan c.png s.png --preset thushv --optimizer auto --size 64 -l tv")
    assert planned.exit_code == 0 and "64 × 64" in planned.stdout and "500" in planned.stdout


def test_layers_that_the_weights_lack_are_named_with_the_file_that_has_them(picture_folder: Path) -> None:
    for command in ("stylize", "plan"):
        result = run(f"{command} c.png s.png --preset keras --optimizer auto")
        assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
        missing = "conv4_1, conv4_2, conv4_3, conv5_1, conv5_2, which compact_vgg.npz lacks; "
        assert f"preset keras needs VGG16's {missing}vgg16_weights_tf_dim" in result.stderr
        assert "nstgraph weights fetch vgg16" in result.stderr
    assert sorted(path.name for path in picture_folder.iterdir()) == ["c.png", "s.png"]
