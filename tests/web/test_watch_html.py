"""What is seen of a run."""

from __future__ import annotations

import pytest

from nstgraph.search.step import Step
from nstgraph.web.keep_html import gallery
from nstgraph.web.run_view import FAILED, FINISHED, PAINTING, WAITING, RunView
from nstgraph.web.watch_html import headline, picture, queue_label

HALF = (Step(5, 1.0, {"tv": 1.0}, 24, 32, done=0.5),)


def test_a_run_says_how_far_it_is():
    said = headline(RunView("a", "lake", PAINTING, of=10, seconds_left=90.0, history=HALF), False)
    assert "step 5 of 10" in said and 'aria-valuenow="50"' in said and "left" in said


def test_a_run_that_waits_says_its_place():
    view = RunView("a", "lake", WAITING, place=2)
    assert "2. in the queue" in headline(view, False) and queue_label(view) == "2. in line: lake"
    assert "Waiting" in picture(view)


def test_a_failure_is_an_alert_and_a_result_can_be_saved_where_one_may():
    assert 'role="alert"' in headline(RunView("a", "lake", FAILED, line="no memory"), False)
    done = RunView("a", "lake", FINISHED, has_picture=True)
    assert "runs/a/picture.png" in headline(done, False) and "picture.png" not in headline(done, True)


@pytest.mark.parametrize("show", [lambda view: headline(view, False), picture, lambda view: gallery([view])])
def test_names_of_files_are_text(show):
    shown = show(RunView('a"><script>', "<script>", FINISHED, line="<script>", preview=1))
    assert "<script>" not in shown
