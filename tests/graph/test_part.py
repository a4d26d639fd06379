"""Sums over what lies within a mask."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Part, StyleGraph, tf
from nstgraph.errors import LossError
from nstgraph.networks.weights_file import WeightsFile, embedded

IMAGE = np.random.default_rng(1).uniform(0, 255, (1, 12, 16, 3)).astype(np.float32)
MASK = np.random.default_rng(2).uniform(1, 255, (12, 16)).astype(np.float32)


@pytest.fixture(scope="module")
def g():
    return StyleGraph(WeightsFile(embedded()))


def run(g, *tensors):
    with tf.Session(graph=g.graph) as session:
        feeds = {g.style.image: IMAGE}
        return session.run(tensors, {**feeds, **g.pictures.feeds(feeds)})


def test_within_a_mask_sums_are_those_of_a_picture_that_it_fills(g):
    part = Part(g, g.style, g.picture(MASK, beside=g.style))
    with g.graph.as_default():
        both = tf.concat([part.image, part.image**2], -1)
        found = run(g, part.sum(both), part.mean(both), part.gram(part.image), part.positions(both), part.share)
    share, pixels = MASK.astype(np.float64) / 255, IMAGE[0].astype(np.float64)
    wide = np.concatenate([pixels, pixels**2], -1)
    fill = share.mean()
    gram = np.einsum("yx,yxi,yxj->ij", share, pixels, pixels) / fill
    total = np.einsum("yx,yxi->i", share, wide) / fill
    for value, wanted in zip(found, (total, total / share.size, gram, share.size, fill), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4)


def test_without_a_mask_they_are_the_graphs_own(g):
    part = Part(g, g.style)
    with g.graph.as_default():
        x = part["conv1_1"]
        assert x is g.style["conv1_1"] and part.name == "style" and part.share == 1.0
        assert part.gram(x) is g.gram(x) and part.positions(x) is g.positions(x)
        assert part.sum(x) is g.sum(x, per_channel=True)


def test_within_nothing_they_are_zero_and_not_no_number(g):
    part = Part(g, g.style, g.picture(np.zeros((4, 4), np.uint8), beside=g.style))
    with g.graph.as_default():
        found = run(g, part.sum(part.image), part.mean(part.image), part.gram(part.image), part.share)
    assert all(np.abs(value).max() < 1e-6 for value in found)


def test_what_moves_positions_cannot_be_masked(g):
    part = Part(g, g.style, g.picture(MASK, beside=g.style))
    with g.graph.as_default():
        flipped = tf.reverse(part.image, [1])
        with pytest.raises(LossError, match=r"^within a mask, only local operations can be summed: ReverseV2"):
            part.mean(flipped)
