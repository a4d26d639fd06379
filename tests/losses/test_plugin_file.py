"""Plugin files with modules beside them."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nstgraph.errors import PluginError
from nstgraph.hashes import hash_of
from nstgraph.losses.plugin_file import plugin_record
from nstgraph.losses.registry import Registry, plugin_files

TERM = "from nstgraph import loss_term\n{imports}\n@loss_term\ndef {name}(g): return {value}\n"


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """What is imported by plain names, and where, stays as it was."""
    path, modules = list(sys.path), {name for name in sys.modules if "." not in name}
    yield
    new = {name for name in sys.modules if "." not in name} - modules
    assert sys.path == path and all(name.startswith("nstgraph_plugin_files_") for name in new)


def write(folder: Path, **sources: str) -> Path:
    """Files with these sources; gives the plugin's."""
    for name, source in sources.items():
        path = folder / f"{name.replace('__', '/')}.py".replace("/init", "/__init__")
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(source)
    importlib.invalidate_caches()
    return folder / "plugin.py"


def value(registry: Registry, name: str) -> Any:
    return registry[name].function(None)


@pytest.mark.parametrize(
    ("imports", "expression"),
    [
        ("import helper", "helper.NUMBER"),
        ("from helper import NUMBER", "NUMBER"),
        ("from helper import *", "NUMBER"),
        ("import helper as other", "other.NUMBER"),
        ("from . import helper", "helper.NUMBER"),
        ("from .helper import NUMBER", "NUMBER"),
        ("import tools.deep", "tools.deep.NUMBER"),
        ("import tools.deep as deep", "deep.NUMBER"),
        ("from tools import deep", "deep.NUMBER"),
        ("from tools.deep import NUMBER", "NUMBER"),
        ("from .tools import deep", "deep.NUMBER"),
        ("from tools import through_helper", "through_helper"),
        ("import folder.inside", "folder.inside.NUMBER"),
        ("import importlib, xml.dom; from xml import dom", "42"),
    ],
)
def test_every_way_to_import_a_neighbour(fresh: Registry, tmp_path: Path, imports: str, expression: str) -> None:
    plugin = write(
        tmp_path,
        plugin=TERM.format(imports=imports, name="mine", value=expression),
        helper="from number import NUMBER",
        number="NUMBER = 42",
        tools__init="from helper import NUMBER as through_helper",
        folder__inside="NUMBER = 42",
        tools__deep="from .other import NUMBER",
        tools__other="from helper import NUMBER",
    )
    fresh.load_file(plugin)
    assert value(fresh, "mine") == 42 and fresh["mine"].origin == str(plugin)


@pytest.mark.parametrize("imports", ["import helper", "from . import helper"])
def test_neighbours_of_one_name_in_two_folders_are_two(fresh: Registry, tmp_path: Path, imports: str) -> None:
    lazy = f"\n    {imports}\n    return helper.NUMBER\n"
    for number, folder in enumerate(("one", "two")):
        source = f"from nstgraph import loss_term\n@loss_term\ndef {folder}_lazy(g):{lazy}"
        source += TERM.format(imports=imports, name=folder, value="helper.NUMBER")
        fresh.load_file(write(tmp_path / folder, plugin=source, helper=f"NUMBER = {number}"))
    assert [value(fresh, name) for name in ("one", "two", "two_lazy", "one_lazy")] == [0, 1, 1, 0]


def test_two_plugins_of_one_folder_share_their_neighbour(fresh: Registry, tmp_path: Path) -> None:
    write(tmp_path, helper="NUMBERS = []")
    for name in ("one", "two"):
        imports = f"import helper\nhelper.NUMBERS.append({name!r})"
        write(tmp_path, **{name: TERM.format(imports=imports, name=name, value="helper.NUMBERS")})
        fresh.load_file(tmp_path / f"{name}.py")
    assert value(fresh, "one") == value(fresh, "two") == ["one", "two"]


def test_a_neighbours_terms_are_registered_as_its_own(fresh: Registry, tmp_path: Path) -> None:
    plugin = write(
        tmp_path,
        plugin=TERM.format(imports="import neighbour", name="mine", value="1"),
        neighbour=TERM.format(imports="", name="theirs", value="2"),
    )
    fresh.load_file(plugin)
    fresh.load_file(tmp_path / "neighbour.py")  # which is then run once more, and is the same
    assert value(fresh, "theirs") == 2 and fresh["theirs"].origin == str(tmp_path / "neighbour.py")


def test_a_neighbour_goes_before_what_is_installed_but_not_before_what_everything_builds_on(
    fresh: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site := tmp_path / "site").mkdir()
    (site / "helper.py").write_text("NUMBER = 'installed'")
    monkeypatch.syspath_prepend(site)
    broken = dict.fromkeys(["json", "numpy", "nstgraph", "tensorflow"], "raise ValueError")
    (tmp_path / "folder" / "pytest").mkdir(parents=True)  # of data, say
    imports = "import json, numpy, helper\nfrom nstgraph import tf\nfrom pytest import approx"
    fresh.load_file(
        write(
            tmp_path / "folder",
            plugin=TERM.format(imports=imports, name="mine", value="helper.NUMBER"),
            helper="NUMBER = 'beside'",
            **broken,
        )
    )
    assert value(fresh, "mine") == "beside"
    import helper  # as the caller's own code does

    assert helper.NUMBER == "installed"
    del sys.modules["helper"]


@pytest.mark.parametrize(
    "imports", ["import nowhere_at_all", "from . import nowhere_at_all", "import broken", "import a"]
)
def test_imports_that_fail_are_one_line(fresh: Registry, tmp_path: Path, imports: str) -> None:
    plugin = write(
        tmp_path,
        plugin=TERM.format(imports=imports, name="mine", value="1"),
        broken="raise ValueError('no')",
        a="from b import B",
        b="from a import A",
    )
    with pytest.raises(
        PluginError, match=rf"^plugin {plugin} cannot be imported \((ImportE|ModuleN|ValueE).*; fix"
    ) as e:
        fresh.load_file(plugin)
    assert "\n" not in str(e.value)


def test_names_with_dots_and_blanks(fresh: Registry, tmp_path: Path) -> None:
    write(tmp_path, **{"my plugin.v1": TERM.format(imports="from . import helper", name="mine", value="helper.NUMBER")})
    fresh.load_file(write(tmp_path, helper="NUMBER = 3").with_name("my plugin.v1.py"))
    assert value(fresh, "mine") == 3


def test_a_plugin_and_its_neighbours_are_recorded_as_they_were_given_and_as_they_were_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: Registry
) -> None:
    near = TERM.format(imports="", name="near_term", value=1)
    write(tmp_path / "my", plugin=TERM.format(imports="import near", name="own_term", value=2), near=near)
    monkeypatch.chdir(tmp_path)
    fresh.load_file(Path("my/plugin.py"))
    (tmp_path / "my" / "near.py").write_text("changed")
    loss = fresh["near_term"]() + fresh["own_term"]
    assert [plugin_record(file).path for file in plugin_files(loss)] == ["my/near.py", "my/plugin.py"]
    assert [plugin_record(file).sha256 for file in plugin_files(loss)] == [
        hashlib.sha256(near.encode()).hexdigest(), hash_of("my/plugin.py")
    ]  # fmt: skip
