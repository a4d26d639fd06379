"""What ``nstgraph show`` prints of a result, all of which a stranger may have written."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.table import Column, Table

from nstgraph.cli.printing import show, to_stderr, to_stdout
from nstgraph.config import Config
from nstgraph.messages import command, printable
from nstgraph.run.written_settings import (
    as_command,
    as_tuple,
    chosen,
    command_of,
    kind_of,
    paths_of,
    pictures_of,
)
from nstgraph.settings.toml_file import as_toml
from nstgraph.value_checks import setting_of

__all__ = ["show_command", "show_json", "show_tables", "show_toml"]

#: Characters that a table shows of a value.
_LONGEST = 500


def show_tables(result: Path, settings: Mapping[str, Any]) -> None:
    """Tables for people: what was chosen, the pictures, the other settings, and what else there is to know."""
    differing = chosen(settings)
    of = kind_of(settings)
    known = [field.name for field in dataclasses.fields(of)]
    weights = {"weights": settings.get("weights"), "network": settings.get("network")}
    others = [name for name in known if name in settings and name not in differing and name not in weights]
    listed = {"content", "styles", "starts", "masks", "pictures", "plugins", "weights_sha256", *known}
    _table("settings that are not the defaults", _rows(differing))
    files = [(what, "no file" if path is None else path, sha256[:12]) for what, path, sha256 in pictures_of(settings)]
    files += [(what, str(name), str(settings.get("weights_sha256"))[:12]) for what, name in weights.items() if name]
    _table("made from, with the beginning of each SHA-256", files)
    _table("settings that are the defaults", _rows({name: _default(of, name, settings[name]) for name in others}))
    _table("made with", _rows({name: value for name, value in settings.items() if name not in listed}))
    show(f"again: {command('rerun', result)}")


def _default(of: type[Config], name: str, value: Any) -> Any:
    """A default as the command line's help shows it; a value that stands for it, such as the default loss, as it is."""
    field = of.__dataclass_fields__[name]
    return setting_of(field).shown or value if as_tuple(value) == field.default else value


def _rows(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, _text(value)) for name, value in settings.items()]


def _text(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, list | tuple):
        return "\n".join(_text(item) for item in value[:50]) or "none"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


def _table(title: str, rows: Iterable[tuple[str, ...]]) -> None:
    rows = list(rows)
    if rows:
        columns = [Column(no_wrap=True), *(Column(overflow="fold") for _ in rows[0][1:])]
        table = Table(*columns, box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(*("\n".join(map(printable, cell.split("\n"))) for cell in row))
        show(title)
        show(table, unbroken=False)
        show("")


def show_json(settings: Mapping[str, Any]) -> None:
    """All that a result carries, as JSON of ASCII letters."""
    to_stdout(json.dumps(settings, indent=1) + "\n")


def show_command(settings: Mapping[str, Any]) -> None:
    """The command that a result stands for; a note if that would run plugins."""
    if paths_of(settings, "plugin", "FILE"):
        to_stderr("note: this command runs plugin files, which are code; look at them first")
    show(as_command(settings))


def show_toml(settings: Mapping[str, Any]) -> None:
    """The settings of a result as a file for ``--config``, after the command that it goes with."""
    plugins = [word for path in paths_of(settings, "plugin", "FILE") for word in ("--plugin", path)]
    line = " ".join([command_of(settings), shlex.join([*plugins, "--config", "FILE.toml"])])
    show("# " + printable(line))
    to_stdout(as_toml(chosen(settings)))
