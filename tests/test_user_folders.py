"""Where a user's own files are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nstgraph.user_folders import cache_folder, state_folder


@pytest.mark.skipif(os.name == "nt", reason="other variables on Windows")
def test_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/nstgraph")
    for unusable in ("relative", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        assert cache_folder() == tmp_path / ".cache" / "nstgraph"
    assert not (tmp_path / ".cache").exists()


def test_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.name == "nt":
        pytest.skip("Windows has one folder for both")
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert state_folder() == Path("/somewhere/nstgraph")
    monkeypatch.setenv("HOME", str(tmp_path))
    for unusable in ("", "relative"):
        monkeypatch.setenv("XDG_STATE_HOME", unusable)
        assert state_folder() == tmp_path / ".local" / "state" / "nstgraph"
