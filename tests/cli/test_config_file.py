"""Settings in a file: which win over which, and what such a file may not say."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from nstgraph.cli import options
from nstgraph.cli.app import app
from nstgraph.cli.exit_codes import command
from nstgraph.cli.output_options import Outputs
from nstgraph.config import Config
from nstgraph.pictures.save import save
from nstgraph.presets import preset

TAKEN: list[tuple[Config, Outputs]] = []

painting = typer.Typer()


@command(painting)
@options.takes(config=Config, outputs=Outputs)
def paint(
    config: Config,
    outputs: Outputs,
    preset: options.PresetName = None,
    like: options.Like = None,
    config_file: options.ConfigFile = None,
) -> None:
    """Paint."""
    TAKEN.append((config, outputs))


def taken(*arguments: str) -> tuple[Config, Outputs]:
    TAKEN.clear()
    result = CliRunner().invoke(painting, list(arguments))
    assert result.exit_code == 0, result.output
    return TAKEN[0]


@pytest.fixture(autouse=True)
def here(empty_folder: Path) -> Path:
    (empty_folder / "a.toml").write_text(
        'size = 64\nsteps = 5\nloss = ["0.5*content", "tv"]\ninit = "noise"\n[outputs]\ncompare = true\nlog = "a.csv"\n'
    )
    return empty_folder


def test_options_win_over_a_file_which_wins_over_the_defaults() -> None:
    config, outputs = taken("--config", "a.toml", "--steps", "0", "--no-compare")
    assert config == Config(size=64, steps=0, loss=("0.5*content", "tv"), init="noise")
    assert outputs == Outputs(log=Path("a.csv"))
    assert taken("--config", "a.toml")[1] == Outputs(log=Path("a.csv"), compare=True)


def test_a_file_wins_over_a_preset() -> None:
    config, outputs = taken("--config", "a.toml", "--preset", "thushv", "--padding", "reflect")
    assert (config.size, config.init, config.padding, outputs.save_every) == (64, "noise", "reflect", 50)
    assert config.optimizer == preset("thushv").settings["optimizer"]


def test_a_file_wins_over_the_settings_of_a_picture(here: Path) -> None:
    carried = json.dumps({"size": 96, "seed": 7, "tile": 64, "nstgraph": "0"})
    save(here / "p.png", np.zeros((1, 24, 24, 3)), metadata={"nstgraph": carried})
    config, outputs = taken("--like", "p.png", "--config", "a.toml", "--tile", "auto")
    assert (config.size, config.seed, config.tile, outputs.compare) == (64, 7, "auto", True)


def test_what_is_given_rules_out_what_a_file_says(here: Path) -> None:
    (here / "w.toml").write_text('weights = "w.npz"\npooling = "max"\n')
    assert taken("--config", "w.toml", "--network", "n.pb")[0] == Config(network="n.pb")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sise = 64", "no setting 'sise' for a.toml; did you mean 'size'?"),
        ("size = '64'", "size in a.toml is '64'; choose 0 or a whole number from 16 to 32768"),
        ("size = 10", "size in a.toml is 10; choose 0 or"),
        ("size = 1" + "0" * 5000, "a.toml is not TOML ("),
        ("memory = nan", "memory in a.toml is nan; choose a number from 0.0 to 1000000.0"),
        ("bounds = 1", "bounds in a.toml is 1; choose True or False"),
        ("steps = 1979-05-27", "steps in a.toml is datetime.date(1979, 5, 27); choose a whole number"),
        ("loss = [1]", "loss in a.toml is (1,); write it as text"),
        ("[loss]\nterm = 1", "loss in a.toml is {'term': 1}; write it as text"),
        ("size = \n", "a.toml is not TOML (Invalid value (at line 1, column 8)); mend it there"),
        ("a = " + "[" * 5000, "a.toml is not TOML ("),
        ("compare = true", "compare in a.toml says what is written; put it below [outputs]"),
        ("[outputs]\nsize = 3", "no setting 'size' for a.toml, [outputs]; "),
        ("outputs = 3", "a.toml, [outputs] is 3; write a table"),
        ("[outputs]\nlog = 3", "log in a.toml, [outputs] is 3; give FILE"),
        (
            "plugins = ['evil.py']",
            "plugins in a.toml: plugins are code; name them on the command line, by --plugin FILE",
        ),
        ("'\\u001b[31m' = 1", "no setting '\\\\u001b[31m' for a.toml; "),
        ('"\\u001b[31m" = 1', "no setting '\\x1b[31m' for a.toml; "),
        ("bounds = true\noptimizer = 'lbfgs'", "lbfgs cannot keep bounds; "),
        (b"size = 64 # \xff", "a.toml is not TOML ("),
        (b"#" * (1 << 21), "a.toml has more than 1048576 bytes"),
    ],
)
def test_files_that_say_what_cannot_be(here: Path, text: str | bytes, message: str) -> None:
    (here / "evil.py").write_text("open('loaded', 'w')")
    (here / "a.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    result = CliRunner().invoke(painting, ["--config", "a.toml"])
    assert result.exit_code == 2 and result.stderr.startswith(f"nstgraph: {message}"), result.stderr
    assert result.stderr.count("\n") == 1 and "\x1b" not in result.stderr and not (here / "loaded").exists()


@pytest.mark.parametrize(
    ("path", "message"), [("gone.toml", "does not exist"), (".", "is a folder"), ("fifo", "is not")]
)
def test_what_is_no_file(here: Path, path: str, message: str) -> None:
    os.mkfifo(here / "fifo")
    result = CliRunner().invoke(painting, ["--config", path])
    assert result.exit_code == 2 and result.stderr.startswith(f"nstgraph: {path} {message}")


def test_a_run_is_as_its_file_says(picture_folder: Path) -> None:
    (picture_folder / "a.toml").write_text(
        'size = 40\nsteps = 2\nloss = "tv"\n[outputs]\noutput = "o.tif"\ncompare = true'
    )
    shown: Any = CliRunner().invoke(app, ["plan", "c.png", "s.png", "--config", "a.toml"])
    assert shown.exit_code == 0 and "40 × 30" in shown.stdout
    assert CliRunner().invoke(app, ["stylize", "c.png", "s.png", "--config", "a.toml", "-q"]).exit_code == 0
    assert {path.name for path in picture_folder.iterdir()} == {
        "c.png", "s.png", "a.toml", "o.tif", "o-compare.tif"
    }  # fmt: skip
    overwriting = ["stylize", "c.png", "s.png", "--config", "a.toml", "--overwrite", "--log", "a.toml"]
    assert "a log as a.toml" in CliRunner().invoke(app, overwriting).stderr
