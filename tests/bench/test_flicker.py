"""Flicker: nothing for what moves with the frames, and as much as is put in."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_pictures import landscape

from nstgraph.bench.flicker import Flicker


@pytest.fixture(scope="module")
def frames():
    scene = landscape(120, 72)[0].astype(np.uint8)
    return [np.ascontiguousarray(scene[:, 2 * number : 2 * number + 96]) for number in range(4)]


def levels(frames, results, cut=None):
    flicker = Flicker()
    for number, (frame, result) in enumerate(zip(frames, results, strict=True)):
        flicker.add(frame, result, opens=number == cut)
    return flicker.levels


def test_what_moves_with_the_frames_does_not_flicker_and_noise_does_as_it_is_large(frames):
    inverted = [255 - frame for frame in frames]
    assert levels(frames, frames) == pytest.approx(levels(frames, inverted), rel=0.05)
    assert levels(frames, frames) < 2.5
    random = np.random.default_rng(0)
    greys = [np.clip(100 + random.normal(0, 10, frame.shape), 0, 255).astype(np.uint8) for frame in frames]
    assert levels(frames, greys) == pytest.approx(10 * 2**0.5, rel=0.1)
    brighter = [np.full_like(frame, 100 + 5 * number) for number, frame in enumerate(frames)]
    assert levels(frames, brighter) == pytest.approx(5, rel=0.01)


def test_a_cut_is_no_flicker(frames):
    results = [np.full_like(frame, 200 if number > 1 else 50) for number, frame in enumerate(frames)]
    assert levels(frames, results, cut=2) == 0 < levels(frames, results)
    assert levels(frames[:1], results[:1]) == 0
