"""The options of a command as a table in Markdown: those of the README, and of docs/options.md."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from typer.main import get_command

__all__ = ["FIRST", "as_markdown", "as_page"]

#: What a newcomer asks for first, by the name of the option.
FIRST = (
    "size", "style_scale", "keep_colors", "loss", "steps", "init", "preset", "memory", "latest", "compare", "log",
)  # fmt: skip

#: Options that come with every command.
_EVERYWHERE = ("help", "debug")


def as_markdown(command: str = "stylize") -> str:
    """The README's table: the options that are asked for first."""
    options = {option.name: option for option in _options(command)}
    return _table([options[name] for name in FIRST], lists=False)


def as_page(command: str = "stylize") -> str:
    """The page of all options, a table for each group in the order in which help shows them."""
    groups: dict[str, list[Any]] = {}
    for option in _options(command):
        groups.setdefault(option.rich_help_panel or "General", []).append(option)
    parts = ([f"## {name}\n", _table(options, lists=True)] for name, options in groups.items())
    return "\n".join([f"# Options of nstgraph {command}\n", *itertools.chain.from_iterable(parts)])


def _options(command: str) -> Iterator[Any]:
    from nstgraph.cli.app import app  # which imports every command

    program: Any = get_command(app)
    for parameter in program.commands[command].params:
        if parameter.param_type_name == "option" and parameter.name not in _EVERYWHERE:
            yield parameter


def _table(options: list[Any], *, lists: bool) -> str:
    """The table of some options; ``lists`` tells whether long defaults stand there, too."""
    rows = [f"| {_written(option)} | {_about(option, lists)} |\n" for option in options]
    return "".join(["| option | what it does |\n", "|---|---|\n", *rows])


def _written(option: Any) -> str:
    names = [*option.opts, *option.secondary_opts]
    value = "" if option.is_flag else f" {option.metavar}"
    return ", ".join(f"`{name}{value}`" for name in names).replace("|", "\\|")


def _about(option: Any, lists: bool) -> str:
    about = str(option.help).replace("\\[", "[").replace("|", "\\|")
    default = option.show_default if isinstance(option.show_default, str) else _default(option, lists)
    return f"{about} Default: {default}." if default else about


def _default(option: Any, lists: bool) -> str:
    value = option.default
    if isinstance(value, list | tuple):
        return " ".join(f"`{item}`" for item in value) if lists else ""
    return "" if callable(value) or value in (None, False, "") or option.is_flag else f"`{value}`"
