"""Plugin files, and the modules beside them, which they may import: ``import neighbour``, ``from . import neighbour``.

A plugin file is a module of a package of its own, which stands for its folder. So neighbours of one name in two folders
are two modules, and ``sys.path`` stays as it is: only the modules of the package see their neighbours, whenever they
import them.
"""

from __future__ import annotations

import builtins
import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nstgraph.errors import PluginError
from nstgraph.file_records import FileRecord
from nstgraph.hashes import hash_of

__all__ = ["file_of", "load_plugin_file", "plugin_record"]

_PACKAGE = "nstgraph_plugin_files_"

#: The paths of plugin files as they were given, by their whole paths.
_GIVEN: dict[Path, Path] = {}

#: What plugin files, and the modules beside them, were when they were run: their hashes by their whole paths.
_RUN: dict[Path, str] = {}

#: What no neighbour goes before, whatever its name is.
_NEVER = {*sys.stdlib_module_names, "nstgraph", "nstgraph_plugins", "numpy", "PIL", "scipy", "tensorflow"}


def load_plugin_file(path: Path) -> None:
    """Run a plugin file, so that its decorated terms are registered; once more, if it has been run before.

    Raises:
        PluginError: there is no such file, or it is not a Python file; else whatever it raises.
    """
    if not os.path.isfile(path):
        raise PluginError(f"no plugin file {path}; check the path given to --plugin")
    if path.suffix not in importlib.machinery.SOURCE_SUFFIXES:
        raise PluginError(f"{path} is not a Python file; a plugin's name ends in .py")
    file = path.resolve()
    name = f"{_package_of(file.parent)}.{file.stem.replace('.', '%2E')}"  # a dot would be a package's
    spec = importlib.util.spec_from_file_location(name, file, loader=_Loader(name, str(file)))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _GIVEN[file] = path
    spec.loader.exec_module(module)


def plugin_record(file: str) -> FileRecord:
    """What a result says of a plugin file or a neighbour that was run, by its whole path: its path as it was given.

    A neighbour's is its path beside the plugin file's, so that no folder is told that nobody has typed.
    """
    whole = Path(file)
    if whole in _GIVEN:
        return FileRecord(str(_GIVEN[whole]), _RUN[whole])
    above = [
        given.parent / whole.relative_to(one.parent) for one, given in _GIVEN.items() if one.parent in whole.parents
    ]
    return FileRecord(str(above[-1]) if above else whole.name, _RUN[whole])


def file_of(module: str) -> str | None:
    """The file of a module, by its name, if it is a plugin file or a neighbour; else None."""
    return str(sys.modules[module].__file__) if module.startswith(_PACKAGE) else None


def _package_of(folder: Path) -> str:
    """The package that stands for a folder, made at first; two folders of one name are two packages."""
    name = f"{_PACKAGE}{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    if name not in sys.modules:
        package = types.ModuleType(name, f"The plugin files in {folder}.")
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    return name


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of these packages, and no others, and gives them our loader."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """As Python's own does."""
        if not name.startswith(_PACKAGE):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(importlib.machinery.SourceFileLoader):
    """Runs a module with an ``import`` of its own, which its functions keep."""

    def exec_module(self, module: types.ModuleType) -> None:
        """As Python's own does."""
        package = module.__name__.partition(".")[0]
        _RUN[Path(self.path)] = hash_of(self.path)
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _importing(package)}
        super().exec_module(module)


def _is_neighbour(package: str, name: str) -> bool:
    """Whether a module beside a package's has that name; or a folder without one, and nothing that is installed."""
    if name in _NEVER:
        return False
    spec = importlib.util.find_spec(f"{package}.{name}")
    return spec is not None and (spec.origin is not None or importlib.util.find_spec(name) is None)


def _importing(package: str) -> Any:
    """The function ``__import__`` for modules of a package: neighbours go before installed packages."""

    def import_(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> types.ModuleType:
        top = name.partition(".")[0]
        if level or not _is_neighbour(package, top):
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        module = builtins.__import__(f"{package}.{name}", globals, locals, fromlist or ())
        return module if fromlist else sys.modules[f"{package}.{top}"]

    return import_
