"""Loss curves: every term and their sum over the steps of a run, drawn by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nstgraph.errors import ConfigError, OutputError
from nstgraph.files import check_suffix, writing
from nstgraph.messages import one_line
from nstgraph.search.step import Step

__all__ = ["CURVE_SUFFIXES", "check_curves", "save_curves"]

CURVE_SUFFIXES = (".png", ".svg", ".pdf")

#: Width and height in inches of what is drawn, without its legend; inches of a column of that, and how many curves it
#: names; pixels an inch.
_SIZE, _COLUMN, _ROWS, _RESOLUTION = (8.0, 6.0), 2.0, 22, 100

#: What the formats would say of the moment, so that the same run gives the same file.
_UNDATED = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}

#: The least loss that is drawn, as a share of the largest: below, nobody minds, and the others need the room.
_RANGE = 1e-6

#: Marks a label that begins with an underscore, which matplotlib would leave out of a legend.
_SHOWN = " "


def check_curves(path: Path) -> None:
    """Refuse, before any work is done, curves that could not be drawn.

    Raises:
        OutputError: the name's extension is none of ``CURVE_SUFFIXES``.
        ConfigError: matplotlib is not installed.
    """
    check_suffix(path, "curves", CURVE_SUFFIXES)
    _figure_class()


def save_curves(path: Path, history: Sequence[Step], *, overwrite: bool = False) -> Path:
    """Draw losses over steps, on a logarithmic scale, with a line where the picture's size changes.

    A loss of 0 or less has no place on that scale: where a loss is below 0, the scale is linear around 0.

    Args:
        path: ends in .png, .svg or .pdf.
        history: the steps.
        overwrite: whether a file that is there may be replaced.

    Raises:
        ConfigError: matplotlib is not installed.
        OutputError: another extension, the curves cannot be drawn, or the file cannot be written, as for `Result.save`.
    """
    check_curves(path)
    data, suffix = io.BytesIO(), path.suffix.lower()
    try:
        figure = _drawn(history)
        figure.savefig(data, format=suffix[1:], dpi=_RESOLUTION, metadata=_UNDATED.get(suffix))
    except Exception as error:  # matplotlib has settings of the user's, which may be of any kind
        raise OutputError(f"the curves cannot be drawn ({one_line(error)})") from error
    with writing(path, overwrite=overwrite) as file:
        file.write(data.getvalue())
    return path


def _figure_class() -> Any:
    # Not pyplot, whose figures are the process's own.
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError('curves need matplotlib: python -m pip install "nstgraph[plots]"') from error
    return Figure


def _drawn(history: Sequence[Step]) -> Any:
    steps = [step.step for step in history]
    labels = list(dict.fromkeys(label for step in history for label in step.terms))
    curves = {label: [step.terms.get(label, np.nan) for step in history] for label in labels}
    curves = {"total": [step.total for step in history], **curves}
    columns = -(-len(curves) // _ROWS)
    figure = _figure_class()(figsize=(_SIZE[0] + columns * _COLUMN, _SIZE[1]), layout="constrained")
    axes = figure.add_subplot()
    for label, values in curves.items():
        style = {"color": "black", "linewidth": 2.0} if label == "total" else {"linewidth": 1.2}
        shown = label.replace("$", r"\$")
        axes.plot(steps, values, label=_SHOWN + shown if shown.startswith("_") else shown, **style)
    _scale(axes, np.array(list(curves.values())))
    _mark_sizes(axes, history)
    axes.set_xlabel("step")
    axes.set_ylabel("weighted loss")
    axes.grid(alpha=0.25)
    if history:
        axes.set_xlim(steps[0] - 0.5, steps[-1] + 0.5)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=columns)
    return figure


def _scale(axes: Any, values: Any) -> None:
    finite = np.abs(values[np.isfinite(values) & (values != 0)])
    if not finite.size:
        return
    least = max(float(finite.min()), _RANGE * float(finite.max()))
    if (values < 0).any():
        axes.set_yscale("symlog", linthresh=least)
    else:
        axes.set_yscale("log", nonpositive="mask")
        axes.set_ylim(bottom=0.7 * least)


def _mark_sizes(axes: Any, history: Sequence[Step]) -> None:
    """A line and the size at the first step of each."""
    before = None
    for step in history:
        size = step.width, step.height
        if size != before:
            if before is not None:
                axes.axvline(step.step - 0.5, color="grey", linewidth=0.8, linestyle=":")
            axes.annotate(
                f"{step.width}×{step.height}",
                (step.step - 0.5, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(3, 3),
                textcoords="offset points",
                fontsize="small",
                color="grey",
            )
        before = size
