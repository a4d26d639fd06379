"""Where loss terms are registered and found: the decorator, installed packages, and plugin files.

The built-in terms come in by the same door as a stranger's. An installed package announces a term in its entry points,
under the term's name, and is imported when that name is first used:

    [options.entry_points]
    nstgraph.terms =
        mine = my_package.my_module
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import re
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, overload

from nstgraph.config import DEFAULT_LOSS
from nstgraph.errors import LossError, PluginError, did_you_mean
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.losses.parameters import number

__all__ = ["Registry", "as_loss", "loss_term", "parse_loss", "registry"]

_GROUP = "nstgraph.terms"
_RESERVED = ("total", "step", "width", "height", "evaluations", "seconds")
_FILE_MODULE = "nstgraph_plugin_file_"


class Registry:
    """Loss terms by name."""

    def __init__(self) -> None:
        self._terms: dict[str, LossTerm] = {}

    @functools.cached_property
    def _announced(self) -> dict[str, set[str]]:
        """The modules that installed packages announce, by term name; two for one name is an error once it is used."""
        announced: dict[str, set[str]] = {}
        for entry in importlib.metadata.entry_points(group=_GROUP):
            announced.setdefault(entry.name, set()).add(entry.value)
        return announced

    def add(self, function: Callable[..., Any], name: str | None = None) -> LossTerm:
        """Register ``function`` under ``name`` (default: its own).

        Raises:
            PluginError: the name is taken by another function, or cannot be written in a loss text. Registering
                the same function again, as a notebook does, replaces it.
        """
        name = name or function.__name__
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) or name == "default":
            raise PluginError(f"{name!r} cannot name a loss term; use letters, digits and _ (and not 'default')")
        if name in _RESERVED:
            raise PluginError(f"{name!r} cannot name a loss term, as nstgraph's logs and graphs use it; choose another")
        term = LossTerm(name, function, _origin(function))
        known = self._terms.get(name)
        if known is not None and (known.origin, known.function.__qualname__) != (term.origin, function.__qualname__):
            raise _taken(name, known.origin, term.origin)
        announced = sorted(self._announced.get(name, ()))
        if announced and function.__module__.split(".")[0] not in {module.split(".")[0] for module in announced}:
            raise _taken(name, announced[0], term.origin)
        self._terms[name] = term
        return term

    def names(self) -> list[str]:
        """All known names, registered or announced by an installed package, in alphabetical order."""
        return sorted({*self._terms, *self._announced})

    def __getitem__(self, name: str) -> LossTerm:
        """The term of that name; the package that announces it is imported if need be.

        Raises:
            LossError: no term has that name.
            PluginError: two packages announce it, or the one that does cannot be imported or registers no such term.
        """
        modules = sorted(self._announced.get(name, ()))
        if len(modules) > 1:
            raise _taken(name, *modules[:2])
        if name not in self._terms and modules:
            _import(modules[0], lambda: importlib.import_module(modules[0].split(":")[0]))
            if name not in self._terms:
                raise PluginError(f"{modules[0]} is installed as loss term {name!r} but registers no such term")
        if name not in self._terms:
            raise LossError(f"no loss term {name!r}{did_you_mean(name, self.names())}")
        return self._terms[name]

    def load_file(self, path: Path) -> None:
        """Run a plugin file, so that its decorated terms are registered.

        Raises:
            PluginError: there is no such file, or it cannot be run.
        """
        if not path.is_file():
            raise PluginError(f"no plugin file {path}; check the path given to --plugin")
        # Every file is a module of its own: two files of one name in two folders do not replace each other.
        name = f"{_FILE_MODULE}{zlib.crc32(str(path.resolve()).encode()):08x}_{path.stem}"
        spec = importlib.util.spec_from_file_location(name, path.resolve())
        if spec is None or spec.loader is None:
            raise PluginError(f"{path} is not a Python file; a plugin's name ends in .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        _import(str(path), functools.partial(spec.loader.exec_module, module))


def _import(what: str, load: Callable[[], Any]) -> None:
    try:
        load()
    except PluginError:
        raise
    except (Exception, SystemExit) as error:  # whatever a stranger's module raises is that plugin's failure, not ours
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise PluginError(f"plugin {what} cannot be imported ({reason}); mend or uninstall it") from error


def _taken(name: str, one: str, other: str) -> PluginError:
    return PluginError(f"two loss terms are called {name!r}: in {one} and in {other}; rename or uninstall one")


def _origin(function: Callable[..., Any]) -> str:
    name = function.__module__
    return str(sys.modules[name].__file__) if name.startswith(_FILE_MODULE) else name


#: The registry that the decorator and the command line use.
registry = Registry()


@overload
def loss_term(function: Callable[..., Any], /) -> LossTerm: ...
@overload
def loss_term(*, name: str) -> Callable[[Callable[..., Any]], LossTerm]: ...
def loss_term(function: Callable[..., Any] | None = None, /, *, name: str | None = None) -> Any:
    """Register a function of the graph as a loss term.

        @loss_term
        def greys(g, power=2.0):
            '''Keep the greyscale of the content image.'''
            grey = tf.image.rgb_to_grayscale
            return g.mean(tf.abs(grey(g.generated.image) - grey(g.content.image)) ** power)

    The function's first parameter is the `StyleGraph`, the others are the term's parameters; it returns a scalar.
    Types come from annotations or default values (bool, int, float, str, or a tuple of one of them); parameters
    called ``layer`` or ``layers`` are checked to be layers of VGG. What the decorator leaves under the function's
    name makes losses: ``0.5 * greys(power=1)``.

    Raises:
        PluginError: the name is taken.
    """
    if function is None:
        return lambda decorated: registry.add(decorated, name)
    return registry.add(function)


def as_loss(loss: Loss | str | Iterable[str]) -> Loss:
    """``loss`` itself, or what `parse_loss` reads from it."""
    return loss if isinstance(loss, Loss) else parse_loss(loss)


def parse_loss(texts: str | Iterable[str]) -> Loss:
    """Read a loss from text: ``[weight*]term[:parameter=value[,parameter=value...]]``, one string a term.

    ``default`` stands for the default loss, `nstgraph.config.DEFAULT_LOSS`. A single string may hold several terms,
    separated by spaces.

    Raises:
        LossError: a term, parameter or layer that does not exist, or a value of the wrong type.
        PluginError: a term's plugin cannot be imported.
    """
    parts = texts.split() if isinstance(texts, str) else [part for text in texts for part in text.split()]
    if not parts:
        raise LossError("the loss has no terms; name at least one, such as style")
    return sum((_parse_term(part) for part in parts), Loss(()))


def _parse_term(text: str) -> Loss:
    head, _, tail = text.partition(":")
    factor, star, name = head.rpartition("*")
    weight = number(factor, float, f"the weight in {text!r}") if star else 1.0
    if name == "default":
        if tail:
            raise LossError(f"'default' has no parameters, but {text!r} gives some; name the term instead")
        return weight * parse_loss(DEFAULT_LOSS)
    parameters = {}
    for item in tail.split(",") if tail else []:
        key, equals, value = item.partition("=")
        if not equals:
            raise LossError(f"cannot read {item!r} in {text!r}; write parameter=value")
        if key in parameters:
            raise LossError(f"{text!r} gives {key!r} twice; write values of a list with +")
        parameters[key] = value
    return weight * registry[name](**parameters)
