"""Curves of losses as SVG."""

from __future__ import annotations

import xml.etree.ElementTree as xml

import pytest

from nstgraph.search.step import Step
from nstgraph.web.loss_curves import loss_curves


def _history(steps, **terms):
    return [
        Step(n, 10.0 / n, {label: value / n for label, value in terms.items()}, 24, 32) for n in range(1, steps + 1)
    ]


def _drawn(history):
    return xml.fromstring(loss_curves(history))


def test_before_the_first_step_there_is_nothing():
    assert loss_curves([]) == ""


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_what_has_no_logarithm_is_not_drawn(value):
    assert loss_curves([Step(1, value, {"tv": value}, 24, 32)]) == ""


def test_a_curve_for_each_term_and_one_for_all_together():
    lines = _drawn(_history(5, content=1.0, tv=0.5)).findall(".//polyline")
    assert len(lines) == 3
    assert all(len(line.attrib["points"].split()) == 5 for line in lines)


def test_falling_losses_fall_in_the_drawing_and_lie_within_it():
    drawing = _drawn(_history(7, content=1.0))
    for line in drawing.findall(".//polyline"):
        points = [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        assert [y for _, y in points] == sorted(y for _, y in points)
        assert all(0 <= x <= 480 and 0 <= y <= 250 for x, y in points)


@pytest.mark.parametrize("steps", [1, 2, 159, 160, 161, 5000])
def test_long_runs_are_thinned_and_the_last_step_stays(steps):
    line = _drawn(_history(steps, content=1.0)).findall(".//polyline")[-1]
    assert len(line.attrib["points"].split()) <= 160
    assert f"step {steps}" in loss_curves(_history(steps, content=1.0))


def test_labels_are_text_whatever_they_are():
    drawn = loss_curves(_history(2, **{"<script>": 1.0}))
    assert "<script>" not in drawn and "&lt;script&gt;" in drawn


def test_terms_beyond_the_colours_are_dashed():
    drawing = _drawn(_history(2, **{f"term{n}": 1.0 for n in range(10)}))
    assert sum("dashed" in line.attrib["class"] for line in drawing.findall(".//polyline")) == 3
