import hashlib
import shutil
import subprocess
import sys

import pytest

from nstgraph.cli import tables as show
from nstgraph.losses.loss import LossTerm
from nstgraph.losses.parameter_types import text_of
from nstgraph.losses.registry import registry
from nstgraph.networks.weights_file import WeightsFile, embedded


@pytest.fixture(autouse=True)
def here(empty_folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    return empty_folder


def rows(text):
    """The cells of each line, which are two or more blanks apart."""
    return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in text.splitlines()]


def test_terms(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    show.show_terms()
    head, *table, blank, more = rows(capsys.readouterr().out)
    assert head == ["term", "from", "what it does"] and (blank, more) == ([], ["More on one: nstgraph terms NAME"])
    assert [row[0] for row in table] == registry.names()
    for name, origin, what in table:
        assert origin == registry[name].origin and what.endswith(".") and registry[name].doc.startswith(what[:40])


def test_a_broken_plugin_is_one_row_among_the_others(here):
    package = here / "site" / "sad-1.0.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: sad\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[nstgraph.terms]\nsad = no_such_module_anywhere\n")
    code = f"import sys; sys.path.insert(0, {str(here / 'site')!r}); import nstgraph.cli.tables as t; t.show_terms()"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    text = " ".join(shown.stdout.split())
    assert shown.stderr == "" and " tv " in text
    assert "sad - plugin no_such_module_anywhere cannot be" in text


def plain(g):
    pass


def rich_term(
    g, wanted: float, layers: tuple[str, ...] = ("conv1_1", "conv2_1"), shares: tuple[int, ...] = (), on=True
):
    """First sentence [in brackets].

    More of it.
    """


def test_a_term_with_all_kinds_of_parameters(capsys):
    show.show_term(LossTerm("rich_term", rich_term, "my.module"))
    text = capsys.readouterr().out
    assert text.startswith("rich_term  (from my.module)\n\nFirst sentence [in brackets].\n\nMore of it.\n\n")
    assert rows(text)[6:11] == [
        ["parameter", "takes", "default"],
        ["wanted", "a number", "(required)"],
        ["layers", "texts joined by +", "conv1_1+conv2_1"],
        ["shares", "whole numbers joined by +", "(none)"],
        ["on", "true or false", "True"],
    ]
    assert text.endswith("\nFor example: -l 2*rich_term:wanted=...\n")


def test_a_term_without_docstring_and_parameters(capsys):
    show.show_term(LossTerm("plain", plain, "my.module"))
    expected = "plain  (from my.module)\n\n(no description)\n\nFor example: -l 2*plain\n"
    assert capsys.readouterr().out == expected


def parameters(text):
    """The table of a term's parameters, each with its cells, which may go on in the lines below it."""
    head, *lines = text[text.index("\nparameter ") + 1 : text.index("\n\nFor example")].splitlines()
    starts = [head.index(name) for name in ("parameter", "takes", "default")]
    table = {}
    current = ""
    for line in lines:
        name, *cells = (line[i:j].strip() for i, j in zip(starts, [*starts[1:], None], strict=True))
        current = name or current
        takes, default = table.get(current, ("", ""))
        table[current] = (f"{takes} {cells[0]}".strip(), default + cells[1])
    return table


@pytest.mark.parametrize("columns", ["50", "80", "200"])
@pytest.mark.parametrize("name", ["content", "histogram", "laplacian", "luminance", "moments", "style", "tv"])
def test_the_terms_that_come_along_are_shown_whole_however_narrow_the_terminal(capsys, monkeypatch, name, columns):
    monkeypatch.setenv("COLUMNS", columns)
    show.show_term(registry[name])
    assert parameters(capsys.readouterr().out) == {
        parameter.name: (parameter.type.words, text_of(parameter.default) or "(none)")
        for parameter in registry[name].parameters.values()
    }


def test_weights(here, capsys, monkeypatch):
    def marks():
        show.show_weights()
        *table, blank, _ = rows(capsys.readouterr().out)[1:]
        assert blank == []
        return [row[-1] for row in table]

    monkeypatch.setenv("COLUMNS", "300")
    assert marks() == ["-", "-", "-", "-", "used"]
    (here / "vgg").mkdir()
    shutil.copy(embedded(), here / "vgg" / "vgg16_weights.npz")
    assert marks() == ["used", "-", "-", "-", "there"]
    monkeypatch.setenv("NSTGRAPH_WEIGHTS", str(here / "nowhere.npz"))
    assert marks()[0] == "-"


def test_weights_file(capsys):
    show.show_weights_file(WeightsFile(embedded()))
    path, kind, digest, blank, head, *table = capsys.readouterr().out.splitlines()
    assert path == str(embedded()) and kind == "VGG16, 7 convolutions" and blank == "" and head.split()[0] == "layer"
    assert digest == f"SHA-256 {hashlib.sha256(embedded().read_bytes()).hexdigest()}"
    layers = {row[0]: tuple(map(int, row[1].split(" × "))) for row in rows("\n".join(table))}
    assert layers == WeightsFile(embedded()).layers and len(layers) == 7
