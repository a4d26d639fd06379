"""The bench's counts, that its ratios are what they say, and its command line; no time is asserted."""

from __future__ import annotations

import json
import os
import re

import pytest
from typer.testing import CliRunner

from nstgraph import Config
from nstgraph.bench.figures import Failure, Row, TargetReuse
from nstgraph.bench.measure import measure_row, target_reuse
from nstgraph.bench.separate_process import measure_apart
from nstgraph.cli.app import app

SMALL = "-l style:layers=conv1_1 --repeats 2"  # one layer, since TensorFlow takes its time over each
PLUGIN = """
from nstgraph import loss_term
print("a plugin that prints")

@loss_term
def redness(g):
    return g.mean(g.generated["conv1_1"])
"""


@pytest.fixture(autouse=True)
def here(picture_folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    return picture_folder


def run(line):
    return CliRunner().invoke(app, f"bench {line}".split(" "))


def good(line):
    result = run(line)
    assert result.exit_code == 0, result.output
    return result


def cells(text):
    """The cells of each line, which are two or more blanks apart."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


@pytest.mark.parametrize("tile", [pytest.param("off", marks=pytest.mark.slow), 32])
def test_the_figures_of_a_row_fit_together(tile):
    loss = "content:layer=conv1_2 style:layers=conv1_1"
    row = measure_row(Config(size=64, loss=loss, precision="float32", tile=tile), styles=2, repeats=2)
    assert (row.size, row.precision, row.tile) == (64, "float32", None if tile == "off" else tile)
    # Tiles overlap, and go forward twice, but what is useful stays the same.
    products = 2 * 64**2 * (2 * 9 * 3 * 64 + 2 * 9 * 64 * 64 + 2 * 64 * 64)
    assert products < row.gflop * 1e9 < 1.03 * products
    assert row.rate == pytest.approx(row.gflop / row.seconds)
    assert row.share == pytest.approx(row.rate / row.product_rate) and row.share > 0
    assert 0 < row.outside < 1 and row.peak_memory > 10e6


def test_a_loss_that_leaves_nothing_to_search_for_is_measured():
    row = measure_row(Config(size=32, loss="pixel_range", precision="float32"), repeats=1)
    assert row.gflop * 1e9 < 40 * 3 * 32**2 and row.seconds > 0 and 0 < row.outside < 1


def test_target_reuse():
    config = Config(size=64, loss="content:layer=conv1_2 style:layers=conv1_1")
    reuse = target_reuse(config, styles=2, repeats=2)
    assert isinstance(reuse, TargetReuse) and reuse.size == 64 and reuse.precision in ("float32", "bfloat16")
    assert reuse.speedup == pytest.approx(reuse.seconds_anew / reuse.seconds)
    assert 1.5 < reuse.possible_speedup < 3 and reuse.difference < 1e-5
    refused = target_reuse(config.replace(memory=0.1))
    assert isinstance(refused, Failure) and "raise --memory to" in refused.error


@pytest.mark.slow
def test_one_row_as_json_is_all_that_is_printed():
    result = good(f"--size 64 --precision float32 --tile off --json {SMALL}")
    (row,) = json.loads(result.stdout)["rows"]
    assert result.stdout.count("\n") == 1 and result.stderr.startswith("64 px, float32, whole: ")
    assert (row["size"], row["precision"], row["tile"]) == (64, "float32", None)
    assert row["share"] == pytest.approx(row["gflop"] / row["seconds"] / row["product_rate"])
    assert set(row) == {*Row.__annotations__, "rate", "share"}


@pytest.mark.parametrize("tiles", [[], pytest.param(["32"], marks=pytest.mark.slow)], ids=["whole", "tiled"])
def test_rows_are_measured_in_processes_of_their_own(here, tiles):
    (here / "p.py").write_text(PLUGIN)
    loss = "-l style:layers=conv1_1 -l -0.5*redness --plugin p.py"
    more = "".join(f"--tile {tile} " for tile in [*tiles, "64"])  # of which the last is no smaller than the picture
    result = good(f"--size 64 --precision float32 --tile off {more}--repeats 2 {loss}")
    said, head, *rows = cells(result.stdout)[: 3 + len(tiles)]
    assert said == ["a plugin that prints"] and head[:4] == ["size", "precision", "tile", "evaluation"]
    assert [row[:3] for row in rows] == [["64", "float32", tile] for tile in ["-", *tiles]]
    assert all(" GFLOP/s" in row[4] and "% of " in row[5] and row[7].endswith(" GB") for row in rows)
    assert re.search(r"\ntargets computed once, 64 px, \w+: .* times faster .*; loss differs by ", result.stdout)
    noted = [line.split(": ")[0] for line in result.stderr.splitlines()]
    assert noted == ["64 px, float32, whole", *(f"64 px, float32, tiles of {tile} px" for tile in tiles)]


@pytest.mark.slow
def test_a_row_that_does_not_fit_is_no_error_of_the_bench():
    line = "--size 64 --size 4096 --precision float32 --tile off --memory 3 -l style:layers=conv1_2 --repeats 2"
    result = good(line)
    assert [row[3] == "failed" for row in cells(result.stdout)[1:3]] == [False, True]
    assert re.search("^4096 px, float32, whole: 4096 px needs .* GB of memory, and .*; ", result.stdout, re.MULTILINE)
    measured, failed = json.loads(good(f"{line} --json").stdout)["rows"]
    assert set(failed) == {"size", "precision", "tile", "error"} and measured["seconds"] > 0


def test_where_nothing_can_be_measured_it_is_an_error(here):
    (here / "p.py").write_text("import os, sys\nif 'pytest' not in sys.modules:\n    os._exit(7)\n")
    result = run("--size 64 --precision float32 --tile off -l tv --plugin p.py")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(
        r"64 px.*: the process ended with code 7\nnstgraph: none of this .*; see above\n", result.stderr
    )


@pytest.mark.slow
def test_where_nothing_fits_it_is_an_error():
    result = run("--size 64 --precision float32 --tile off --memory 0.1 -l tv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(
        r"64 px.*: 64 px needs .*; raise --memory.*\nnstgraph: none of this .*; see above\n", result.stderr
    )


def test_a_process_that_says_nothing_is_a_failure(here):
    (here / "p.py").write_text("import os\nos._exit(7)\n")
    failure = measure_apart(Config(size=64, loss="tv", precision="float32", tile=32), [here / "p.py"])
    assert failure == Failure(64, "float32", 32, "the process ended with code 7")


@pytest.mark.skipif(os.name == "nt", reason="no signals there")
def test_a_process_that_is_killed_is_said_to_be(here):
    (here / "p.py").write_text(
        "import os, signal, sys\nprint('chatter', file=sys.stderr)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    failure = measure_apart(Config(size=64, loss="tv", precision="float32"), [here / "p.py"])
    assert failure.error == "the process was stopped by signal 9; memory may have run out"


def test_searches_with_nothing_to_do_cannot_be_compared():
    result = run("--convergence --size 48 --steps 2 -l content:layer=conv1_1")
    assert (
        result.exit_code == 2 and "nothing to compare, as" in result.stderr and "choose another loss" in result.stderr
    )


def test_convergence():
    result = good("--convergence --size 64 --steps 12 --json -l tv:power=2")
    descents = json.loads(result.stdout)["convergence"]
    assert [one["variant"] for one in descents] == [
        "plain lbfgsb float32", "plain lbfgs", "plain, 5 corrections", "plain, 20 corrections", "plain bfloat16",
        "coarse to fine (default)",
    ]  # fmt: skip
    assert result.stderr.count("\n") == len(descents)
    reference = descents[0]["loss"]
    assert descents[0]["ratio"] == 1 and len(descents[0]["curve"]) == descents[0]["steps"] == 12
    for one in descents:
        assert one["reference"] == reference and one["ratio"] == pytest.approx(one["loss"] / reference)
        seconds = [time for time, _ in one["curve"]]
        assert seconds == sorted(seconds) and one["seconds"] >= seconds[-1]
        near = [time for time, loss in one["curve"] if loss <= 1.05 * reference]
        assert one["seconds_within_5_percent"] == (near[0] if near else None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--size 15", "size is 15; choose 0 or a whole number from 16"),
        ("--size 64 --size 40000", "size is 40000; choose"),
        ("--size 64 --tile 64", "no tile is smaller than 64 px; choose a smaller --tile, or off"),
        ("--tile 16", "tile is 16; choose"),
        ("--tile small", "tile is 'small'; choose"),
        ("--precision half", "precision is 'half'; choose from"),
        ("--memory -1", "memory is -1.0; choose"),
        ("-l stile", "'stile'; did you mean 'style'"),
        ("--weights nope.npz", "nope.npz does not exist"),
        ("--plugin nope.py", "no plugin file nope.py"),
        ("--convergence --steps -1", "steps is -1; choose"),
        ("--convergence --size 15", "size is 15; choose"),
    ],
)
def test_bad_arguments_are_one_line(line, message):
    result = run(line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(f"nstgraph: .*{re.escape(message)}.*\n", result.stderr)
