"""The command ``nstgraph presets``, and presets as options."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from nstgraph.cli.exit_codes import command
from nstgraph.cli.output_options import Outputs
from nstgraph.presets import PRESETS, preset
from nstgraph.run.written_settings import options_of

__all__ = ["app", "as_markdown"]

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
    line = ["nstgraph stylize CONTENT STYLE", *map(shlex.join, options_of(chosen.settings, Outputs))]
    show("\n" + " \\\n  ".join(line))


def as_markdown() -> str:
    """The table of docs/presets.md."""
    rows = ["| preset | what it reproduces | network | loss | other options |", "|---|---|---|---|---|"]
    for one in PRESETS.values():
        written = options_of(one.settings, Outputs)
        loss = " ".join(f"`{text}`" for flag, text in (pair for pair in written if pair[0] == "-l"))
        others = " ".join(" ".join(pair) for pair in written if pair[0] != "-l")
        source = f"{one.source}. {one.note}" if one.note else one.source
        rows.append(f"| `{one.name}` | {source} | {one.network} | {loss} | `{others}` |")
    return "\n".join(rows) + "\n"
