"""Loss terms that installed packages announce: nstgraph's own, and those of strangers."""

from __future__ import annotations

import importlib
import importlib.metadata
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import nstgraph.terms
import nstgraph_plugins
from nstgraph.errors import PluginError
from nstgraph.losses.loss import LossTerm
from nstgraph.losses.loss_text import parse_loss
from nstgraph.losses.registry import Registry, registry

ALL = Registry().names()  # also those of other packages that happen to be installed

TERM = "from nstgraph import loss_term\n@loss_term\ndef {}(g, power=1.0): ...\n"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Function that installs a package of one module, which announces loss terms."""
    (site := tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(site)
    modules = []

    def install(module: str, announced: list[str], source: str) -> None:
        (information := site / f"{module}-1.0.dist-info").mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        entries = "".join(f"{name} = {module}:{name}\n" for name in announced)
        (information / "entry_points.txt").write_text(f"[nstgraph.terms]\n{entries}")
        (site / f"{module}.py").write_text(source)
        importlib.invalidate_caches()
        modules.append(module)

    yield install
    for module in modules:
        sys.modules.pop(module, None)


def message_of(function: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(PluginError) as raised:
        function(*arguments)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_every_term_that_comes_with_nstgraph_is_announced_by_its_entry_points(core: list[str]) -> None:
    entries = importlib.metadata.distribution("nstgraph").entry_points.select(group="nstgraph.terms")
    announced = {entry.name: entry.module for entry in entries}
    assert all(entry.attr == entry.name for entry in entries)
    packages = (nstgraph.terms, nstgraph_plugins)
    modules = [f"{p.__name__}.{m.name}" for p in packages for m in pkgutil.iter_modules(p.__path__)]
    defined = {}
    for module in map(importlib.import_module, modules):
        terms = [value for value in vars(module).values() if isinstance(value, LossTerm)]
        defined.update({term.name: module.__name__ for term in terms})
        assert all(re.match(r"[A-Z].*[.:]", term.doc) for term in terms)
    assert announced == defined and sorted(defined) == core
    assert [registry[name].origin for name in core] == [defined[name] for name in core]


def test_an_installed_package_is_imported_when_its_term_is_used(fresh: Registry, install: Install) -> None:
    install("stranger_good", ["good"], TERM.format("good"))
    assert fresh.names() == sorted([*ALL, "good"]) and "stranger_good" not in sys.modules
    assert str(parse_loss("tv 2*good:power=3")) == "tv 2*good:power=3"
    assert fresh["good"].origin == "stranger_good"


def test_an_installed_package_that_fails_is_reported_when_used(fresh: Registry, install: Install) -> None:
    install("stranger_bad", ["bad"], "import nowhere_at_all\n" + TERM.format("bad"))
    install("stranger_empty", ["empty"], TERM.format("something_else"))
    assert str(parse_loss("default luminance")) and fresh.names() == sorted([*ALL, "bad", "empty"])
    for _ in range(2):  # the second time like the first
        assert message_of(parse_loss, "tv bad") == (
            "plugin stranger_bad cannot be imported (ModuleNotFoundError: No module named 'nowhere_at_all'); "
            "fix or uninstall it"
        )
        message = "stranger_empty is installed as loss term 'empty' but registers no such term"
        assert message_of(parse_loss, "empty") == message
    assert str(parse_loss("something_else")) == "something_else"


def test_two_packages_that_announce_one_name_keep_their_other_terms(fresh: Registry, install: Install) -> None:
    for letter in "ab":
        install(f"stranger_{letter}", ["shared", letter], TERM.format("shared") + TERM.format(letter).split("\n", 1)[1])
    message = "two loss terms are called 'shared': in stranger_a and in stranger_b; rename or uninstall one"
    assert message_of(parse_loss, "shared") == message
    assert str(parse_loss("a tv")) == "a tv" and message_of(parse_loss, "shared") == message


def test_a_package_that_announces_a_built_in_name_takes_only_that(fresh: Registry, install: Install) -> None:
    install("stranger_tv", ["tv"], TERM.format("tv"))
    assert str(parse_loss("style pixel_range")) == "style pixel_range"
    assert "'tv': in nstgraph.terms.tv and in stranger_tv;" in message_of(parse_loss, "tv")


def test_a_name_that_a_package_announces_is_taken_before_its_import(fresh: Registry, install: Install) -> None:
    install("stranger_late", ["late"], TERM.format("late"))
    assert "'late': in stranger_late and in " in message_of(fresh.add, lambda g: None, "late")
    assert "stranger_late" not in sys.modules


def test_an_entry_point_may_name_a_term_its_function_or_a_module(
    fresh: Registry, tmp_path: Path, install: Install
) -> None:
    source = TERM.format("decorated") + "def plain(g, power=1.0): ...\n"
    install("stranger_ways", [], source)
    information = tmp_path / "site" / "stranger_ways-1.0.dist-info" / "entry_points.txt"
    entries = ("decorated = stranger_ways:decorated", "plain = stranger_ways:plain", "other = stranger_ways:decorated")
    information.write_text("\n".join(["[nstgraph.terms]", *entries]))
    assert str(parse_loss("decorated plain:power=2")) == "decorated plain:power=2"
    assert fresh["plain"].origin == "stranger_ways"
    assert (
        message_of(parse_loss, "other") == "stranger_ways is installed as loss term 'other' but registers no such term"
    )
