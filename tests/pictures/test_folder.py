from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from nstgraph.errors import PictureError
from nstgraph.pictures.folder import pictures_in, without_folders


def test_a_folder_stands_for_its_pictures_by_name(tmp_path: Path, save_picture: Callable[..., None]) -> None:
    for name in ("b.JPG", "a.webp", ".hidden.png", "c.tif"):
        save_picture(tmp_path / name, 8, 8)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "more.png").mkdir()
    found = [tmp_path / name for name in ("a.webp", "b.JPG", "c.tif")]
    assert pictures_in(tmp_path) == found
    stream = io.BytesIO()
    assert without_folders(["x.png", tmp_path, stream, str(tmp_path)]) == ["x.png", *found, stream, *found]


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(PictureError, match=r"is a folder without pictures; name a picture, or a folder that has some$"):
        pictures_in(tmp_path)
