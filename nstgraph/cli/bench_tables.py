"""How the bench's figures are shown."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from rich.table import Column, Table

from nstgraph.bench.figures import Descent, Failure, PictureFigures, Row, Scaling, TargetReuse, mean_figures
from nstgraph.cli.printing import show, to_stderr, to_stdout

__all__ = [
    "line", "noted", "print_json", "show_descents", "show_pictures", "show_rows", "show_scaling",
    "show_target_reuse",
]  # fmt: skip


_Figures = TypeVar("_Figures", Row, Row | Failure, Descent)


def print_json(**figures: Any) -> None:
    """Print figures, or lists of them, as one line of JSON: what was measured, and what follows from it."""
    to_stdout(json.dumps(figures, default=_record) + "\n")


def _record(figures: Any) -> dict[str, Any]:
    derived = [name for name, value in vars(type(figures)).items() if isinstance(value, property)]
    return dataclasses.asdict(figures) | {name: getattr(figures, name) for name in derived}


def noted(figures: Iterable[_Figures]) -> Iterator[_Figures]:
    """The same, with a line on stderr about each as it comes."""
    for one in figures:
        to_stderr(line(one))
        yield one


def line(figures: Row | Failure | Descent | PictureFigures) -> str:
    """One line about what has just been measured."""
    if isinstance(figures, PictureFigures):
        return f"{figures.pair}: {figures.seconds:.1f} s, {figures.colour_distance:.2f} from the painting's colours"
    if isinstance(figures, Descent):
        return f"{figures.variant}: {figures.seconds:.1f} s, {figures.ratio:.3f} times the reference's loss"
    what = f"{figures.size} px, {figures.precision}, {f'tiles of {figures.tile} px' if figures.tile else 'whole'}"
    if isinstance(figures, Failure):
        return f"{what}: {figures.error}"
    return f"{what}: {figures.seconds:.3f} s, {figures.share:.0%} of a product's rate"


def show_rows(rows: Sequence[Row | Failure]) -> None:
    """The table of configurations; those that could not be measured have their errors below it."""
    heads = ("size", "precision", "tile", "evaluation", "useful rate", "of product", "overhead", "peak")
    table = _table(heads, left="precision")
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


def show_target_reuse(figures: TargetReuse | Failure) -> None:
    """What computing the targets only once saves, in a line."""
    if isinstance(figures, Failure):
        show(f"\ntargets computed once: {line(figures)}")
        return
    show(
        f"\ntargets computed once, {figures.size} px, {figures.precision}: {figures.speedup:.2f} times faster than "
        f"computed anew ({figures.possible_speedup:.2f} expected); loss differs by {figures.difference:.0e}"
    )


def show_scaling(rows: Sequence[Scaling]) -> None:
    """The table of teams of workers."""
    table = _table(("workers", "size", "tile", "evaluation", "speed", "sent", "predicted"), left="workers")
    for row in rows:
        sent = (f"{value / 1e6:.1f} MB" if value else "-" for value in (row.sent, row.predicted))
        times = f"{row.seconds:.3f} s", f"{row.speedup:.2f}"
        table.add_row(row.workers, str(row.size), str(row.tile), *times, *sent)
    show(table)
    show("speed: against this machine alone, in tiles; sent: to workers and back, an evaluation")


def show_descents(descents: Sequence[Descent]) -> None:
    """The table of variants of the search."""
    heads = ("variant", "steps", "time", "loss", "within 5 %", "within 3 %")
    table = _table(heads, left="variant")
    for figures in descents:
        times = figures.seconds, figures.seconds_within_5_percent, figures.seconds_within_3_percent
        whole, five, three = ("-" if seconds is None else f"{seconds:.1f} s" for seconds in times)
        table.add_row(figures.variant, str(figures.steps), whole, f"{figures.ratio:.3f}", five, three)
    show(table)
    show("loss: in float32, relative to that of the first; within: time until the loss is that close to it")


def show_pictures(rows: Sequence[PictureFigures], settings: Mapping[str, Any], as_json: bool) -> None:
    """The table of stylised pictures, with the means of all, or both as JSON with the settings they were made with."""
    mean = mean_figures(rows)
    if as_json:
        print_json(rows=rows, mean=mean, settings={name: str(value) for name, value in settings.items()})
        return
    heads = ("pair", "chroma", "colours", "foreign", "dots", "content", "fine", "middle", "coarse", "time")
    table = _table(heads, left="pair")
    for row in (*rows, mean):
        lab = (f"{value:.2f}" for value in (row.chroma, row.colour_distance, row.foreign_chroma, row.dots))
        strokes = (f"{error:.3f}" for error in row.style_distance)
        table.add_row(row.pair, *lab, f"{row.content_kept:.3f}", *strokes, f"{row.seconds:.1f} s")
    show(table, unbroken=True)
    show(
        "colours: their distance from the painting's; foreign: of hues from those that photo or painting has; dots: "
        "amplitude of regular ones in flat areas (all in Lab units); content: likeness of edges; fine, middle, coarse: "
        "error of strokes of about 4, 8 and 16 pixels"
    )


def _table(heads: Sequence[str], left: str) -> Table:
    columns = (Column(head, justify="left" if head == left else "right", no_wrap=True) for head in heads)
    return Table(*columns, box=None, pad_edge=False)
