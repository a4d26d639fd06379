"""Whole moving pictures: what is written, how a run goes on, and how much less it flickers."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest
from drawn_pictures import painting

import nstgraph as nst
from nstgraph.bench.flicker import FlickerComparison
from nstgraph.errors import ConfigError
from nstgraph.video.finished_frames import folder_beside
from nstgraph.video.open_clip import open_clip

SMALL = {"size": 48, "steps": 3, "scales": 1, "frame_steps": 2, "loss": "moments:layers=image"}


@pytest.fixture(scope="module")
def source(tmp_path_factory, drawn, save_video):
    """Six frames, of which the last two are another scene, with a tone; and a painting."""
    folder = tmp_path_factory.mktemp("clip")
    frames = drawn(4, 36, 48)
    frames += [np.ascontiguousarray(frame[::-1, ::-1]) for frame in frames[:2]]
    return save_video(folder / "in.mp4", frames, tone=True), painting(40, 40)


def test_a_run_that_was_interrupted_goes_on_to_the_same_frames(tmp_path, source):
    clip, style = source
    told = []

    def interrupt(frame):
        told.append((frame.number, frame.resumed, frame.opens))
        if frame.number == 3 and not frame.resumed:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nst.stylize_video(clip, style, tmp_path / "cut.mp4", callback=interrupt, **SMALL)
    assert not (tmp_path / "cut.mp4").exists()
    assert len(list(folder_beside(tmp_path / "cut.mp4").glob("*.png"))) == 3
    told.clear()
    result = nst.stylize_video(clip, style, tmp_path / "cut.mp4", callback=interrupt, **SMALL)
    assert [one[:2] for one in told] == [(number, number <= 3) for number in range(1, 7)]
    assert (result.frames, result.scenes[-1]) == (6, 5) and not folder_beside(tmp_path / "cut.mp4").exists()
    whole = nst.stylize_video(clip, style, tmp_path / "whole.mp4", **SMALL)
    assert (tmp_path / "whole.mp4").read_bytes() == (tmp_path / "cut.mp4").read_bytes() and whole.scenes == (1, 5)
    assert (whole.settings["temporal"], whole.settings["content"]["sha256"]) == (
        nst.VideoConfig().temporal,
        open_clip(clip).sha256,
    )
    with av.open(str(result.path)) as container:
        assert len(container.streams.audio) == 1
        assert json.loads(container.metadata["comment"])["frame_steps"] == 2


def test_settings_that_do_not_go_with_frames(source):
    with pytest.raises(ConfigError, match=r"^balance would weigh the terms of each frame anew"):
        nst.VideoConfig(balance=True)
    with pytest.raises(ConfigError, match=r"^frames of a moving picture have edges"):
        nst.VideoConfig(padding="wrap")
    with pytest.raises(ConfigError, match=r"^long_term is 0; choose whole numbers from 1 to 40"):
        nst.VideoConfig(long_term=0)
    config = nst.VideoConfig(long_term=[2, 4], temporal=5.0)
    assert config.long_term == (2, 4) and hash(config) == hash(nst.VideoConfig(long_term=(2, 4), temporal=5.0))


@pytest.mark.parametrize("missing", ["av", "cv2"])
def test_what_is_not_installed_is_named_with_its_command(tmp_path, source, monkeypatch, missing):
    import sys

    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigError, match=r": python -m pip install 'nstgraph\[video\]'$"):
        nst.stylize_video(source[0], source[1], tmp_path / "out.mp4", **SMALL)


@pytest.mark.slow
def test_a_moving_picture_flickers_at_most_a_third_of_frames_made_alone(tmp_path, drawn, save_video):
    clip, style = save_video(tmp_path / "in.mp4", drawn(20, 48, 64), tone=True), painting(64, 64)
    config = nst.VideoConfig(size=64)
    with FlickerComparison(config, [style]) as flicker:
        result = nst.stylize_video(clip, style, tmp_path / "out.mp4", config, callback=flicker)
    assert 0 < flicker.held.levels < flicker.alone.levels / 3 and result.frames == 20
    with av.open(str(result.path)) as container:
        assert len(list(container.decode(video=0))) == 20
    with av.open(str(result.path)) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) >= 0.8 * 44100
