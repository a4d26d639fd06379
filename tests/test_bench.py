"""The bench's counts, that its ratios are what they say, and its command line; no time is asserted."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from nstgraph import Config, Objective, StyleGraph, parse_loss, show_bench
from nstgraph.bench import Failure, Freezing, Row, compare_searches, flop_count, freezing, measure_apart, measure_row
from nstgraph.cli import app
from nstgraph.show_bench import Descent
from nstgraph.weights import Weights, embedded

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


def test_operations_are_counted_by_hand():
    objective = Objective(StyleGraph(Weights(embedded())), parse_loss("content:layer=conv1_2 style:layers=conv1_1"))
    m = 20 * 30
    first, second, gram = 2 * 9 * 3 * 64 * m, 2 * 9 * 64 * 64 * m, 2 * 64 * 64 * m
    moving, fixed = flop_count(objective, 20, 30)
    assert moving == 2 * (first + second + gram)
    assert fixed == (first + second) + (first + gram)


def test_pooled_layers_round_up():
    objective = Objective(StyleGraph(Weights(embedded())), parse_loss("content:layer=conv2_1"))
    _, fixed = flop_count(objective, 21, 31)
    full, half = 21 * 31, 11 * 16
    assert fixed == 2 * 9 * (3 * 64 * full + 64 * 64 * full + 64 * 128 * half)


@pytest.mark.parametrize("tile", ["off", 32])
def test_the_figures_of_a_row_fit_together(tile):
    loss = "content:layer=conv1_2 style:layers=conv1_1"
    row = measure_row(Config(size=64, loss=loss, precision="float32", tile=tile), styles=2, repeats=2)
    assert (row.size, row.precision, row.tile) == (64, "float32", None if tile == "off" else tile)
    # Tiles overlap, and go forward twice, but what is useful stays the same.
    assert row.gflop * 1e9 == 2 * 64**2 * (2 * 9 * 3 * 64 + 2 * 9 * 64 * 64 + 2 * 64 * 64)
    assert row.rate == pytest.approx(row.gflop / row.seconds)
    assert row.share == pytest.approx(row.rate / row.product_rate) and row.share > 0
    assert 0 < row.outside < 1 and row.peak_memory > 10e6


def test_a_loss_that_leaves_nothing_to_search_for_is_measured():
    row = measure_row(Config(size=32, loss="pixel_range", precision="float32"), repeats=1)
    assert (row.gflop, row.rate, row.share) == (0, 0, 0) and row.seconds > 0 and 0 < row.outside < 1


def test_freezing():
    config = Config(size=64, loss="content style:layers=conv1_1+conv2_1")
    found = freezing(config, styles=2, repeats=2)
    assert isinstance(found, Freezing) and found.size == 64 and found.precision in ("float32", "bfloat16")
    assert found.speedup == pytest.approx(found.unfrozen_seconds / found.seconds)
    assert 1.5 < found.possible_speedup < 3 and found.difference < 1e-5
    refused = freezing(config.replace(memory=0.1))
    assert isinstance(refused, Failure) and "0.1 GB can be had" in refused.error


def test_one_row_as_json_is_all_that_is_printed():
    result = good(f"--size 64 --precision float32 --tile off --json {SMALL}")
    (row,) = json.loads(result.stdout)["rows"]
    assert result.stderr == "" and result.stdout.count("\n") == 1
    assert (row["size"], row["precision"], row["tile"]) == (64, "float32", None)
    assert row["share"] == pytest.approx(row["gflop"] / row["seconds"] / row["product_rate"])
    assert set(row) == {*Row.__annotations__, "rate", "share"}


def test_rows_are_measured_in_processes_of_their_own(here):
    (here / "p.py").write_text(PLUGIN)
    loss = "-l style:layers=conv1_1 -l -0.5*redness --plugin p.py"
    result = good(f"--size 64 --precision float32 --tile off --tile 32 --tile 64 --repeats 2 {loss}")
    said, head, *rows = cells(result.stdout)[:4]
    assert said == ["a plugin that prints"] and head[:4] == ["size", "precision", "tile", "evaluation"]
    assert [row[:3] for row in rows] == [["64", "float32", "-"], ["64", "float32", "32"]]
    assert all(" GFLOP/s" in row[4] and "% of " in row[5] and row[7].endswith(" GB") for row in rows)
    assert re.search(r"\nfrozen targets, 64 px, \w+: .* times faster .*; loss differs by ", result.stdout)
    whole, tiled = result.stderr.splitlines()
    assert whole.startswith("64 px, float32, whole: ") and tiled.startswith("64 px, float32, tiles of 32 px: ")


def test_a_row_that_does_not_fit_is_no_error_of_the_bench():
    line = "--size 64 --precision float32 --precision auto --tile off --memory 0.1 -l style:layers=conv1_1"
    result = good(line)
    assert [row[3] for row in cells(result.stdout)[1:3]] == ["failed", "failed"]
    for what in ("64 px, float32, whole", "64 px, auto, whole", "frozen targets: 64 px, auto, whole"):
        assert re.search(f"^{what}: 64 px need .* GB of memory, and 0.1 GB can be had; ", result.stdout, re.MULTILINE)
    found = json.loads(good(f"{line} --json").stdout)
    assert [set(one) for one in [*found["rows"], found["freezing"]]] == [{"size", "precision", "tile", "error"}] * 3


def test_a_process_that_says_nothing_is_a_failure(here):
    (here / "p.py").write_text("import os\nos._exit(7)\n")
    failure = measure_apart(Config(size=64, loss="tv", precision="float32", tile=32), [here / "p.py"])
    assert failure == Failure(64, "float32", 32, "the process ended with code 7")


def test_convergence():
    result = good("--convergence --size 64 --steps 12 --json -l style:layers=conv1_1")
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


def test_only_steps_at_full_size_come_near_the_reference():
    config = Config(size=64, scales=2, steps=8, loss="style:layers=conv1_1")
    *_, descent = compare_searches(config, steps=2)
    assert descent.steps == 8 and 0 < len(descent.curve) < 8


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--size 15", "size is 15; choose a whole number from 16"),
        ("--size 64 --size 40000", "size is 40000; choose"),
        ("--size 64 --tile 64", "no tile is smaller than 64 px; choose a smaller --tile, or off"),
        ("--tile 16", "tile is 16; choose"),
        ("--tile small", "tile is 'small'; choose"),
        ("--precision half", "no precision 'half'; choose from"),
        ("--memory -1", "memory is -1.0; choose"),
        ("-l stile", "'stile'; did you mean 'style'"),
        ("--weights nope.npz", "nope.npz does not exist"),
        ("--plugin nope.py", "no plugin file nope.py"),
        ("--size 64 --precision float32 --tile off --memory 0.1 -l tv", "0.1 GB can be had"),
        ("--convergence --steps -1", "steps is -1; choose"),
        ("--convergence --size 15", "size is 15; choose"),
    ],
)
def test_bad_arguments_are_one_line(line, message):
    result = run(line)
    assert (result.exit_code, result.stdout) == (2, "")
    assert re.fullmatch(f"nstgraph: .*{re.escape(message)}.*\n", result.stderr)


def test_the_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    row = Row(2048, "bfloat16", 512, 12.5, 1000.0, 160.0, 0.125, 12_340_000_000)
    show_bench.show_rows([row, Failure(256, "float32", None, "too [large]")])
    assert cells(capsys.readouterr().out)[1:4] == [
        ["2048", "bfloat16", "512", "12.500 s", "80 GFLOP/s", "50% of 160", "12.5%", "12.34 GB"],
        ["256", "float32", "-", "failed", "-", "-", "-", "-"],
        ["256 px, float32, whole: too [large]"],
    ]


def test_the_line_about_freezing(capsys):
    show_bench.show_freezing(Freezing(512, "float32", 0.5, 0.75, 1.75, 2e-7))
    expected = "1.50 times faster than unfrozen (1.75 by operations); loss differs by 2e-07"
    assert capsys.readouterr().out == f"\nfrozen targets, 512 px, float32: {expected}\n"


def test_the_table_of_searches(capsys):
    curve = ((1.0, 30.0), (2.0, 21.0), (3.0, 20.7))
    show_bench.show_descents([Descent("first", 3, 3.25, 20.0, 20.0, curve), Descent("other", 9, 7, 25.0, 20.0, curve)])
    assert cells(capsys.readouterr().out)[1:3] == [
        ["first", "3", "3.2 s", "1.000", "2.0 s", "-"],
        ["other", "9", "7.0 s", "1.250", "2.0 s", "-"],
    ]
