"""A built wheel holds all that nstgraph needs, and nothing that was only lying about."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_wheel_has_weights_plugins_and_entry_points(tmp_path):
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    (source / "vgg" / "vgg16_weights.npz").write_bytes(b"downloaded")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        entry_points = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert {"nstgraph_vgg/compact_vgg.npz", "nstgraph_plugins/luminance.py", "nstgraph/py.typed"} <= names
    assert "nstgraph_vgg/vgg16_weights.npz" not in names
    assert "nstgraph = nstgraph.__main__:main" in entry_points
    assert "laplacian = nstgraph_plugins.laplacian" in entry_points
