import os
import re
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from nstgraph.cli.app import app
from nstgraph.cli.progress import Display, download_bar
from nstgraph.errors import NstgraphError
from nstgraph.search.step import Step

CLI = "from nstgraph.__main__ import main; main()"


def step(number, of=10, seconds=None, **terms):
    seconds = number if seconds is None else seconds
    return Step(number, 3.25, terms or {"style": 3.0, "tv": 0.25}, 24, 32, number + 1, seconds, number / of)


def lines(capsys):
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err.splitlines()


def test_plain_lines_name_everything(capsys):
    with Display(10) as display:
        display.note("weights: [those]")
        for number in (1, 2, 3):
            display.show(step(number))
        display.note("finished")
    assert lines(capsys) == [
        "weights: [those]",
        "step 1/10  32×24  loss 3.25  style 3  tv 0.25",
        "step 2/10  32×24  loss 3.25  style 3  tv 0.25  8 s left",
        "step 3/10  32×24  loss 3.25  style 3  tv 0.25  7 s left",
        "finished",
    ]


@pytest.mark.parametrize(("steps", "number"), [(1, 1), (5, 5), (20, 20), (1000, 21)])
def test_plain_lines_are_few_and_include_first_and_last_step(capsys, steps, number):
    with Display(steps) as display:
        for i in range(1, steps + 1):
            display.show(step(i, steps))
    shown = lines(capsys)
    assert len(shown) == pytest.approx(number, abs=1)
    assert shown[0].startswith("step 1/") and shown[-1].startswith(f"step {steps}/{steps} ")


@pytest.mark.parametrize(
    ("seconds", "left"), [(0.1, "0 s"), (59.4, "59 s"), (600, "10 min 00 s"), (3725, "1 h 02 min")]
)
def test_time_left_does_not_count_what_was_before_the_first_step(capsys, seconds, left):
    with Display(4) as display:
        display.show(step(2, 4, 1000))
        display.show(step(3, 4, 1000 + seconds))
    first, second = lines(capsys)
    assert "left" not in first and second.endswith(f"  {left} left")


def test_quiet_shows_nothing(capsys):
    with Display(3, quiet=True) as display:
        display.note("finished")
        display.show(step(3, 3))
    assert lines(capsys) == []


def test_download(capsys):
    with pytest.raises(NstgraphError), download_bar() as show:
        raise NstgraphError("before the first byte")
    assert lines(capsys) == []
    with download_bar() as show:
        show(0, None)
        show(2_000_000, 4_000_000)
    assert "2.0/4.0 MB" in "".join(lines(capsys))


def all_that_comes(terminal):
    """All bytes until the other end is closed."""
    shown = b""
    while True:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # how Linux says that the other end has been closed
            return shown
        if not data:
            return shown
        shown += data


def on_a_terminal(folder, code, *arguments, columns=80, term="xterm"):
    """Exit code and all that a process writes to a terminal of its own."""
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR", "NSTGRAPH_WEIGHTS")}
    environment |= {"TERM": term, "XDG_CACHE_HOME": str(folder), "PYTHONIOENCODING": "utf-8"}
    ours, theirs = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = all_that_comes(ours)
    os.close(ours)
    return process.returncode, shown.decode()


def visible(shown):
    return re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", shown).replace("\r", "\n")


RUN = "stylize c.png c.png -o out.png --size 48 --steps 3 --precision float32 -l style:layers=image -l 0.5*tv"


@pytest.fixture
def photo(empty_folder, save_picture):
    save_picture(empty_folder / "c.png", 48, 36)
    return empty_folder


def assert_run(code, shown):
    assert code == 0
    text = visible(shown)
    assert re.search(r"^plan: 48x36, .* 3 steps in ", text, re.MULTILINE)
    assert all(f"{line}\n" in text for line in ("weights: the embedded weights", "wrote out.png"))
    bar, losses = [line for line in text.splitlines() if line.strip()][-2:]
    assert re.fullmatch(r"step 3/3  48×36 ━+ .*\d s left\s*", bar)
    assert re.fullmatch(r"loss [\d.e-]+  style [\d.e-]+  tv [\d.e-]+", losses)
    assert shown.endswith("\x1b[?25h")  # the cursor is back


def test_a_run_on_a_terminal(photo, monkeypatch):
    """Which is the tests' own standard error meanwhile."""
    fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    with ThreadPoolExecutor(1) as pool, open(theirs, "w", encoding="utf-8") as terminal:
        shown = pool.submit(all_that_comes, ours)
        monkeypatch.setattr(sys, "stderr", terminal)
        # Rich asks the standard streams for the width, of which none is a terminal here.
        monkeypatch.setattr("rich.console._STD_STREAMS", (theirs,))
        code = app(RUN.split(), standalone_mode=False)
        terminal.close()
    os.close(ours)
    assert_run(code or 0, shown.result().decode())


@pytest.mark.slow
def test_a_run_on_a_terminal_in_a_process_of_its_own(photo):
    assert_run(*on_a_terminal(photo, CLI, *RUN.split()))


DISPLAY = f"""
import time
from nstgraph.search.step import Step
from nstgraph.cli.progress import Display
with Display(3) as display:
    for i in (1, 2, 3):
        terms = {{{", ".join(f"'a_long_name_{i}': {i}.5" for i in range(8))}}}
        display.show(Step(i, 7.5, terms, 24, 32, i, i, i / 3))
        time.sleep(0.2)
"""


@pytest.mark.parametrize("columns", [40, *(pytest.param(columns, marks=pytest.mark.slow) for columns in (80, 200))])
def test_every_term_is_shown_however_narrow_the_terminal(tmp_path, columns):
    code, shown = on_a_terminal(tmp_path, DISPLAY, columns=columns)
    assert code == 0
    last = " ".join(visible(shown).rpartition("step ")[2].split())
    assert last.startswith("3/3 32×24 ━") and " 0 s left loss 7.5 a_long_name_0 0.5 " in last
    assert last.endswith("a_long_name_7 7.5")


def test_quiet_shows_nothing_on_a_terminal_either(tmp_path):
    assert on_a_terminal(tmp_path, DISPLAY.replace("Display(3)", "Display(3, quiet=True)")) == (0, "")


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines(tmp_path):
    code, shown = on_a_terminal(tmp_path, DISPLAY, term="dumb")
    assert code == 0 and "\x1b" not in shown
    assert [line.split("  ")[0] for line in shown.splitlines()] == ["step 1/3", "step 2/3", "step 3/3"]
