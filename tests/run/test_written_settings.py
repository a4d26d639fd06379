"""Settings as a command and as Python: what is written can be pasted, and is the same run."""

from __future__ import annotations

import ast
import shlex
from typing import Any

import pytest

from nstgraph.run.written_settings import as_command, as_python

RECORDED: dict[str, Any] = {
    "content": {"path": "my photo.jpg", "sha256": "0" * 64},
    "styles": [{"path": "a.png", "sha256": "1" * 64}, {"path": "-b.png", "sha256": "2" * 64}],
    "loss": "content:layer=conv1_1 0.5*tv:power=2",
    "size": 64,
    "style_scale": [1.0, 0.5],
    "keep_colors": True,
    "weights": "compact_vgg.npz",
}


def test_a_command_can_be_pasted() -> None:
    words = shlex.split(as_command(RECORDED).replace("\\\n", " "))
    assert words[:5] == ["nstgraph", "stylize", "my photo.jpg", "a.png", "./-b.png"]
    assert words[words.index("--size") + 1] == "64"
    assert words[words.index("--style-scale") + 1] == "1.0+0.5"
    assert [words[n + 1] for n, word in enumerate(words) if word == "-l"] == ["content:layer=conv1_1", "0.5*tv:power=2"]
    assert "--keep-colors" in words


def test_python_can_be_pasted() -> None:
    call = ast.parse(as_python(RECORDED)).body[1]
    assert isinstance(call, ast.Assign) and isinstance(call.value, ast.Call)
    assert [ast.literal_eval(one) for one in call.value.args] == ["my photo.jpg", ["a.png", "./-b.png"]]
    given = {str(one.arg): ast.literal_eval(one.value) for one in call.value.keywords if one.arg != "weights"}
    assert given == {
        "loss": ("content:layer=conv1_1", "0.5*tv:power=2"), "size": 64, "style_scale": (1.0, 0.5), "keep_colors": True,
    }  # fmt: skip


@pytest.mark.parametrize("path", ['x.py"""\nimport os', "x.py\nimport os"])
def test_a_strangers_plugin_adds_no_line_of_python(path: str) -> None:
    plugins = [{"path": path, "sha256": "3" * 64}]
    text = as_python({**RECORDED, "plugins": plugins})
    assert [type(one).__name__ for one in ast.parse(text).body] == ["Import", "Assign", "Expr"]
    assert "import os" in next(line for line in text.splitlines() if line.startswith("#"))


def test_a_texture_has_no_photo() -> None:
    texture = {"aspect": "2:1", "content": None, "styles": RECORDED["styles"][:1], "size": 64}
    assert as_command(texture).startswith("nstgraph texture a.png")
    assert "nstgraph.texture(\n    'a.png',\n" in as_python(texture)
