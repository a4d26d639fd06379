"""Settings in a file of TOML: by name, those of output files in a table of their own.

    size = 768
    loss = ["default", "0.2*luminance"]

    [outputs]
    compare = true

A path is as on the command line: from the working folder. Plugins are not among the settings, as they are code, which
is run because somebody names it, not because a file does.
"""

from __future__ import annotations

import dataclasses
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nstgraph.errors import ConfigError
from nstgraph.files import what_is_wrong_with
from nstgraph.messages import did_you_mean, one_line, shown
from nstgraph.value_checks import setting_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["OUTPUTS", "as_toml", "checked", "read_toml"]

#: The table of what the command line's options for output files would say.
OUTPUTS = "outputs"

#: Bytes that such a file may have.
_LONGEST = 1 << 20


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a file of TOML says, lists as tuples.

    Raises:
        ConfigError: it is missing, no regular file, too long, or no TOML.
    """
    fault = what_is_wrong_with(path)
    if fault == "is empty (0 bytes)":
        return {}
    if fault:
        raise ConfigError(f"{path} {fault}; name a file of TOML, such as one that nstgraph show --toml has printed")
    try:
        with open(path, "rb") as file:
            data = file.read(_LONGEST + 1)
        if len(data) > _LONGEST:
            raise ConfigError(f"{path} has more than {_LONGEST} bytes; settings take a few hundred")
        table = tomllib.loads(data.decode())
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); change its permissions or copy it") from error
    except (ValueError, RecursionError) as error:  # of TOML, of UTF-8, and of numbers with too many digits
        raise ConfigError(f"{path} is not TOML ({one_line(error)}); mend it there") from error
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


def checked(values: Any, of: type, where: str) -> dict[str, Any]:
    """Settings of a class, from a file, each as it is to be given to that class.

    Args:
        values: what the file says, by name.
        of: the class.
        where: what an error calls the file, or the table in it.

    Raises:
        ConfigError: there is no such setting, or its value has another type or is out of range.
    """
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where} is {shown(values)}; write a table")
    fields = {field.name: field for field in dataclasses.fields(of)}
    for name, value in values.items():
        if name in ("plugin", "plugins"):
            raise ConfigError(f"{name} in {where}: plugins are code; name them on the command line, by --plugin FILE")
        if name not in fields:
            raise ConfigError(f"no setting {shown(name)} for {where}{did_you_mean(name, fields)}")
        fault = setting_of(fields[name]).check.fault(value)
        if fault:
            raise ConfigError(f"{name} in {where} {fault}")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


def as_toml(values: Mapping[str, Any]) -> str:
    """Settings as a file of TOML, a line each; those that are None are left out, which stands for it."""
    return "".join(f"{name} = {_written(value)}\n" for name, value in values.items() if value is not None)


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        items = [_written(item) for item in value]
        return f"[{', '.join(items)}]" if len(items) < 2 else "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    text = os.fspath(value) if isinstance(value, Path) else str(value)
    return f'"{"".join(map(_letter, text))}"'


def _letter(letter: str) -> str:
    """A letter as TOML writes it; one that does not print is written by its number."""
    if letter in '"\\':
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"
