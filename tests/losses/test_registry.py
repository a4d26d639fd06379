from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nstgraph.errors import LossError, NstgraphError, PluginError
from nstgraph.losses.loss import LossTerm
from nstgraph.losses.loss_text import parse_loss
from nstgraph.losses.registry import Registry, loss_term, registry

ALL = Registry().names()  # also those of other packages that happen to be installed
SCRIPT = shutil.which("nstgraph", path=sysconfig.get_path("scripts"))

TERM = "from nstgraph import loss_term\n@loss_term\ndef {}(g, power=1.0): ...\n"


def message_of(function: Callable[..., Any], *arguments: Any, kind: type[NstgraphError] = PluginError) -> str:
    with pytest.raises(NstgraphError) as raised:
        function(*arguments)
    assert type(raised.value) is kind and "\n" not in str(raised.value)
    return str(raised.value)


def test_the_decorator_bare_and_with_a_name(fresh: Registry) -> None:
    @loss_term
    def bare(g, power=2.0): ...

    @loss_term(name="other")
    def named(g, power=2.0): ...

    assert isinstance(bare, LossTerm) and bare is fresh["bare"] and named is fresh["other"]
    assert repr(bare() + 2 * named(power=1)) == "bare() + 2 * other(power=1.0)"
    assert fresh.names() == sorted([*ALL, "bare", "other"])
    assert "named" in message_of(fresh.__getitem__, "named", kind=LossError) and "bare" not in registry.names()


@pytest.mark.parametrize("name", ["default", "2tv", "a-b", "a b", "tv*", "tv:x", "ä.ö", "<lambda>"])
def test_names_that_no_text_could_tell(name: str) -> None:
    own = Registry()
    message = f"{name!r} cannot name a loss term; use letters, digits and _ (and not 'default')"
    assert message_of(own.add, lambda g: None, name) == message and own.names() == ALL


def test_one_name_for_two_functions_is_an_error_that_names_both(fresh: Registry, tmp_path: Path) -> None:
    for folder in ("one", "two", "three"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "plugin.py").write_text(TERM.format("tv" if folder == "three" else "mine"))
    one, two, three = (tmp_path / folder / "plugin.py" for folder in ("one", "two", "three"))
    fresh.load_file(one)
    taken = "two loss terms are called {!r}: in {} and in {}; rename or uninstall one"
    assert message_of(fresh.load_file, two) == taken.format("mine", one, two)
    assert message_of(fresh.load_file, three) == taken.format("tv", "nstgraph.terms.tv", three)
    assert fresh["mine"].origin == str(one) and fresh["tv"] == registry["tv"]

    def first(g): ...

    fresh.add(first, "same")
    with pytest.raises(PluginError, match="two loss terms are called 'same'"):
        fresh.add(lambda g: None, "same")


def test_running_a_definition_again_replaces_it(fresh: Registry) -> None:
    notebook: dict[str, Any] = {"__name__": "__main__"}
    for power in (1, 2):
        exec(f"from nstgraph import loss_term\n@loss_term\ndef cell(g, power={power}.0): ...", notebook)
        assert fresh["cell"].parameters["power"].default == power and fresh["cell"] is notebook["cell"]
    assert fresh["cell"].origin == "__main__"
    with pytest.raises(PluginError, match=r"'tv': in nstgraph\.terms\.tv and in __main__"):
        exec("@loss_term\ndef tv(g): ...", notebook)


