"""The command ``video``: what it writes and says, and what it refuses."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from drawn_pictures import landscape
from foreground import NSTGRAPH
from PIL import Image
from typer.testing import CliRunner

from nstgraph.cli.app import app

SMALL = "--size 48 --steps 2 --scales 1 --frame-steps 2 -l moments:layers=image"


@pytest.fixture(autouse=True)
def here(picture_folder, monkeypatch):
    """The working folder, with a painting and a folder of three frames."""
    monkeypatch.setenv("COLUMNS", "200")
    (picture_folder / "in").mkdir()
    scene = landscape(56, 36)[0].astype(np.uint8)
    for number in range(3):
        Image.fromarray(scene[:, number : number + 49]).save(picture_folder / "in" / f"{number}.png")
    return picture_folder


def run(line):
    return CliRunner().invoke(app, line.split(" "))


def test_it_tells_of_each_frame_and_writes_it(here):
    result = run(f"video in s.png -o out.webp --frames live --rate 10 --flicker {SMALL}")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("frame 1/3  ") and "new scene" in lines[0] and lines[2].startswith("frame 3/3  ")
    assert lines[-2] == "wrote out.webp: 3 frames"
    assert re.fullmatch(
        r"flicker: [\d.]+ grey levels of frames made alone, [\d.]+ of the result, \d+% of that", lines[-1]
    )
    assert sorted(path.name for path in (here / "live").iterdir()) == ["000001.png", "000002.png", "000003.png"]
    with Image.open(here / "out.webp") as picture:
        assert (picture.n_frames, picture.size) == (3, (48, 35))
    again = run(f"video in s.png -o other.webp --frames live {SMALL}")
    assert again.exit_code == 2 and "there are pictures in live; choose another folder" in again.output


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("video none.mp4 s.png -o out.mp4", "nstgraph: none.mp4 does not exist; did you mean 'text.mp4'?"),
        ("video s.png s.png -o out.mp4", "nstgraph: s.png has one frame; nstgraph stylize takes it"),
        ("video text.mp4 s.png -o out.mp4", "nstgraph: cannot read text.mp4 as a video ("),
        ("video - s.png -o out.mp4", "nstgraph: a moving picture is read from a file or folder; name one in place"),
        ("video in s.png -o -", "nstgraph: a moving picture is written into a file or folder; name one in place"),
        ("video mixed s.png -o out.mp4", "1.png has 40 x 36 pixels, and the first frame 49 x 36; give a folder of"),
        ("video in s.png -o out.jpg", "nstgraph: cannot write out.jpg: it ends in none of .mp4, .mov, .mkv, .webm"),
        ("video in s.png -o in", "nstgraph: in exists; choose a folder that does not"),
        ("video in s.png -o out.gif --size 10", "nstgraph: size is 10; choose 0 or a whole number from 16 to 32768"),
        (
            "video in s.png -o out.gif --long-term 1+x",
            "nstgraph: long_term is '1+x'; choose whole numbers from 1 to 40",
        ),
        ("video in s.png -o out.gif --balance", "nstgraph: balance would weigh the terms of each frame anew"),
    ],
)
def test_what_is_wrong_is_one_line(here, line, message):
    (here / "text.mp4").write_text("no video")
    (here / "mixed").mkdir()
    for number, width in enumerate([49, 40]):
        Image.new("RGB", (width, 36)).save(here / "mixed" / f"{number}.png")
    before = sorted(here.iterdir())
    result = run(line)
    assert result.exit_code == 2 and message in result.output, result.output
    assert len(result.output.splitlines()) == 1 and sorted(here.iterdir()) == before


def test_an_interrupted_video_says_how_to_go_on_and_does(here, interrupting_plugin):
    (here / "p.py").write_text(interrupting_plugin("out.gif.frames/000001.png"))
    line = f"video in s.png -o out.gif {SMALL} --frame-steps 30 -l interrupts --plugin p.py"
    result = run(line)
    assert result.exit_code == 130, result.output
    assert "frames are kept in out.gif.frames; the same command goes on" in result.output
    assert not Path("out.gif").exists() and Path("out.gif.frames/000001.png").exists()
    result = run(line)
    assert result.exit_code == 0, result.output
    assert "frames had been finished; going on" in result.output and Path("out.gif").exists()
    assert not Path("out.gif.frames").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")
def test_after_ctrl_c_it_says_how_to_go_on_and_does(here):
    slow = SMALL.replace("--frame-steps 2", "--frame-steps 30")
    command = [*NSTGRAPH, *f"video in s.png -o out.gif {slow}".split()]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        for line in process.stderr:
            if line.startswith("frame 1/3"):
                process.send_signal(signal.SIGINT)
                break
        said = process.stderr.read()
    assert process.returncode == 130, said
    assert "frames are kept in out.gif.frames; the same command goes on" in said
    assert not Path("out.gif").exists() and Path("out.gif.frames/000001.png").exists()
    result = run(f"video in s.png -o out.gif {slow}")
    assert result.exit_code == 0, result.output
    assert "frames had been finished; going on" in result.output and Path("out.gif").exists()
    assert not Path("out.gif.frames").exists()
