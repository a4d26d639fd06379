"""Moving pictures that are written: what they hold, and what is refused beforehand."""

from __future__ import annotations

import re
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from nstgraph.errors import OutputError
from nstgraph.pictures.save import save
from nstgraph.video.open_clip import open_clip
from nstgraph.video.write_clip import check_output, write_clip


@pytest.fixture
def clip(tmp_path, drawn, save_video):
    return open_clip(save_video(tmp_path / "in.mp4", drawn(4, 48, 64), tone=True, times=[0, 40, 120, 160]))


@pytest.fixture
def written(tmp_path, clip):
    """Function of a name that writes the clip's frames, one row and column smaller, so, and gives the path."""

    def write(name, **options):
        frames, times = [], []
        for number, frame in enumerate(clip.frames(), 1):
            frames.append(save(tmp_path / f"{number:06d}.png", frame.rgb[None, 1:, 1:].astype(np.float32)))
            times.append(frame.time)
        write_clip(tmp_path / name, clip, frames, times, **{"audio": True, **options})
        return tmp_path / name

    return write


def packets(path):
    with av.open(str(path)) as container:
        (sound,) = container.streams.audio
        return [(bytes(packet), packet.time_base * packet.pts) for packet in container.demux(sound) if packet.size]


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv", "out.mov"])
def test_frames_keep_their_times_and_colours_and_the_sound_is_copied(clip, written, name):
    path = written(name, comment="made so")
    again = open_clip(path)
    read = list(again.frames())
    start = read[0].time  # Matroska has no times below 0, which those of sound may be: there, all are later
    assert [round(1000 * (frame.time - start)) for frame in read] == [0, 40, 120, 160]
    assert read[0].rgb.shape == (48, 64, 3)  # even, as encoders want it
    assert again.tags.matrix == clip.tags.matrix and again.tags.full_range == clip.tags.full_range
    for new, old in zip(read, clip.frames(), strict=True):
        assert np.abs(new.rgb[:47, :63].astype(float) - old.rgb[1:, 1:]).mean() < 8
        assert abs(new.rgb.mean() - old.rgb.mean()) < 3
    before, after = packets(clip.path), packets(path)
    assert [data for data, _ in after] == [data for data, _ in before] and len(after) > 4
    assert all(abs(one - start - other) < Fraction(1, 500) for (_, one), (_, other) in zip(after, before, strict=True))


def test_the_sound_may_be_left_out_and_webm_cannot_hold_it(tmp_path, clip, written):
    with av.open(str(written("mute.webm", audio=False))) as container:
        assert not container.streams.audio and container.streams.video[0].codec_context.name.startswith("vp9")
    message = r"^cannot write .*loud\.webm \(.*\); leave the sound out with --no-audio, or name a \.mkv$"
    with pytest.raises(OutputError, match=message):
        check_output(tmp_path / "loud.webm", clip, audio=True)
    assert not (tmp_path / "loud.webm").exists()


@pytest.mark.parametrize("name", ["out.gif", "out.webp"])
def test_an_animation_shows_its_frames_as_long(written, name):
    frames = list(open_clip(written(name)).frames())
    assert [round(1000 * frame.time) for frame in frames] == [0, 40, 120, 160]


def test_a_name_without_an_ending_is_a_folder_of_frames(written):
    folder = written("frames")
    assert sorted(path.name for path in folder.iterdir()) == [f"{number:06d}.png" for number in range(1, 5)]
    with Image.open(folder / "000001.png") as first:
        assert first.size == (63, 47)


def test_outputs_are_refused_before_any_work(tmp_path, clip):
    (tmp_path / "there.mp4").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    for name, message in {
        "there.mp4": "exists; choose another name or pass --overwrite",
        "folder": "exists; choose a folder that does not",
        "in.mp4": "is an input and is never written over",
        "out.avi": "ends in none of .mp4, .mov, .mkv, .webm, .gif, .webp; rename it",
        "nowhere/out.mp4": "does not exist; create it first",
        "nowhere/out": "does not exist; create it first",
    }.items():
        with pytest.raises(OutputError, match=re.escape(message)):
            check_output(tmp_path / name, clip, audio=True)
