from __future__ import annotations

import pytest

from nstgraph.cli.graph_tables import show_inventory
from nstgraph.inspect.inventory import ScopeEntry

WHOLE = ScopeEntry("", 1234, None, 1_735_488, 2.5e9, 123_450_000)
LARGE = ScopeEntry("features", 1000, None, 0, 2.4e9, 120_000_000)
MAPS = ScopeEntry("features/conv1_1", 5, (1, 32, 48, 64), 0, 6e6, 1_300_000)
WEIGHTS = ScopeEntry("vgg", 200, (), 1_735_488, 0.0, 0)
SMALL = ScopeEntry("loss", 34, (), 17_000, 24e6, 1_234_000)
ENTRIES = [WHOLE, LARGE, MAPS, WEIGHTS, SMALL]


@pytest.fixture(autouse=True)
def columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def cells(text):
    """The cells of each line, which are two or more blanks apart."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


def shown(capsys, entries, **options):
    show_inventory(entries, **options)
    captured = capsys.readouterr()
    assert captured.err == ""
    return cells(captured.out)


def test_everything_is_a_row_for_each_scope_and_the_whole_in_the_end(capsys):
    assert shown(capsys, ENTRIES, everything=True) == [
        ["scope", "shape", "operations", "parameters", "GFLOP", "MB allocated"],
        ["features", "1000", "2.400", "120.0"],
        ["features/conv1_1", "1×32×48×64", "5", "0.006", "1.3"],
        ["vgg", "200", "1,735,488", "0.000", "0.0"],
        ["loss", "34", "17,000", "0.024", "1.2"],
        ["all", "1234", "1,735,488", "2.500", "123.5"],
    ]


def test_otherwise_only_scopes_that_weigh_something_are_shown(capsys):
    _, *rows, blank, hidden = shown(capsys, ENTRIES)
    assert [row[0] for row in rows] == ["features", "features/conv1_1", "vgg", "all"]
    assert (blank, hidden) == ([], ["1 scope with less than a hundredth of everything: --all"])


@pytest.mark.parametrize("attribute", ["parameters", "flops", "memory"])
def test_a_hundredth_of_any_number_is_enough(capsys, attribute):
    numbers = {"parameters": 0, "flops": 0.0, "memory": 0}
    entries = [ScopeEntry("", 9, None, 10_000, 1e6, 10_000)]
    for scope, share in (("just", 0.0101), ("under", 0.0099)):
        values = {**numbers, attribute: share * getattr(entries[0], attribute)}
        entries.append(ScopeEntry(scope, 1, None, int(values["parameters"]), values["flops"], int(values["memory"])))
    _, *rows, _, _ = shown(capsys, entries)
    assert [row[0] for row in rows] == ["just", "all"]


def test_nothing_is_said_of_hidden_scopes_if_there_are_none(capsys):
    assert shown(capsys, [WHOLE, LARGE])[-1][0] == "all"


@pytest.mark.parametrize(
    "name",
    [
        "painting/features/generated/conv3_3/network",
        "gradients/features/generated/conv1_1/Conv2D_grad/Conv2DBackpropInput",
        "/".join(["painting"] * 20),
    ],
)
@pytest.mark.parametrize("columns", ["20", "120"])
def test_a_narrow_terminal_cuts_off_neither_names_nor_numbers(capsys, monkeypatch, columns, name):
    monkeypatch.setenv("COLUMNS", columns)
    rows = shown(capsys, [WHOLE, ScopeEntry(name, 5, (1, 1024, 1024, 256), 12_345_678, 2.4e9, 120_000_000)])
    assert rows[1] == [name, "1×1024×1024×256", "5", "12,345,678", "2.400", "120.0"]


def test_names_and_numbers_are_printed_as_they_are(capsys):
    rows = shown(capsys, [WHOLE, ScopeEntry("a[red]b[/red]", 5, (1, 2), 2_000_000, 2.4e9, 120_000_000)])
    assert rows[1][0] == "a[red]b[/red]"
