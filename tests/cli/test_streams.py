"""Standard streams that are closed, full or cut off cost nobody a picture; pictures may come and go by them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nstgraph.cli.app import app
from nstgraph.pictures.load import load

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the shell's redirections are those of POSIX")

COMMAND = f"{sys.executable} -m nstgraph"
SMALL = "--size 32 --steps 3 --scales 1 --precision float32 -l style:layers=image"


@pytest.fixture(autouse=True)
def here(picture_folder: Path) -> Path:
    return picture_folder


def shell(line: str, **how: object) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=600, check=False, **how)  # type: ignore[call-overload]
    assert isinstance(done, subprocess.CompletedProcess) and b"Traceback" not in done.stderr
    return done


@pytest.mark.parametrize(
    "streams",
    [
        pytest.param("2>&-", marks=pytest.mark.slow),
        pytest.param("1>&-", marks=pytest.mark.slow),
        pytest.param("2>/dev/full", marks=pytest.mark.slow),
        "<&- >&- 2>&-",
    ],
)
def test_streams_that_are_closed_or_full_cost_no_picture(here: Path, streams: str) -> None:
    if "full" in streams and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    done = shell(f"{COMMAND} stylize c.png s.png -o out.png --log log.csv {SMALL} {streams}")
    assert done.returncode == 0 and load(here / "out.png").size == (24, 32)
    assert (here / "log.csv").read_text().count("\n") == 4


@pytest.mark.slow
def test_a_reader_that_leaves_costs_no_picture(here: Path) -> None:
    done = shell(f"{COMMAND} stylize c.png s.png -o out.png {SMALL} 2>&1 | head -1; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == 0 and done.stdout.startswith(b"plan: ") and (here / "out.png").exists()


@pytest.mark.parametrize(
    "command",
    [
        "terms",
        *(
            pytest.param(command, marks=pytest.mark.slow)
            for command in ("terms style", "weights info", "graph show --size 32 --all -l tv")
        ),
    ],
)
def test_a_reader_of_a_list_may_leave(command: str) -> None:
    done = shell(f"{COMMAND} {command} | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_picture_comes_by_standard_input_and_goes_by_standard_output(here: Path) -> None:
    line = f"stylize - s.png -o - -q {SMALL}"
    done = CliRunner().invoke(app, line.split(), input=(here / "c.png").read_bytes())
    assert (done.exit_code, done.stderr) == (0, "")
    assert load(io.BytesIO(done.stdout_bytes)).size == (24, 32)
    assert sorted(path.name for path in here.iterdir()) == ["c.png", "s.png"]


@pytest.mark.slow
def test_so_it_does_in_a_process_of_its_own(here: Path) -> None:
    done = shell(f"{COMMAND} stylize - s.png -o - -q {SMALL} < c.png")
    assert (done.returncode, done.stderr) == (0, b"")
    assert load(io.BytesIO(done.stdout)).size == (24, 32)
    assert sorted(path.name for path in here.iterdir()) == ["c.png", "s.png"]


def test_standard_input_is_one_picture_only() -> None:
    done = shell(f"{COMMAND} stylize - - < c.png")
    assert done.returncode == 2
    assert done.stderr == b"nstgraph: standard input can be one picture only; give the others as files\n"


def test_what_is_no_picture_on_standard_input_is_one_line() -> None:
    done = shell(f"echo nothing | {COMMAND} stylize - s.png -o o.png")
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1 and b"not a picture" in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
@pytest.mark.parametrize(
    "command",
    [
        "-h",
        "terms",
        *(pytest.param(command, marks=pytest.mark.slow) for command in ("--version", "weights list", "stylize -h")),
    ],
)
def test_a_standard_output_that_is_full_is_one_line(command: str) -> None:
    done = shell(f"{COMMAND} {command} > /dev/full")
    assert done.returncode == 2
    assert done.stderr == b"nstgraph: cannot write to standard output (No space left on device); send it elsewhere\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("- s.png -o o.png <&-", b"picture is not a picture", marks=pytest.mark.slow),
        ("c.png s.png -o - >&-", b"standard output is closed; name a file with -o"),
    ],
)
def test_a_picture_by_a_stream_that_is_closed_is_refused(here: Path, line: str, message: bytes) -> None:
    done = shell(f"{COMMAND} stylize {line}")
    assert done.returncode == 2 and message in done.stderr and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("module", ["typer", "rich"])
def test_ctrl_c_while_the_command_line_itself_is_imported_is_no_traceback(here: Path, module: str) -> None:
    (here / f"{module}.py").write_text("raise KeyboardInterrupt")
    done = shell(f"{COMMAND} --help", env=os.environ | {"PYTHONPATH": str(here)})
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"nstgraph: interrupted\n")
