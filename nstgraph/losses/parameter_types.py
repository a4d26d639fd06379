"""The types that a loss term's parameters may have, each with a way to write its values as text.

They are ``bool``, ``int``, ``float``, ``str``, ``Path``, ``Source`` (a picture: in text the path of its file, in Python
an array as well), a ``Literal``, an ``Enum``, which is written by its value; a
list of one of these (``tuple[float, ...]``, ``list[str]``, ``tuple[int, int]``), written with ``+`` between its items;
and any of them or None (``float | None``), written ``none``. What would be read in another way stands in quotes (see
`nstgraph.losses.quoting`).
"""

from __future__ import annotations

import collections.abc
import enum
import functools
import math
import numbers
import os
import sys
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nstgraph.errors import LossError
from nstgraph.losses.quoting import Bare, Quoted, in_quotes, quoted
from nstgraph.messages import did_you_mean, shown

if typing.TYPE_CHECKING:
    from nstgraph.pictures.picture import Picture

__all__ = ["SUPPORTED", "ParameterType", "as_number", "parameter_type", "text_of"]

#: What an error message offers in place of another type.
SUPPORTED = "bool, int, float, str, Path, Source, Literal, an Enum, a list of these, or one of them | None"

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NUMBERS: dict[Any, str] = {int: "a whole number", float: "a number"}


class _Misfit(ValueError):
    def __init__(self, words: str, value: Any, hint: str = "") -> None:
        super().__init__(f"takes {words}, not {shown(value)}{hint}")


@dataclass(frozen=True)
class ParameterType:
    """What values a parameter takes.

    Attributes:
        words: for people, e.g. ``"a number"``.
        plural: the same of several, e.g. ``"numbers"``.
        kind: of a value, or of a list's items: ``number``, ``switch``, ``choice``, ``text``, or ``file`` for what names
            a file, and for whatever else.
        optional: whether None is one.
    """

    words: str
    plural: str
    _read: Callable[[Any], Any]
    kind: str = "file"
    optional: bool = False

    def convert(self, value: Any, where: str) -> Any:
        """A value of this type from text, or from a Python value.

        Raises:
            LossError: the value does not fit; the message begins with ``where``, such as ``"style:layers"``.
        """
        try:
            return self._read(value)
        except _Misfit as error:
            raise LossError(f"{where} {error}") from None

    def text(self, value: Any) -> str:
        """A value of this type as a loss's text has it, from which `convert` gives that value."""
        text = text_of(value)
        mistaken = self.optional and value is not None and text.lower() == "none"
        return in_quotes(text) if mistaken else text


def as_number(value: Any, where: str) -> float:
    """Return ``value`` as a finite number; raise ``LossError``, which begins with ``where``, if it is none."""
    result: float = _FLOAT.convert(value, where)
    return result


