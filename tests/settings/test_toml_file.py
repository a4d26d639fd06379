"""Settings in files of TOML: what is written is read back, whatever is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nstgraph.config import Config
from nstgraph.errors import ConfigError
from nstgraph.settings.toml_file import as_toml, read_toml

VALUES: dict[str, Any] = {
    "loss": ("tv", "probe:mask='it''s \"my\\mask\"\n, ä \x1b\u202e😀.png'"), "one": ("tv",), "none": (), "size": 64,
    "memory": 1e-7, "large": 1e22, "endless": float("inf"), "bounds": True, "compare": False, "init": "noise",
}  # fmt: skip


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    text = as_toml({**VALUES, "weights": None, "log": Path("a.csv")})
    assert text.isprintable() or set(text) - {"\n"} == {letter for letter in text if letter.isprintable()}
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    assert read_toml(tmp_path / "a.toml") == {**VALUES, "log": "a.csv"}
    assert "nan" in as_toml({"memory": float("nan")})


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.toml").touch()
    assert read_toml(tmp_path / "a.toml") == {} and Config.from_toml(tmp_path / "a.toml") == Config()


def test_a_configuration_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('size = 64\nloss = "tv"\nweights = "w.npz"\nmemory = 2\n[outputs]\ncompare = true\n')
    assert Config.from_toml(path) == Config(size=64, loss="tv", weights="w.npz", memory=2)
    assert Config.from_toml(str(path), size=0) == Config(size=0, loss="tv", weights="w.npz", memory=2)
    assert Config.from_toml(path, network="n.pb").weights is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seize = 3", "no setting 'seize' for .*a.toml; did you mean 'size'?"),
        ("compare = true", "no setting 'compare' for "),
        ("plugin = 'p.py'", "plugin in .*a.toml: plugins are code; "),
        ("size = 3.5", "size in .*a.toml is 3.5; choose 0 or a whole number"),
        ("size = [1", "a.toml is not TOML "),
    ],
)
def test_what_cannot_be(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        Config.from_toml(tmp_path / "a.toml")
