"""Losses of a run as curves: a small SVG, which any browser shows without a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from nstgraph.search.step import Step

__all__ = ["loss_curves"]

#: Of the drawing, in its own units; and most points of a curve.
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 480, 250, 58, 26, 12
_POINTS = 160

#: Decades that the axis spans at most; what is smaller lies on its lower edge.
_DECADES = 5

#: How many colours there are; curves beyond them begin again, dashed.
_COLORS = 8


def loss_curves(history: Sequence[Step]) -> str:
    """Curves of the whole loss and of its weighted terms over the steps, on a logarithmic axis; empty without steps."""
    steps = _thinned(history)
    curves = {"all together": [step.total for step in steps]}
    for label in steps[-1].terms if steps else ():
        curves[label] = [step.terms.get(label, 0.0) for step in steps]
    positive = [value for values in curves.values() for value in values if value > 0 and math.isfinite(value)]
    if not positive:
        return ""
    high = math.log10(max(positive))
    low = max(math.log10(min(positive)), high - _DECADES)
    low, high = math.floor(low * 2) / 2, math.ceil(high * 2) / 2 + (high == low) * 0.5
    first, last = steps[0].step, max(steps[-1].step, steps[0].step + 1)
    across = [_LEFT + (_WIDTH - _LEFT - 6) * (step.step - first) / (last - first) for step in steps]
    lines = "".join(
        f'<polyline class="curve {_class(place)}" points="{_points(across, values, low, high)}"/>'
        for place, values in reversed(list(enumerate(curves.values())))
    )
    legend = "".join(
        f'<li class="{_class(place)}"><i></i>{escape(label)} <b>{values[-1]:.3g}</b></li>'
        for place, (label, values) in enumerate(curves.items())
    )
    described = f"Losses of steps {first} to {steps[-1].step}; all together {curves['all together'][-1]:.3g} now"
    return (
        f'<figure class="curves"><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{described}">'
        f"{_axes(low, high, first, steps[-1].step)}{lines}</svg><ul>{legend}</ul></figure>"
    )


def _thinned(history: Sequence[Step]) -> list[Step]:
    """At most so many steps, evenly; the last is always among them."""
    apart = max(1, math.ceil(len(history) / _POINTS))
    return list(history[::-1][::apart][::-1])


def _class(place: int) -> str:
    return f"c{place % _COLORS}" + (" dashed" if place >= _COLORS else "")


def _number(value: float) -> str:
    return f"{value:.2g}" if 0.01 <= value < 1000 else f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e")


def _down(value: float, low: float, high: float) -> float:
    at = low if value <= 0 or not math.isfinite(value) else min(max(math.log10(value), low), high)
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - at) / (high - low)


def _points(across: Sequence[float], values: Sequence[float], low: float, high: float) -> str:
    return " ".join(f"{x:.1f},{_down(value, low, high):.1f}" for x, value in zip(across, values, strict=True))


def _axes(low: float, high: float, first: int, last: int) -> str:
    marks = [place / 2 for place in range(round(low * 2), round(high * 2) + 1)]
    whole = [mark for mark in marks if mark == int(mark)]
    lines = []
    for mark in whole if len(whole) > 1 else marks:
        y = _down(10**mark, low, high)
        lines.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - 6}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(10**mark)}</text>')
    lines.append(f'<text x="{_LEFT}" y="{_HEIGHT - 6}">step {first}</text>')
    lines.append(f'<text x="{_WIDTH - 6}" y="{_HEIGHT - 6}" text-anchor="end">step {last}</text>')
    return "".join(lines)
