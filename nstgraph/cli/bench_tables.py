"""How the bench's figures are shown."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from rich.table import Column, Table

from nstgraph.bench.figures import Descent, Failure, Row, TargetReuse
from nstgraph.cli.printing import show, to_stderr

__all__ = ["line", "noted", "print_json", "show_descents", "show_rows", "show_target_reuse"]


_Found = TypeVar("_Found", Row, Row | Failure, Descent)


def print_json(**found: Any) -> None:
    """Print figures, or lists of them, as one line of JSON: what was measured, and what follows from it."""
    print(json.dumps(found, default=_record))


def _record(figures: Any) -> dict[str, Any]:
    derived = [name for name, value in vars(type(figures)).items() if isinstance(value, property)]
    return dataclasses.asdict(figures) | {name: getattr(figures, name) for name in derived}


def noted(found: Iterable[_Found]) -> Iterator[_Found]:
    """The same, with a line on stderr about each as it comes."""
    for one in found:
        to_stderr(line(one))
        yield one


def line(found: Row | Failure | Descent) -> str:
    """One line about what has just been measured."""
    if isinstance(found, Descent):
        return f"{found.variant}: {found.seconds:.1f} s, {found.ratio:.3f} times the reference's loss"
    what = f"{found.size} px, {found.precision}, {f'tiles of {found.tile} px' if found.tile else 'whole'}"
    if isinstance(found, Failure):
        return f"{what}: {found.error}"
    return f"{what}: {found.seconds:.3f} s, {found.share:.0%} of a product's rate"


def show_rows(rows: Sequence[Row | Failure]) -> None:
    """The table of configurations; those that could not be measured have their errors below it."""
    heads = ("size", "precision", "tile", "evaluation", "useful rate", "of product", "overhead", "peak")
    right = {"size", "tile", "evaluation", "useful rate", "of product", "overhead", "peak"}
    table = _table(heads, right)
    for row in rows:
        configuration = str(row.size), row.precision, str(row.tile or "-")
        if isinstance(row, Failure):
            table.add_row(*configuration, "failed", "-", "-", "-", "-")
        else:
            table.add_row(
                *configuration,
                f"{row.seconds:.3f} s",
                f"{row.rate:.0f} GFLOP/s",
                f"{row.share:.0%} of {row.product_rate:.0f}",
                f"{row.outside:.1%}",
                f"{row.peak_memory / 1e9:.2f} GB",
            )
    show(table)
    for row in rows:
        if isinstance(row, Failure):
            show(line(row))
    show("product: a matrix product in the same precision; overhead: share of a search's time outside evaluations")


def show_target_reuse(found: TargetReuse | Failure) -> None:
    """What computing the targets only once saves, in a line."""
    if isinstance(found, Failure):
        show(f"\ntargets computed once: {line(found)}")
        return
    show(
        f"\ntargets computed once, {found.size} px, {found.precision}: {found.speedup:.2f} times faster than computed "
        f"anew ({found.possible_speedup:.2f} by operations); loss differs by {found.difference:.0e}"
    )


def show_descents(descents: Sequence[Descent]) -> None:
    """The table of variants of the search."""
    heads = ("variant", "steps", "time", "loss", "within 5 %", "within 3 %")
    table = _table(heads, set(heads[1:]))
    for found in descents:
        times = found.seconds, found.seconds_within_5_percent, found.seconds_within_3_percent
        whole, five, three = ("-" if seconds is None else f"{seconds:.1f} s" for seconds in times)
        table.add_row(found.variant, str(found.steps), whole, f"{found.ratio:.3f}", five, three)
    show(table)
    show("loss: in float32, relative to that of the first; within: time until the loss is so near to it")


def _table(heads: Sequence[str], right: set[str]) -> Table:
    columns = (Column(head, justify="right" if head in right else "left", no_wrap=True) for head in heads)
    return Table(*columns, box=None, pad_edge=False)
