"""The command ``nstgraph presets``, and presets as options."""

from __future__ import annotations

import dataclasses
import shlex
from typing import Annotated, Any

import typer

from nstgraph.cli.exit_codes import command
from nstgraph.cli.output_options import Outputs
from nstgraph.config import Config
from nstgraph.presets import PRESETS, Preset, preset
from nstgraph.value_checks import setting_of

__all__ = ["app", "as_markdown", "options_of"]

app = typer.Typer()


@command(app)
def presets(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A preset, to read which options it is.")] = None,
) -> None:
    """List the presets, or print one as the options that it stands for."""
    from nstgraph.cli.printing import show
    from nstgraph.cli.tables import show_presets

    if name is None:
        show_presets()
        return
    chosen = preset(name)
    lines = [f"{chosen.name}: {chosen.source}, for the weights of {chosen.network}", chosen.note]
    show("\n".join(line for line in lines if line))
    line = ["nstgraph stylize CONTENT STYLE", *(" ".join(map(shlex.quote, option)) for option in options_of(chosen))]
    show("\n" + " \\\n  ".join(line))


def options_of(chosen: Preset) -> list[list[str]]:
    """The options that a preset stands for, each with its value: ``[["--size", "224"], ...]``."""
    fields = {field.name: field for of in (Config, Outputs) for field in dataclasses.fields(of)}
    written: list[list[str]] = []
    for name, value in chosen.settings.items():
        flags = setting_of(fields[name]).flags or (f"--{name.replace('_', '-')}",)
        written += _written(flags[-1].partition("/")[0], value)
    return written


def _written(flag: str, value: Any) -> list[list[str]]:
    if isinstance(value, tuple):
        return [[flag, text] for text in value]
    return [[flag]] if value is True else [[flag, str(value)]]


def as_markdown() -> str:
    """The table of docs/presets.md."""
    rows = ["| preset | what it reproduces | network | loss | other options |", "|---|---|---|---|---|"]
    for one in PRESETS.values():
        written = options_of(one)
        loss = " ".join(f"`{text}`" for flag, text in (pair for pair in written if pair[0] == "-l"))
        others = " ".join(" ".join(pair) for pair in written if pair[0] != "-l")
        source = f"{one.source}. {one.note}" if one.note else one.source
        rows.append(f"| `{one.name}` | {source} | {one.network} | {loss} | `{others}` |")
    return "\n".join(rows) + "\n"
