"""Workers compute what this machine would; when one is lost, nothing else is."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import nstgraph as nst
from nstgraph import Evaluator
from nstgraph.tiles.tiled_evaluator import TiledEvaluator
from nstgraph.workers.team import Team

LOSS = "content:layer=conv1_2 moments:layers=image tv"


@pytest.fixture(scope="module")
def evaluator(objective_of):
    with Evaluator(objective_of(LOSS)) as evaluator:
        yield evaluator


@pytest.fixture(scope="module")
def pictures(smooth_picture):
    """Content and style; and two images."""
    return (
        smooth_picture(75, 101, 1),
        [smooth_picture(64, 53, 2)],
        smooth_picture(75, 101, 4),
        smooth_picture(75, 101, 5),
    )


@pytest.fixture(scope="module")
def alone(evaluator, pictures):
    """The evaluations of both images on this machine."""
    content, styles, *images = pictures
    tiled = TiledEvaluator(evaluator).bind(content, styles, side=32)
    return [tiled(image) for image in images]


@pytest.fixture
def team_of(evaluator, pictures):
    """Makes a team, which notes what it says, and binds the pictures in its tiles."""
    teams = []

    def team_of(*addresses, patience=30.0):
        team = Team(nst.Workers(*addresses, patience=patience))
        team.notes = []
        team.note = team.notes.append
        teams.append(team)
        content, styles, *_ = pictures
        return team, TiledEvaluator(evaluator, team.place).bind(content, styles, side=32)

    yield team_of
    for team in teams:
        team.close()


def assert_same(values, expected):
    assert values.total == pytest.approx(expected.total, rel=1e-6)
    assert dict(values.terms) == pytest.approx(dict(expected.terms), rel=1e-5)
    np.testing.assert_allclose(values.gradient, expected.gradient, atol=1e-6 * np.abs(expected.gradient).max())


@pytest.mark.parametrize("count", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_loss_terms_and_gradient_are_those_of_this_machine(team_of, servers, pictures, alone, count):
    team, tiled = team_of(*servers[:count])
    for image, expected in zip(pictures[2:], alone, strict=True):
        assert_same(tiled(image), expected)
    assert team.notes == []


@pytest.mark.slow
def test_in_bfloat16_they_compute_what_this_machine_does(objective_of, servers, pictures):
    content, styles, image, _ = pictures
    with Evaluator(objective_of("content:layer=conv2_1 moments:layers=conv2_1", precision="bfloat16")) as evaluator:
        expected = TiledEvaluator(evaluator).bind(content, styles, side=48)(image)
        team = Team(nst.Workers(*servers))
        team.note = pytest.fail
        try:
            values = TiledEvaluator(evaluator, team.place).bind(content, styles, side=48)(image)
        finally:
            team.close()
    assert values.total == pytest.approx(expected.total, rel=1e-3)
    np.testing.assert_allclose(values.gradient, expected.gradient, atol=1e-2 * np.abs(expected.gradient).max())


@pytest.mark.parametrize(
    "numbers", [[1], pytest.param([0, 1, 2], marks=pytest.mark.slow)], ids=["at once", "one by one"]
)
def test_other_pictures_and_other_tiles_take_the_place_of_the_first(team_of, servers, evaluator, pictures, numbers):
    content, styles, image, other = pictures
    _, tiled = team_of(*servers)
    tiled(image)
    further = (48, content), (48, other), (32, content[:, :40])
    for side, photo in (further[number] for number in numbers):
        start = image[:, : photo.shape[1]]
        expected = TiledEvaluator(evaluator).bind(photo, styles, side=side)(start)
        assert_same(tiled.bind(photo, styles, side=side)(start), expected)


def test_weights_of_terms_change_for_workers_too(team_of, servers, evaluator, pictures):
    _, tiled = team_of(*servers)
    before = tiled(pictures[2])
    tiled.weigh({"tv": 3.0})
    try:
        assert tiled(pictures[2]).terms["tv"] == pytest.approx(3 * before.terms["tv"])
    finally:
        evaluator.weights.clear()


def test_targets_and_weights_are_sent_or_made_once(team_of, servers, pictures):
    team, tiled = team_of(servers[0])
    sent = []
    for image in (*pictures[2:], *pictures[2:]):
        before = team.bytes
        tiled(image)
        sent.append(team.bytes - before)
    assert sent[1] == sent[2] == sent[3] < sent[0] - 4 * 64 * 64 * 9  # conv1_2's kernel alone


@pytest.mark.parametrize("what", ["dead", pytest.param("silent", marks=pytest.mark.slow)])
def test_a_worker_that_cannot_be_had_is_given_up_and_named_once(
    team_of, servers, silent, free_port, pictures, alone, what
):
    lost = silent if what == "silent" else f"127.0.0.1:{free_port()}"
    team, tiled = team_of(servers[0], lost, patience=2.0)
    for image, expected in zip(pictures[2:], alone, strict=True):
        assert_same(tiled(image), expected)
    (note,) = team.notes
    assert note.startswith(f"worker {lost} is given up: ")
    assert note.endswith("; its tiles go to the other one")


def test_when_the_last_one_is_lost_this_machine_computes(team_of, free_port, pictures, alone):
    team, tiled = team_of(f"127.0.0.1:{free_port()}", patience=2.0)
    for image, expected in zip(pictures[2:], alone, strict=True):
        assert_same(tiled(image), expected)
    (note,) = team.notes
    assert note.endswith("; its tiles go to this machine")


def test_tiles_move_from_a_worker_that_falls_behind(team_of, servers, pictures, alone, monkeypatch):
    team, tiled = team_of(*servers)
    assert_same(tiled(pictures[2]), alone[0])
    slow, quick = team._hired()
    tile, taken = type(slow).tile, {slow: 0, quick: 0}

    def counted(self, *args):
        taken[self] += 1
        if self is slow:
            time.sleep(0.5)
        return tile(self, *args)

    monkeypatch.setattr(type(slow), "tile", counted)
    for expected, image in zip(alone, pictures[2:], strict=True):
        assert_same(tiled(image), expected)
    assert taken[quick] > 2 * taken[slow] > 0


def test_an_evaluation_that_is_broken_off_does_not_spoil_the_next(team_of, servers, pictures, alone):
    team, tiled = team_of(*servers)
    group = tiled._moving[0]
    values = {**tiled._known, tiled.objective.graph.generated.image.name: pictures[2]}
    parts = group._place.each("sums", lambda number: group._cut(group._tiles_bound[number], values))
    next(parts)
    parts.close()  # as when Ctrl-C comes
    assert_same(tiled(pictures[3]), alone[1])
    assert team.notes == []


def test_no_thread_is_left_when_a_team_is_closed(team_of, servers, pictures):
    team, tiled = team_of(*servers)
    tiled(pictures[2])
    names = {f"worker {address}" for address in servers}
    assert names <= {thread.name for thread in threading.enumerate()}
    team.close()
    for thread in threading.enumerate():
        if thread.name in names:
            thread.join(5)
    assert not names & {thread.name for thread in threading.enumerate()}
