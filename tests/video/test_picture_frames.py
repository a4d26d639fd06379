"""Folders of frames, and animations."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from nstgraph.errors import PictureError
from nstgraph.pictures.save import save
from nstgraph.video.open_clip import open_clip


def pictures(count=3, height=24, width=32):
    return [np.full((height, width, 3), (40 * number, 90, 20), np.uint8) for number in range(count)]


def test_a_folder_is_its_pictures_by_name_at_a_rate(tmp_path):
    for number, name in enumerate(["b.png", "a.png", "c.png"]):
        save(tmp_path / name, pictures()[number][None].astype(np.float32))
    clip = open_clip(tmp_path, 12.5)
    frames = list(clip.frames())
    assert [int(frame.rgb[0, 0, 0]) for frame in frames] == [40, 0, 80]
    assert [float(frame.time) for frame in frames] == [0, 0.08, 0.16]
    before = clip.sha256
    save(tmp_path / "c.png", pictures(1)[0][None].astype(np.float32), overwrite=True)
    assert open_clip(tmp_path).sha256 != before
    save(tmp_path / "d.png", np.zeros((1, 20, 20, 3), np.float32))
    with pytest.raises(PictureError, match=r"d\.png has 20 x 20 pixels, and the first frame 32 x 24; give a folder"):
        list(open_clip(tmp_path).frames())


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_an_animation_has_its_own_times(tmp_path, name):
    first, *rest = map(Image.fromarray, pictures())
    first.save(tmp_path / name, save_all=True, append_images=rest, duration=[50, 200, 100], lossless=True)
    clip = open_clip(tmp_path / name)
    frames = list(clip.frames())
    assert [float(frame.time) for frame in frames] == [0, 0.05, 0.25]
    assert [frame.rgb.shape for frame in frames] == [(24, 32, 3)] * 3
    assert all(np.abs(one.rgb.astype(int) - other).max() < 6 for one, other in zip(frames, pictures(), strict=True))


def test_what_does_not_move_is_refused(tmp_path):
    Image.fromarray(pictures(1)[0]).save(tmp_path / "one.gif")
    (tmp_path / "broken.webp").write_bytes(b"RIFFnothing of the kind")
    (tmp_path / "empty").mkdir()
    for name, message in {
        "one.gif": "one.gif has one frame; nstgraph stylize takes it",
        "broken.webp": "broken.webp is not a picture that can be read, or is damaged",
        "empty": "empty is a folder without pictures",
        "none.mp4": "none.mp4 does not exist; check the name and the folder",
    }.items():
        with pytest.raises(PictureError, match=re.escape(message)):
            open_clip(tmp_path / name)
