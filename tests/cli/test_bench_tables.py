from __future__ import annotations

from nstgraph.bench.figures import Descent, Failure, Row, TargetReuse
from nstgraph.cli import bench_tables as show_bench


def cells(text):
    """The cells of each line, which are two or more blanks apart."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


def test_the_table(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    row = Row(2048, "bfloat16", 512, 12.5, 1000.0, 160.0, 0.125, 12_340_000_000)
    show_bench.show_rows([row, Failure(256, "float32", None, "too [large]")])
    assert cells(capsys.readouterr().out)[1:4] == [
        ["2048", "bfloat16", "512", "12.500 s", "80 GFLOP/s", "50% of 160", "12.5%", "12.34 GB"],
        ["256", "float32", "-", "failed", "-", "-", "-", "-"],
        ["256 px, float32, whole: too [large]"],
    ]


def test_the_line_about_targets_computed_once(capsys):
    show_bench.show_target_reuse(TargetReuse(512, "float32", 0.5, 0.75, 1.75, 2e-7))
    expected = "1.50 times faster than computed anew (1.75 expected); loss differs by 2e-07"
    assert capsys.readouterr().out == f"\ntargets computed once, 512 px, float32: {expected}\n"


def test_the_table_of_searches(capsys):
    curve = ((1.0, 30.0), (2.0, 21.0), (3.0, 20.7))
    show_bench.show_descents([Descent("first", 3, 3.25, 20.0, 20.0, curve), Descent("other", 9, 7, 25.0, 20.0, curve)])
    assert cells(capsys.readouterr().out)[1:3] == [
        ["first", "3", "3.2 s", "1.000", "2.0 s", "-"],
        ["other", "9", "7.0 s", "1.250", "2.0 s", "-"],
    ]