def test_a_plugin_file_may_be_loaded_again_and_share_its_name_with_another(fresh: Registry, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (one := tmp_path / "my plugin.py").write_text(TERM.format("one"))
    (two := tmp_path / "folder" / "my plugin.py").write_text(TERM.format("two"))
    fresh.load_file(one)
    first = fresh["one"]
    fresh.load_file(tmp_path / "folder" / ".." / "my plugin.py")
    fresh.load_file(two)
    assert fresh["one"] is not first and fresh.names() == sorted([*ALL, "one", "two"])
    assert (fresh["one"].origin, fresh["two"].origin) == (str(one), str(two))
    files = [sys.modules[fresh[name].function.__module__].__file__ for name in ("one", "two")]
    assert files == [str(one), str(two)]


BROKEN = {
    "none.py": (None, "no plugin file {}; check the path given to --plugin"),
    "plugin.txt": (TERM.format("mine"), "{} is not a Python file; a plugin's name ends in .py"),
    "grammar.py": ("def f(:", "plugin {} cannot be imported (SyntaxError: "),
    "null.py": ("a = 1\0", "plugin {} cannot be imported (SyntaxError: "),
    "raises.py": ("raise ValueError('one\\ntwo')", "plugin {} cannot be imported (ValueError: one); fix or uninstall"),
    "imports.py": ("import nowhere_at_all", "plugin {} cannot be imported (ModuleNotFoundError: No module named"),
    "exits.py": ("import sys; sys.exit(3)", "plugin {} cannot be imported (SystemExit: 3)"),
    "names.py": (TERM.format("default"), "'default' cannot name a loss term"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_file_is_one_line_and_harms_no_other_term(fresh: Registry, tmp_path: Path, name: str) -> None:
    source, message = BROKEN[name]
    path = tmp_path / name
    if source is not None:
        path.write_text(source)
    assert message_of(fresh.load_file, path).startswith(message.format(path))
    assert fresh.names() == ALL and str(parse_loss("2*tv luminance")) == "2*tv luminance"


def test_a_folder_is_no_plugin_file(tmp_path: Path) -> None:
    assert message_of(Registry().load_file, tmp_path).startswith(f"no plugin file {tmp_path};")


@pytest.mark.skipif(SCRIPT is None, reason="the console script is not installed")
def test_nothing_in_the_working_folder_is_run_unasked(core: list[str], tmp_path: Path) -> None:
    def listed(*options: str) -> set[str]:
        command = [str(SCRIPT), "terms", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        return {line.split()[0] for line in done.stdout.splitlines() if line and line[0].islower()}

    source = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n{TERM.format('mine')}"
    for folder in ("", "plugins", "nstgraph_plugins", "nstgraph"):
        (tmp_path / folder).mkdir(exist_ok=True)
        for name in ("mine", "plugin", "nstgraph_mine", "luminance", "conftest", "__init__"):
            (tmp_path / folder / f"{name}.py").write_text(source)
    assert {*core} <= (names := listed()) and "mine" not in names and not (tmp_path / "ran").exists()
    assert "mine" in listed("--plugin", "mine.py") and (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["total", "seconds"])
def test_names_that_logs_and_graphs_use_are_refused(name: str) -> None:
    with pytest.raises(PluginError, match=f"'{name}' cannot name a loss term"):
        Registry().add(lambda g: 0, name)


def test_names_that_differ_in_case_alone_are_one_name(fresh: Registry) -> None:
    fresh.add(lambda g: None, "mine")
    taken = "two loss terms are called 'mine' and 'Mine', which differ only in case: in "
    assert message_of(fresh.add, lambda g: None, "Mine").startswith(taken)
    assert "are called 'tv' and 'TV', which differ" in message_of(fresh.add, lambda g: None, "TV")


def test_a_function_may_be_registered_under_another_name(fresh: Registry) -> None:
    def one(g, power=2.0): ...

    other = loss_term(one, name="other")
    assert other is fresh["other"] and other.name == "other" and "one" not in fresh.names()


def test_a_partial_function_has_no_name_of_its_own(fresh: Registry) -> None:
    def one(g, power=2.0):
        """Documented."""

    partial = functools.partial(one, power=3.0)
    assert "has no name to register it by; write loss_term(..., name='mine')" in message_of(loss_term, partial)
    term = loss_term(partial, name="mine")
    assert term.parameters["power"].default == 3.0 and term.doc == "Documented."
    assert term.origin == __name__


def test_a_term_can_be_forgotten(fresh: Registry) -> None:
    fresh.add(lambda g: None, "mine")
    fresh.remove("mine")
    fresh.remove("mine")
    assert "mine" not in fresh.names()
