"""What a setting is: a field of a class, with what it means, what it may be, and how the command line calls it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.messages import shown

__all__ = [
    "Check",
    "Setting",
    "check_settings",
    "document",
    "keep_settings",
    "number",
    "numbers",
    "one_of",
    "setting",
    "setting_of",
    "switch",
    "text",
    "value_from_text",
    "with_default",
]


#: What joins numbers of a list on the command line.
_JOINED = "+"

#: How a switch is written.
_SWITCH = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}


@dataclass(frozen=True)
class Check:
    """What values a setting may have.

    Attributes:
        metavar: how the command line shows them; empty for a switch.
        fault: what is wrong with a value, as the end of a message that begins with the setting's name; else empty.
        parse: gives a value for text from the command line, which may be the text itself.
        kept: gives the form in which a value that fits is kept, such as a tuple for a list.
        joined: what joins several values on the command line; empty where each has the option to itself.
    """

    metavar: str
    fault: Callable[[Any], str]
    parse: Callable[[str], Any] = str
    kept: Callable[[Any], Any] = lambda value: value
    joined: str = ""


def number(low: float, high: float, metavar: str = "N") -> Check:
    """Numbers from ``low`` to ``high``; whole ones if ``low`` is."""
    kind = "a whole number" if isinstance(low, int) else "a number"

    def fault(value: Any) -> str:
        fits = type(value) in (int, type(low)) and low <= value <= high
        return "" if fits else f"is {shown(value)}; choose {kind} from {low} to {high}"

    return Check(metavar, fault)


def numbers(low: float, high: float, metavar: str, *, alone: bool) -> Check:
    """Several numbers from ``low`` to ``high``, which the command line joins by +.

    Args:
        low, high, metavar: as for `number`.
        alone: whether one number may stand for all, and is kept as it is; else there may be none at all.
    """

    def fits(value: Any) -> bool:
        return type(value) in (int, float) and low <= value <= high

    def fault(value: Any) -> str:
        several = isinstance(value, list | tuple) and (len(value) > 0 or not alone) and all(map(fits, value))
        if several or (alone and fits(value)):
            return ""
        what = f"a number from {low} to {high}" if alone else f"numbers from {low} to {high}"
        return f"is {shown(value)}; choose {what}{', or one for each style' if alone else ', one for each style'}"

    def parse(text: str) -> Any:
        try:
            parts = tuple(float(part) for part in text.split(_JOINED)) if text else ()
        except ValueError:
            return text
        return parts[0] if alone and len(parts) == 1 else parts

    return Check(metavar, fault, parse, lambda value: tuple(value) if isinstance(value, list) else value, _JOINED)


def one_of(*names: str) -> Check:
    """One of some names."""
    listed = ", ".join(names)

    def fault(value: Any) -> str:
        return "" if isinstance(value, str) and value in names else f"is {shown(value)}; choose from {listed}"

    return Check("|".join(names), fault)


def switch() -> Check:
    """True or False."""
    return Check("", lambda value: "" if isinstance(value, bool) else f"is {shown(value)}; choose True or False")


def text(metavar: str, *, optional: bool = True) -> Check:
    """A path or a name; or None, if it is optional."""

    def fault(value: Any) -> str:
        if (value is None and optional) or (isinstance(value, str | os.PathLike) and os.fspath(value)):
            return ""
        given = f"of type {type(value).__name__}" if hasattr(value, "shape") else shown(value)
        return f"is {given}; give {' or '.join(metavar.split('|'))}"

    return Check(metavar, fault)


@dataclass(frozen=True)
class Setting:
    """What is known of a setting beside its type and default.

    Attributes:
        help: for people.
        group: under which heading the command line lists it.
        check: what it may be.
        flags: how the command line calls it, if not by its own name.
        shown: what the command line shows for the default, if not the value.
    """

    help: str
    group: str | None
    check: Check
    flags: tuple[str, ...] = ()
    shown: str | None = None


def setting(default: Any, group: str | None, check: Check, help: str, *flags: str, shown: str | None = None) -> Any:
    """A field of a class of settings; arguments as for `Setting`."""
    return dataclasses.field(default=default, metadata={"setting": Setting(help, group, check, flags, shown)})


def with_default(of: type, name: str, default: Any) -> Any:
    """A field that is a setting of another class in all but its default."""
    return dataclasses.field(default=default, metadata=of.__dataclass_fields__[name].metadata)  # type: ignore[attr-defined]


def setting_of(field: dataclasses.Field[Any]) -> Setting:
    """What is known of a setting, from its field."""
    known: Setting = field.metadata["setting"]
    return known


def value_from_text(of: type, name: str, text: str) -> Any:
    """The value that text stands for, of a setting of a class; what is not of its kind stays text, which is refused."""
    field = of.__dataclass_fields__[name]  # type: ignore[attr-defined]
    if setting_of(field).check.parse is not str:
        return setting_of(field).check.parse(text)
    if isinstance(field.default, bool):
        return _SWITCH.get(text.lower(), text)
    if isinstance(field.default, int | float):
        with contextlib.suppress(ValueError):
            return type(field.default)(text)
    return text


def check_settings(settings: Any) -> None:
    """Raise ConfigError for the first setting, of any class of settings, that is out of range."""
    for field in dataclasses.fields(settings):
        fault = setting_of(field).check.fault(getattr(settings, field.name))
        if fault:
            raise ConfigError(f"{field.name} {fault}")


def keep_settings(settings: Any) -> None:
    """Give the settings of a class, which fit, the form in which they are kept."""
    for field in dataclasses.fields(settings):
        object.__setattr__(settings, field.name, setting_of(field).check.kept(getattr(settings, field.name)))


def document(settings: type) -> None:
    """Add what is known of its fields to the docstring of a class of settings."""
    lines = [f"    {field.name}: {setting_of(field).help}" for field in dataclasses.fields(settings)]
    settings.__doc__ = "\n".join([settings.__doc__ or "", "", "Attributes:", *lines])
