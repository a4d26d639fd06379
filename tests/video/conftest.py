"""Clips drawn by code, whose motion is known."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from drawn_pictures import landscape

Frames = list[npt.NDArray[np.uint8]]

#: Pixels a frame: of the landscape to the left, and of what moves in front of it to the right.
PAN, RUN = 2, 3


def _drawn(count: int, height: int, width: int) -> Frames:
    scene = landscape(width + PAN * count, height)[0].astype(np.uint8)
    rows, columns = np.mgrid[:height, :width]
    frames = []
    for number in range(count):
        frame = scene[:, PAN * number : PAN * number + width].copy()
        middle = width // 6 + RUN * number
        disc = (rows - height * 0.6) ** 2 + (columns - middle) ** 2 < (height / 6) ** 2
        stripes = ((rows + columns - middle) // 4 % 2)[..., None]
        frame[disc] = np.where(stripes, (210, 60, 40), (250, 190, 60))[disc]
        frames.append(frame)
    return frames


@pytest.fixture(scope="session")
def drawn() -> Callable[[int, int, int], Frames]:
    """Function of number, height and width of frames: a pan over a landscape, before which a disc moves."""
    return _drawn


@pytest.fixture(scope="session")
def save_video() -> Callable[..., Path]:
    """Function that writes frames as a video, with a tone if that is wanted, at chosen times (in 1/1000 s)."""

    def save(path: Path, frames: Frames, *, tone: bool = False, times: list[int] | None = None, rate: int = 25) -> Path:
        with av.open(str(path), "w") as output:
            video = output.add_stream("libx264", rate=rate, options={"crf": "10"})
            video.codec_context.time_base = Fraction(1, 1000)
            video.height, video.width = frames[0].shape[0] // 2 * 2, frames[0].shape[1] // 2 * 2
            video.pix_fmt = "yuv420p"
            sound = output.add_stream("aac", rate=44100) if tone else None
            for number, frame in enumerate(frames):
                picture = av.VideoFrame.from_ndarray(frame[: video.height, : video.width].copy(), format="rgb24")
                picture.pts = times[number] if times else number * 1000 // rate
                picture.time_base = Fraction(1, 1000)
                output.mux(video.encode(picture))
            output.mux(video.encode(None))
            if sound is not None:
                _hum(output, sound, len(frames) / rate)
        return path

    return save


def _hum(output: av.container.OutputContainer, sound: av.AudioStream, seconds: float) -> None:
    wave = np.sin(np.arange(int(44100 * seconds)) * 2 * np.pi * 440 / 44100)[None].astype(np.float32) / 4
    for start in range(0, wave.shape[1], 1024):
        block = av.AudioFrame.from_ndarray(wave[:, start : start + 1024].copy(), format="fltp", layout="mono")
        block.sample_rate, block.pts = 44100, start
        output.mux(sound.encode(block))
    output.mux(sound.encode(None))
