"""How the source is laid out: which package may import which, who prints, and how long functions are."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "nstgraph"

#: From the ground up; a package or file may import from those above it in this list alone, besides itself.
ORDER = [
    "messages", "errors", "_tf", "arrays", "files", "hashes", "file_records", "locks", "user_folders", "memory",
    "tensor_ancestry", "operation_types", "value_checks", "fed_variables", "search", "pictures", "networks",
    "losses", "settings", "presets", "config", "graph", "terms", "tiles", "workers", "planning", "checkpoints", "hooks",
    "run", "batch", "video", "inspect", "demo", "web", "bench", "contrib", "testing", "cli", "__main__",
]  # fmt: skip

#: What legacy programs take over needs the search, and nothing of pictures, networks or losses.
OF_CONTRIB = {
    "errors", "_tf", "arrays", "messages", "files", "memory", "tensor_ancestry", "operation_types", "fed_variables",
    "search",
}  # fmt: skip

#: Beside the command line: the process that the bench starts, and scipy's option ``disp``, which is to print.
PRINTING = {"__main__.py", "bench/separate_process.py", "search/scipy_minimize.py"}

MODULES = sorted(SOURCE.rglob("*.py"))


def room(path: str) -> str:
    """The package, or file beside the packages, that a module's path within the source lies in."""
    return path.split("/")[0].removesuffix(".py")


def imported(module: ast.Module) -> Iterator[str]:
    """What a module imports of nstgraph, anywhere in it and for type checkers, too, as room."""
    for node in ast.walk(module):
        assert not isinstance(node, ast.ImportFrom) or node.level == 0, "imports are written out in full"
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[1] for name in node.names if name.name.startswith("nstgraph."))
        elif isinstance(node, ast.ImportFrom) and node.module == "nstgraph":
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("nstgraph."):
            yield str(node.module).split(".")[1]


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


IMPORTS = {
    (str(path.relative_to(SOURCE)), other)
    for path in MODULES
    for other in imported(parsed(path))
    if path != SOURCE / "__init__.py"  # whose names are imported when they are asked for
}


def test_every_package_and_file_has_its_place_in_the_order() -> None:
    assert sorted({room(str(path.relative_to(SOURCE))) for path in MODULES} - {"__init__"}) == sorted(ORDER)


def test_imports_lead_in_one_direction() -> None:
    known = [*ORDER, "__version__"]  # the version is the only thing that is asked of the package itself
    wrong = {
        (module, other)
        for module, other in IMPORTS
        if other != "__version__" and other != room(module) and known.index(other) >= known.index(room(module))
    }
    assert wrong == set()


def test_nobody_inside_imports_what_is_for_authors_of_terms() -> None:
    assert {module for module, other in IMPORTS if other == "testing"} == set()


def test_the_optimiser_for_legacy_programs_needs_the_search_alone() -> None:
    assert {other for module, other in IMPORTS if room(module) == "contrib"} <= {*OF_CONTRIB, "contrib"}


@pytest.mark.parametrize("path", [p for p in MODULES if "cli" not in p.relative_to(SOURCE).parts], ids=str)
def test_the_command_line_alone_prints_and_exits(path: Path) -> None:
    if str(path.relative_to(SOURCE)) in PRINTING:
        return
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Name):
            assert node.id not in ("print", "exit", "quit"), f"line {node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            assert node.attr not in ("stdout", "stderr", "stdin", "exit"), f"line {node.lineno}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None), *(name.name for name in node.names)]
            assert not {"typer", "rich", "click"} & {str(name).split(".")[0] for name in names}, f"line {node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_function_is_longer_than_40_lines_but_for_its_docstring(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = ast.get_docstring(node) is not None
            length = node.end_lineno - node.lineno + 1 - documented * (first.end_lineno - first.lineno + 1)
            assert length <= 40, f"{node.name} has {length} lines"


def test_every_package_is_installed_and_on_the_map() -> None:
    folders = {path.parent for path in SOURCE.rglob("__init__.py")}
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    installed = {name for name in setup["options"]["packages"].split() if name.startswith("nstgraph.")}
    packages = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert installed == packages - {"nstgraph"}
    development = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    on_the_map = re.findall(r"^      (\w+)/ ", development, re.MULTILINE)
    assert sorted(on_the_map) == sorted(name.split(".")[1] for name in installed if name.count(".") == 1)
