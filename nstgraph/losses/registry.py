"""Where loss terms are registered and found: the decorator, installed packages, and plugin files.

The built-in terms come in by the same door as a stranger's. An installed package announces a term in its entry points,
under the term's name, and is imported when that name is first used; what it names is the term, its function, or a
module that registers it:

    [options.entry_points]
    nstgraph.terms =
        mine = my_package.my_module:mine
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, overload

from nstgraph.errors import LossError, PluginError
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.losses.plugin_file import file_of, load_plugin_file
from nstgraph.messages import did_you_mean

__all__ = ["Registry", "loss_term", "plugin_files", "registry"]

_GROUP = "nstgraph.terms"
_RESERVED = ("total", "step", "width", "height", "evaluations", "seconds")


class Registry:
    """Loss terms by name."""

    def __init__(self) -> None:
        self._terms: dict[str, LossTerm] = {}

    @functools.cached_property
    def _announced(self) -> dict[str, dict[str, Any]]:
        """Entry points of installed packages by term and module; two modules are an error once the term is used."""
        announced: dict[str, dict[str, Any]] = {}
        for entry in importlib.metadata.entry_points(group=_GROUP):
            announced.setdefault(entry.name, {})[entry.module] = entry
        return announced

    def add(self, function: Callable[..., Any], name: str | None = None) -> LossTerm:
        """Register ``function`` under ``name`` (default: its own).

        Raises:
            PluginError: the name is taken by another function, cannot be written in a loss text, or is missing; or a
                parameter has a type that cannot be written as text. Registering the same function again, as a notebook
                does, replaces it.
        """
        name = name or getattr(function, "__name__", None)
        if name is None:
            raise PluginError(f"{function!r} has no name to register it by; write loss_term(..., name='mine')")
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) or name == "default":
            raise PluginError(f"{name!r} cannot name a loss term; use letters, digits and _ (and not 'default')")
        if name in _RESERVED:
            raise PluginError(f"{name!r} cannot name a loss term, as nstgraph's logs and graphs use it; choose another")
        term = LossTerm(name, function, _origin(function))
        for known in self._terms.values():
            if known.name.lower() == name.lower() and _identity(known) != _identity(term):
                raise _taken(known.name, name, known.origin, term.origin)
        for other, modules in self._announced.items():
            if other.lower() == name.lower() and _package(term.origin) not in map(_package, modules):
                raise _taken(other, name, min(modules), term.origin)
        self._terms[name] = term
        return term

    def remove(self, name: str) -> None:
        """Forget a registered term, if there is one of that name."""
        self._terms.pop(name, None)

    def names(self) -> list[str]:
        """All known names, registered or announced by an installed package, in alphabetical order."""
        return sorted({*self._terms, *self._announced})

    def __getitem__(self, name: str) -> LossTerm:
        """The term of that name; the package that announces it is imported if need be.

        Raises:
            LossError: no term has that name.
            PluginError: two packages announce it, or the one that does cannot be imported or registers no such term.
        """
        entries = self._announced.get(name, {})
        if len(entries) > 1:
            raise _taken(name, name, *sorted(entries)[:2])
        for module, entry in entries.items():
            if name not in self._terms:
                announced = getattr(
                    _import(module, functools.partial(importlib.import_module, module)), entry.attr, None
                )
                if isinstance(announced, LossTerm) and announced.name == name:
                    self._terms[name] = announced
                elif callable(announced) and not isinstance(announced, LossTerm):
                    self.add(announced, name)
                if name not in self._terms:
                    raise PluginError(f"{module} is installed as loss term {name!r} but registers no such term")
        if name not in self._terms:
            raise LossError(f"no loss term {name!r}{did_you_mean(name, self.names())}")
        return self._terms[name]

    def load_file(self, path: Path) -> None:
        """Run a plugin file, so that its decorated terms are registered. It may import the modules beside it.

        Raises:
            PluginError: there is no such file, or it cannot be run.
        """
        _import(str(path), functools.partial(load_plugin_file, path))


def plugin_files(loss: Loss) -> list[str]:
    """The plugin files that a loss's terms come from, as absolute paths."""
    return sorted({term.term.origin for term in loss.terms if os.path.isabs(term.term.origin)})


def _import(what: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except PluginError:
        raise
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises is that plugin's failure, not ours
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise PluginError(f"plugin {what} cannot be imported ({reason}); fix or uninstall it") from error


def _taken(known: str, name: str, one: str, other: str) -> PluginError:
    names = f"called {name!r}" if known == name else f"called {known!r} and {name!r}, which differ only in case"
    return PluginError(f"two loss terms are {names}: in {one} and in {other}; rename or uninstall one")


def _identity(term: LossTerm) -> tuple[str, ...]:
    """What stays the same when a term is defined once more."""
    return term.name, term.origin, getattr(term.function, "__qualname__", "")


def _package(module: str) -> str:
    return module.partition(".")[0]


def _origin(function: Callable[..., Any]) -> str:
    name = getattr(getattr(function, "func", function), "__module__", None) or type(function).__module__
    return file_of(name) or name


#: The registry that the decorator and the command line use.
registry = Registry()


@overload
def loss_term(function: Callable[..., Any], /, *, name: str | None = None) -> LossTerm: ...
@overload
def loss_term(*, name: str | None = None) -> Callable[[Callable[..., Any]], LossTerm]: ...
def loss_term(function: Callable[..., Any] | None = None, /, *, name: str | None = None) -> Any:
    """Register a function of the graph as a loss term.

        @loss_term
        def greys(g, power=2.0):
            '''Keep the greyscale of the content image.'''
            grey = tf.image.rgb_to_grayscale
            return g.mean(tf.abs(grey(g.generated.image) - grey(g.content.image)) ** power)

    The function's first parameter is the `StyleGraph`, the others are the term's parameters; it returns a scalar. Types
    come from annotations or default values (see `nstgraph.losses.parameter_types`). What the decorator leaves under the
    function's name makes losses: ``0.5 * greys(power=1)``.

    Args:
        function: the function; a partial one, which has no name of its own, needs ``name``.
        name: what the term is called; by default as the function.

    Raises:
        PluginError: the name is taken, or a parameter has a type that cannot be written as text.
    """
    if function is None:
        return lambda decorated: registry.add(decorated, name)
    return registry.add(function, name)
