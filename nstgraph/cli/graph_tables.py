"""Printing what a graph consists of."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Column, Table

from nstgraph.cli.printing import show
from nstgraph.inspect.inventory import ScopeEntry

__all__ = ["show_inventory"]

_WORTH_A_ROW = 0.01


def show_inventory(entries: Sequence[ScopeEntry], *, everything: bool = False) -> None:
    """A row for each scope; without ``everything`` only for those with a hundredth of the whole's numbers."""
    whole = entries[0]
    rows = [entry for entry in entries[1:] if everything or _weighs(entry, whole)]
    numbers = [Column(name, justify="right") for name in ("operations", "parameters", "GFLOP", "MB allocated")]
    table = Table(Column("scope", no_wrap=True), "shape", *numbers, box=None, pad_edge=False)
    for entry in [*rows, whole]:
        table.add_row(
            entry.scope or "all",
            "×".join(map(str, entry.shape)) if entry.shape else "",
            str(entry.operations),
            f"{entry.parameters:,}" if entry.parameters else "",
            f"{entry.flops / 1e9:.3f}",
            f"{entry.memory / 1e6:.1f}",
        )
    show(table, unbroken=True)
    hidden = len(entries) - 1 - len(rows)
    if hidden:
        show(f"\n{hidden} scope{'s' if hidden > 1 else ''} with less than a hundredth of everything: --all")


def _weighs(entry: ScopeEntry, whole: ScopeEntry) -> bool:
    parts = ((entry.parameters, whole.parameters), (entry.flops, whole.flops), (entry.memory, whole.memory))
    return any(part > _WORTH_A_ROW * all_ for part, all_ in parts)
