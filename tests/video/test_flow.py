"""Optical flow, warping, and where the flow can be relied on, in a clip whose motion is known."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.video.flow import motion, optical_flow, reliable, warped

SIZE = (72, 96)


@pytest.fixture(scope="module")
def pair(drawn):
    return drawn(5, *SIZE)[3:5]


def test_the_flow_is_the_motion_that_was_drawn(pair):
    earlier, later = pair
    backward = optical_flow(later, earlier)
    away = backward[4:30, 8:-8]  # above what moves before the landscape
    assert np.abs(np.median(away, axis=(0, 1)) - (2, 0)).max() < 0.05
    middle = 96 // 6 + 3 * 4
    disc = backward[40:47, middle - 4 : middle + 5]
    assert np.abs(np.median(disc, axis=(0, 1)) - (-3, 0)).max() < 0.3


def test_a_frame_that_is_warped_is_the_next_one_where_it_can_be(pair):
    earlier, later = pair
    moved = motion(earlier, later)
    assert set(np.unique(moved.weights)) == {0, 1} and 0.7 < moved.weights.mean() < 0.97
    difference = np.abs(warped(earlier, moved.backward).astype(float) - later).mean(axis=-1)
    still = np.abs(earlier.astype(float) - later).mean(axis=-1)
    assert difference[moved.weights > 0].mean() < 0.15 * still.mean() < difference[moved.weights == 0].mean()
    assert not moved.weights[:, -2:].any()  # which have come into sight


def test_what_disagrees_or_has_an_edge_or_leads_beyond_the_frame_is_not_relied_on():
    """Equations 5 to 7 on flows of one number each, but for a region."""
    forward, backward = np.zeros((2, 20, 30, 2), np.float32)
    assert reliable(forward, backward).all()
    forward[5:9, 5:9] = 3.0  # not undone by the flow backward
    assert reliable(forward, backward)[6, 6] == 0 and reliable(forward, backward)[15, 15] == 1
    forward[:] = 0
    backward[:, 15:] = 0.5  # an edge, of little length
    weights = reliable(forward, backward)
    assert not weights[:, 14:16].any() and weights[:, :13].all() and weights[:-1, 18:28].all()
    forward[:], backward[:] = -4.0, 4.0
    weights = reliable(forward, backward)
    assert weights[:15, :25].all() and not weights[17:].any() and not weights[:, 27:].any()
