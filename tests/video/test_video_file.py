"""Videos that are read: times, turns, ranges of colours, and what cannot be read."""

from __future__ import annotations

import re

import av
import numpy as np
import pytest

from nstgraph.errors import PictureError
from nstgraph.video.video_file import VideoFile

#: A matrix of a track in an .mp4 as it is, and for a picture that is to be turned to the right.
PLAIN = np.array([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000], ">i4").tobytes()
TURNED = np.array([0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000], ">i4").tobytes()


@pytest.fixture(scope="module")
def frames(drawn):
    return drawn(4, 48, 64)


def test_frames_are_as_they_were_written_at_their_times(tmp_path, frames, save_video):
    path = save_video(tmp_path / "c.mp4", frames, times=[0, 40, 200, 210])
    clip = VideoFile(path)
    read = list(clip.frames())
    assert len(read) == 4 and clip.files() == [path]
    assert [round(1000 * frame.time) for frame in read] == [0, 40, 200, 210]
    assert all(np.abs(one.rgb.astype(float) - other).mean() < 8 for one, other in zip(read, frames, strict=True))
    assert read[0].rgb.shape == (48, 64, 3) and len(clip.sha256) == 64


def test_a_turned_video_is_read_upright(tmp_path, frames, save_video):
    path = save_video(tmp_path / "c.mp4", frames)
    data = path.read_bytes()
    at = data.index(b"tkhd")
    path.write_bytes(data[:at] + data[at:].replace(PLAIN, TURNED, 1))
    first = next(VideoFile(path).frames()).rgb
    assert np.abs(first.astype(float) - np.rot90(frames[0], -1)).mean() < 8


@pytest.mark.parametrize(("full", "matrix"), [(False, 1), (True, 1), (False, 6), (True, 5)])
def test_colours_are_read_as_the_file_says(tmp_path, full, matrix):
    red = np.full((48, 64, 3), (180, 40, 30), np.uint8)
    with av.open(str(tmp_path / "c.mkv"), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 1 + full
        frame = av.VideoFrame.from_ndarray(red, format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=5 if matrix == 6 else matrix, dst_color_range=1 + full)
        frame.colorspace, frame.color_range = matrix, 1 + full
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    clip = VideoFile(tmp_path / "c.mkv")
    assert (clip.tags.matrix, clip.tags.full_range) == (matrix, full)
    assert np.abs(next(clip.frames()).rgb.astype(int) - red).max() <= 3


def test_sound_alone_is_no_moving_picture(tmp_path, save_video):
    with av.open(str(tmp_path / "s.m4a"), "w", format="mp4") as output:
        sound = output.add_stream("aac", rate=44100)
        block = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        block.sample_rate = 44100
        output.mux(sound.encode(block))
        output.mux(sound.encode(None))
    with pytest.raises(PictureError, match=re.escape("s.m4a has no moving picture in it; give a video")):
        VideoFile(tmp_path / "s.m4a")


@pytest.mark.parametrize("keep", [0.0, 0.5, 1.0])
def test_what_is_damaged_is_said_in_one_line(tmp_path, frames, save_video, keep):
    data = save_video(tmp_path / "c.mp4", frames).read_bytes()
    (tmp_path / "b.mp4").write_bytes(data[: int(keep * len(data))] if keep < 1 else b"no video at all" * 99)
    with pytest.raises(PictureError, match=r"b\.mp4 .*convert it to \.mp4$") as raised:
        list(VideoFile(tmp_path / "b.mp4").frames())
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nprivate.mkv\n#EXT-X-ENDLIST\n"),
        ("list.mp4", "ffconcat version 1.0\nfile private.mkv\n"),
    ],
)
def test_a_list_of_other_files_is_not_followed(tmp_path, frames, save_video, monkeypatch, name, text):
    monkeypatch.chdir(tmp_path)
    save_video(tmp_path / "private.mkv", frames)
    (tmp_path / name).write_text(text)
    with pytest.raises(PictureError, match=rf"{name} is none of the videos that are read; convert it to \.mp4$"):
        VideoFile(tmp_path / name)


def test_frames_too_large_for_memory_are_refused(tmp_path, frames, save_video, monkeypatch):
    path = save_video(tmp_path / "c.mp4", frames)
    monkeypatch.setattr("nstgraph.video.clip.available_memory", lambda: 1000.0)
    with pytest.raises(PictureError, match=r"has frames of 64 x 48 pixels, which take .* to read, and only"):
        VideoFile(path)
