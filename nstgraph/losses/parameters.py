"""The parameters of a loss term, read off its function's signature when it is registered."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import PluginError
from nstgraph.losses.parameter_types import SUPPORTED, ParameterType, parameter_type

__all__ = ["REQUIRED", "Parameter", "parameters_of"]

#: The default value of a parameter that has none.
REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class Parameter:
    """A parameter that a user may set: its name, what values it takes, and its default, which may be `REQUIRED`."""

    name: str
    type: ParameterType
    default: Any


def parameters_of(function: Callable[..., Any], term: str) -> dict[str, Parameter]:
    """The parameters of a term's function, by name: all but the first, which is the graph.

    Raises:
        PluginError: the function takes no graph, or a parameter has a type that cannot be written as text.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        raise PluginError(f"loss term {term!r} is not a function; write def {term}(g, ...)") from None
    parameters = list(signature.parameters.values())
    if not parameters or parameters[0].kind in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD):
        raise PluginError(f"loss term {term!r} takes no graph; write def {term}(g, ...)")
    names = getattr(inspect.unwrap(getattr(function, "func", function)), "__globals__", {})
    return {parameter.name: _parameter(parameter, term, names) for parameter in parameters[1:]}


def _parameter(parameter: inspect.Parameter, term: str, names: dict[str, Any]) -> Parameter:
    where = f"parameter {parameter.name!r} of loss term {term!r}"
    if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
        raise PluginError(f"{where} cannot be given by name; write every parameter out, without * and /")
    annotation = _annotation(parameter, where, names)
    if annotation in (REQUIRED, Any, tuple, list):
        annotation = _implied(parameter.default)
    elif parameter.default is None:
        annotation = typing.Optional[annotation]  # noqa: UP045 - a type that is known only now
    kind = parameter_type(annotation)
    if kind is None:
        shown = annotation.__name__ if isinstance(annotation, type) else annotation
        raise PluginError(f"{where} is of type {shown}; use {SUPPORTED}")
    return Parameter(parameter.name, kind, parameter.default)


def _annotation(parameter: inspect.Parameter, where: str, names: dict[str, Any]) -> Any:
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    # Each by itself, since the graph's own annotation may be imported for type checkers alone.
    holder = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return typing.get_type_hints(holder, names)[parameter.name]
    except Exception as error:  # an annotation is code of the plugin's, which may raise anything
        raise PluginError(f"{where} has a type that does not exist when it is run ({error}); import it") from error


def _implied(default: Any) -> Any:
    """The type that a default value stands for; of a required parameter, text."""
    if isinstance(default, tuple | list):
        item: Any = type(default[0]) if default else str
        return tuple[item, ...]
    return str if default is REQUIRED else type(default)
