"""Parameter values of loss terms: from text or Python to the type that the term's signature asks for."""

from __future__ import annotations

import math
import typing
from typing import Any

from nstgraph.errors import LossError
from nstgraph.networks.vgg import check_layer

__all__ = ["convert", "number"]

_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def convert(value: Any, kind: Any, where: str, *, is_layer: bool = False) -> Any:
    """Return ``value`` as ``kind``: bool, int, float, str, or a tuple of one of them (text: joined by ``+``).

    Args:
        value: text from the command line, or a Python value.
        kind: the type, such as ``float`` or ``tuple[str, ...]``.
        where: what an error message calls the parameter, such as ``"style:layers"``.
        is_layer: the strings are names of VGG layers, and are checked.

    Raises:
        LossError: the value does not fit the type, or there is no such layer.
    """
    if typing.get_origin(kind) is tuple:
        items = (value.split("+") if value else ()) if isinstance(value, str) else value
        if not isinstance(items, list | tuple):
            items = (items,)
        return tuple(convert(item, typing.get_args(kind)[0], where, is_layer=is_layer) for item in items)
    if kind is bool:
        return _boolean(value, where)
    if kind in (int, float):
        return number(value, kind, where)
    if not isinstance(value, str):
        raise LossError(f"{where} takes text, not {value!r}")
    return check_layer(value) if is_layer else value


def number(value: Any, kind: type[int] | type[float], where: str) -> int | float:
    """Return ``value`` as a finite int or float; raise ``LossError`` if it is none."""
    try:
        result = kind(value)
        fits = math.isfinite(result) and (isinstance(value, str) or result == value)
    except (TypeError, ValueError, OverflowError):
        fits = False
    if isinstance(value, bool) or not fits:
        raise LossError(f"{where} takes {'a whole number' if kind is int else 'a number'}, not {value!r}")
    return result


def _boolean(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value.lower() not in _WORDS:
        raise LossError(f"{where} takes true or false, not {value!r}")
    return _WORDS[value.lower()]
