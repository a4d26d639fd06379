"""Every setting of a run is one thing in Python, on the command line, in a file of TOML and in a picture."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from nstgraph import Config
from nstgraph.cli import options
from nstgraph.cli.exit_codes import command
from nstgraph.networks.weights_file import embedded
from nstgraph.run.written_settings import options_of
from nstgraph.settings.toml_file import as_toml

#: A value of each setting that is not its default, with what else it needs.
CONTROLS: dict[str, dict[str, Any]] = {
    "loss": {"loss": ("0.5*content:layer=conv2_1", "1..0.1*style:layers=conv1_1+conv2_1")},
    "balance": {"balance": True},
    "style_scale": {"style_scale": (1.0, 0.5)},
    "style_weights": {"style_weights": (30.0, 70.0)},
    "blending": {"blending": "sum"},
    "keep_colors": {"keep_colors": True},
    "colors_by": {"keep_colors": True, "colors_by": "matching"},
    "color_space": {"keep_colors": True, "colors_by": "luminance", "color_space": "ycbcr"},
    "mask": {"mask": ("a mask.png", "b.png")},
    "style_mask": {"mask": ("a.png", "b.png"), "style_mask": ("none", "c.png")},
    "feather": {"mask": ("a.png",), "feather": 2.5},
    "content_strength": {"content_strength": "strength.png"},
    "size": {"size": 0},
    "crop": {"crop": "16:9"},
    "fit": {"fit": "shortest"},
    "steps": {"steps": 7},
    "scales": {"scales": 2},
    "init": {"init": "blend:content=0.6,noise=0.4"},
    "seed": {"seed": 3},
    "bounds": {"bounds": True},
    "optimizer": {"optimizer": "adam:learning_rate=5"},
    "history": {"history": 4},
    "precision": {"precision": "float16"},
    "tile": {"tile": 64},
    "memory": {"memory": 2.5},
    "deterministic": {"deterministic": True},
    "weights": {"weights": str(embedded())},
    "pooling": {"pooling": "max"},
    "padding": {"padding": "wrap-x"},
    "network": {"network": "net.pb"},
    "input": {"network": "net.pb", "input": "image"},
    "input_values": {"network": "net.pb", "input_values": "rgb-unit"},
}

TAKEN: list[Config] = []

painting = typer.Typer()


@command(painting)
@options.takes(config=Config)
def paint(config: Config, config_file: options.ConfigFile = None) -> None:
    """Paint."""
    TAKEN.append(config)


def by_command_line(*arguments: str) -> Config:
    result = CliRunner().invoke(painting, list(arguments))
    assert result.exit_code == 0, result.output
    return TAKEN.pop()


def test_every_setting_is_tried() -> None:
    assert list(CONTROLS) == [field.name for field in dataclasses.fields(Config)]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_setting_is_the_same_wherever_it_is_given(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("a mask.png", "a.png", "b.png", "c.png", "strength.png"):
        Path(file).touch()
    config = Config(**CONTROLS[name])
    assert getattr(config, name) != getattr(Config(), name)
    assert by_command_line(*itertools.chain(*options_of(CONTROLS[name]))) == config
    (tmp_path / "a.toml").write_text(as_toml(CONTROLS[name]), encoding="utf-8")
    assert Config.from_toml(tmp_path / "a.toml") == config
    assert by_command_line("--config", str(tmp_path / "a.toml")) == config
    if name not in ("network", "input", "input_values", "weights"):  # which are looked for by their hashes
        again = Config.from_settings(json.loads(json.dumps(CONTROLS[name])))
        assert again.replace(loss=tuple(again.loss)) == config


def test_the_controls_are_in_the_docs() -> None:
    pages = Path(__file__).parents[2] / "docs"
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages.glob("*.md"))
    written = set(re.findall(r"--[a-z-]+", text))
    assert [name for name in CONTROLS if f"--{name.replace('_', '-')}" not in written] == []
