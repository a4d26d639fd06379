"""Which pictures a batch is of."""

from __future__ import annotations

from pathlib import Path

import pytest

from nstgraph.batch.pairing import found, paired
from nstgraph.errors import ConfigError, PictureError


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.png", "a.png", "notes.txt", "sub/c.jpg", "odd[1].png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(b"x")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["b.png", "a.png", "b.png"], ["b.png", "a.png"]),
        (["?.png"], ["a.png", "b.png"]),
        (["sub", "b.png"], ["sub/c.jpg", "b.png"]),
        (["**/*.jpg"], ["sub/c.jpg"]),
        (["odd[1].png"], ["odd[1].png"]),
    ],
)
def test_files_folders_and_patterns(pictures, names, expected):
    assert found(list(map(Path, names))) == list(map(Path, expected))


@pytest.mark.parametrize(("name", "said"), [("*.gif", "no file matches"), ("z.png", "does not exist")])
def test_what_is_not_there_is_said(pictures, name, said):
    with pytest.raises(PictureError, match=said):
        found([Path(name)])


def test_all_with_all_or_one_with_one():
    a, b, x, y = map(Path, "abxy")
    assert paired([a, b], [x, y], in_pairs=False) == [(a, x), (b, x), (a, y), (b, y)]
    assert paired([a, b], [x, y], in_pairs=True) == [(a, x), (b, y)]
    with pytest.raises(ConfigError, match="2 photos and 1 paintings"):
        paired([a, b], [x], in_pairs=True)