def parameter_type(annotation: Any) -> ParameterType | None:
    """What an annotation stands for; None if it is not supported."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return parameter_type(arguments[0])
    if origin in (tuple, list, collections.abc.Sequence) and not arguments:
        return None
    if origin in (typing.Union, types.UnionType) and not _is_source(annotation):
        rest = [argument for argument in arguments if argument is not types.NoneType]
        one: Any = typing.Union[tuple(rest)]  # noqa: UP007 - types that are known only now
        return _optional(parameter_type(one)) if len(rest) == 1 or _is_source(one) else None
    if origin is tuple and arguments[-1] is not Ellipsis:
        return _fixed([_scalar(argument) for argument in arguments])
    if origin in (tuple, list, collections.abc.Sequence):
        return _list(_scalar(arguments[0]))
    return _scalar(annotation)


def _scalar(annotation: Any) -> ParameterType | None:
    if typing.get_origin(annotation) is typing.Literal:
        values = {_plain(value): value for value in typing.get_args(annotation)}
        return _choice(values) if len(values) == len(typing.get_args(annotation)) else None
    if _is_source(annotation):
        return ParameterType("a picture", "pictures", _picture)
    if not isinstance(annotation, type):
        return None
    return _choice(_members(annotation)) if issubclass(annotation, enum.Enum) else _scalars(annotation)


def _scalars(annotation: type) -> ParameterType | None:
    if annotation is bool:
        return ParameterType("true or false", "true or false", _boolean, "switch")
    for abstract, kind in ((numbers.Integral, int), (numbers.Real, float)):  # numpy's types are among these
        if issubclass(annotation, abstract):
            words = _NUMBERS[kind]
            return ParameterType(words, f"{words[2:]}s", functools.partial(_number, kind=kind), "number")
    if annotation is str:
        return ParameterType("text", "texts", lambda value: str(_instance(value, str, "text")), "text")
    if annotation is Path:
        return ParameterType("a path", "paths", lambda value: Path(_instance(value, str | os.PathLike, "a path")))
    return None


def _is_source(annotation: Any) -> bool:
    module = sys.modules.get("nstgraph.pictures.load")  # without which nobody can have named that type
    return module is not None and annotation == module.Source


def _picture(value: Any) -> Path | Picture:
    from nstgraph.pictures.load import load  # which takes its time to import

    if isinstance(value, str | os.PathLike):
        return Path(value)
    return load(value)  # read now, as an array may be another one by then


def _members(of: type[enum.Enum]) -> dict[str, enum.Enum]:
    """The members by what they may be written as: a value goes before a name, and of like values the first."""
    members = list(of)
    return {**{each.name: each for each in members}, **{_plain(each.value): each for each in reversed(members)}}


def _choice(values: dict[str, Any]) -> ParameterType:
    words = f"one of {', '.join(dict.fromkeys(map(_plain, values.values())))}"

    def read(value: Any) -> Any:
        for name, choice in values.items():
            if (type(value) is type(choice) and value == choice) or (isinstance(value, str) and value == name):
                return choice
        raise _Misfit(words, value, did_you_mean(value, values) if isinstance(value, str) else "")

    return ParameterType(words, words, read, "choice")


def _optional(kind: ParameterType | None) -> ParameterType | None:
    if kind is None:
        return None
    words, plural = f"{kind.words} or none", f"{kind.plural} or none"

    def read(value: Any) -> Any:
        none = isinstance(value, str) and not isinstance(value, Quoted) and value.lower() == "none"
        if value is None or (none and isinstance(value, Bare)):
            return None
        try:
            return kind._read(value)
        except _Misfit:
            if none:  # in Python, where text may mean that as well
                return None
            raise

    return ParameterType(words, plural, read, kind.kind, optional=True)


def _list(kind: ParameterType | None) -> ParameterType | None:
    if kind is None:
        return None
    read, words = kind._read, f"{kind.plural} joined by +"
    return ParameterType(words, words, lambda value: tuple(map(read, _items(value))), kind.kind)


def _fixed(kinds: list[ParameterType | None]) -> ParameterType | None:
    known = [kind for kind in kinds if kind is not None]
    words = f"{len(kinds)} values joined by + ({', '.join(kind.words for kind in known)})"

    def read(value: Any) -> tuple[Any, ...]:
        items = _items(value)
        if len(items) != len(known):
            raise _Misfit(words, value)
        return tuple(kind._read(item) for kind, item in zip(known, items, strict=True))

    same = {kind.kind for kind in known}
    one = same.pop() if len(same) == 1 else "file"
    return ParameterType(words, words, read, one) if len(known) == len(kinds) else None


def _items(value: Any) -> typing.Sequence[Any]:
    if isinstance(value, Quoted):
        return (value,)
    items = (value.split("+") if value else ()) if isinstance(value, str) else value
    return items if isinstance(items, list | tuple) else (items,)


def _number(value: Any, kind: type[int] | type[float]) -> int | float:
    try:
        result = kind(value)
        fits = math.isfinite(result) and (isinstance(value, str) or result == value)
    except (TypeError, ValueError, OverflowError):
        fits = False
    if isinstance(value, bool) or not fits:
        raise _Misfit(_NUMBERS[kind], value)
    return result


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in _WORDS:
        raise _Misfit("true or false", value)
    return _WORDS[value.lower()]


def _instance(value: Any, kind: Any, words: str) -> Any:
    if not isinstance(value, kind):
        raise _Misfit(words, value)
    return value


def text_of(value: Any) -> str:
    """A parameter's value as a loss's text has it, in quotes if need be; of no value, ``none``."""
    if isinstance(value, list | tuple):
        return "+".join(text_of(item) or in_quotes("") for item in value)
    return quoted(_plain(value))


def _plain(value: Any) -> str:
    """The same without quotes."""
    if value is None:
        return "none"
    if isinstance(value, enum.Enum):
        members, text = _members(type(value)), _plain(value.value)
        return text if members.get(text) is value else value.name
    if isinstance(value, list | tuple):
        return "+".join(map(_plain, value))
    if not isinstance(value, float):
        return str(value)
    # Whole numbers without ".0", all digits that matter, and no "+", which would part a list.
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value).replace("e+", "e")


_FLOAT = ParameterType(_NUMBERS[float], "numbers", functools.partial(_number, kind=float), "number")
