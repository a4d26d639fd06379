"""Tables and pages that the command line prints."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Column, Table

from nstgraph.checkpoints.kept_runs import kept_runs
from nstgraph.cli.printing import show
from nstgraph.errors import PluginError
from nstgraph.losses.loss import LossTerm
from nstgraph.losses.parameter_types import text_of
from nstgraph.losses.parameters import REQUIRED
from nstgraph.losses.registry import registry
from nstgraph.messages import duration, printable
from nstgraph.networks.find_weights import candidates
from nstgraph.networks.weights_diagnosis import Diagnosis
from nstgraph.networks.weights_file import WeightsFile
from nstgraph.presets import PRESETS

if TYPE_CHECKING:
    from nstgraph.planning.plan import Plan

__all__ = [
    "show_diagnosis",
    "show_plan",
    "show_presets",
    "show_runs",
    "show_term",
    "show_terms",
    "show_weights",
    "show_weights_file",
]


def show_terms() -> None:
    """A line for each known loss term: name, origin, first sentence; for a broken plugin, why."""
    table = Table("term", "from", "what it does", box=None, pad_edge=False)
    for name in registry.names():
        try:
            term = registry[name]
            table.add_row(name, term.origin, term.doc.split("\n\n")[0].replace("\n", " "))
        except PluginError as error:
            table.add_row(name, "-", str(error))
    show(table)
    show("\nMore on one: nstgraph terms NAME")


def show_term(term: LossTerm) -> None:
    """Everything about one loss term: how to write it, its parameters with type and default, its docstring."""
    table = Table("parameter", "takes", Column("default", overflow="fold"), box=None, pad_edge=False)
    for name, parameter in term.parameters.items():
        default = "(required)" if parameter.default is REQUIRED else text_of(parameter.default) or "(none)"
        table.add_row(name, parameter.type.words, default)
    show(f"{term.name}  (from {term.origin})\n\n{term.doc or '(no description)'}\n")
    if term.parameters:
        show(table)
        show("")
    example = next(iter(term.parameters), None)
    show(f"For example: -l 2*{term.name}" + (f":{example}=..." if example else ""))


def show_presets() -> None:
    """A line for each preset: name, whose weights it is for, what it reproduces."""
    table = Table("preset", "weights", "what it reproduces", box=None, pad_edge=False)
    for one in PRESETS.values():
        table.add_row(one.name, one.network, one.source)
    show(table)
    show("\nThe options that one stands for: nstgraph presets NAME")


def show_weights() -> None:
    """Where weights are looked for, in order, and which of the places has a file; the first one is used."""
    table = Table("place", "file", "", box=None, pad_edge=False)
    used = False
    for candidate in candidates():
        mark = "-" if not candidate.exists else "there" if used else "used"
        used = used or candidate.exists
        table.add_row(candidate.description, str(candidate.path), mark)
    show(table)
    show("\nDeeper layers: nstgraph weights fetch vgg16, or vgg19")


def show_weights_file(weights: WeightsFile) -> None:
    """A weights file's layers and shapes, and its SHA-256."""
    table = Table("layer", "kernel", box=None, pad_edge=False)
    for layer, shape in weights.layers.items():
        table.add_row(layer, " × ".join(map(str, shape)))
    show(f"{weights.path}\n{weights.architecture.name}, {len(weights.layers)} convolutions\nSHA-256 {weights.sha256}\n")
    show(table)


def show_diagnosis(path: Path, diagnosis: Diagnosis) -> None:
    """What there is to say of a weights file, a line for each thing."""
    show(str(path))
    for about, finding in diagnosis.findings.items():
        show(f"{about:<8} {finding}")


def show_runs(folder: Path) -> None:
    """The runs in a folder that can be resumed: how far they are, and what going on would take."""
    found = kept_runs(folder)
    if not found:
        show(f"no run is kept in {folder}")
        return
    table = Table("saved", "of", "size", "steps", "left", "memory", Column("folder", overflow="fold"), box=None)
    for run in found:
        table.add_row(
            time.strftime("%Y-%m-%d %H:%M", time.localtime(run.saved)),
            printable(" + ".join(run.pictures)),
            str(run.size),
            f"{run.steps} of {run.of}",
            "in use" if run.in_use else duration(run.seconds),
            f"{run.memory / 1e9:.1f} GB",
            str(run.folder),
        )
    show(table, unbroken=True)
    show("\nnstgraph resume FOLDER goes on with one; without FOLDER, with the newest.")


def show_plan(plan: Plan) -> None:
    """A plan's sizes, how each is computed, and what it takes; then the line that stands for it."""
    table = Table("size", "steps", "evaluated", "search", "memory", "time", box=None, pad_edge=False)
    for stage in plan.stages:
        where = {"memory": "", "disk": ", targets on disk", "recompute": ", targets recomputed"}[stage.keep]
        table.add_row(
            f"{stage.width} × {stage.height}",
            str(stage.steps),
            f"in tiles of {stage.tile} px{where}" if stage.tile else "whole",
            f"{stage.optimizer}, {stage.history} corrections" if stage.history else stage.optimizer,
            f"{stage.memory / 1e9:.2f} GB",
            duration(stage.seconds),
        )
    show(table)
    show(f"\n{plan}")
