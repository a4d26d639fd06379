"""The plugins that come along, against their formulas."""

from __future__ import annotations

import re

import numpy as np
import pytest

from nstgraph import Evaluator, LossError, Objective, StyleGraph, parse_loss
from nstgraph.losses.loss_text import as_loss
from nstgraph.losses.registry import registry
from nstgraph.networks.weights_file import WeightsFile, embedded

LUMA = np.array([0.2989, 0.587, 0.114])


def value(text, image, content, style):
    (total,) = values(text, [image], content, style)
    return total


def values(text, images, content, style):
    objective = Objective(StyleGraph(WeightsFile(embedded())), as_loss(text))
    with Evaluator(objective) as evaluate:
        evaluate.bind(content, [style])
        return [evaluate(image).total for image in images]


def picture(seed, height=32, width=48):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


def test_luminance_sees_greys_only():
    content, image = picture(1), picture(2)
    expected = (((image - content) @ LUMA / 58) ** 2).mean()
    assert value("luminance", image, content, content) == pytest.approx(expected, rel=1e-3)
    # Red against green at equal luma: another colour, the same grey.
    recoloured = content + np.array([0.587, -0.2989, 0], np.float32) * 40
    assert value("luminance", recoloured, content, content) < 1e-6


def test_laplacian_keeps_edges_and_ignores_tints():
    content = picture(1)
    assert value("laplacian", content + 30, content, content) < 1e-6
    blurred = content.mean(axis=2, keepdims=True) + 0 * content
    assert value("laplacian", blurred, content, content) > 0.01


def test_laplacian_is_that_of_the_pooled_picture():
    content, image = picture(1), picture(2)
    pooled = ((image - content) / 58).reshape(1, 8, 4, 12, 4, 3).mean((2, 4))
    padded = np.pad(pooled, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="edge")
    neighbours = padded[:, :-2, 1:-1] + padded[:, 2:, 1:-1] + padded[:, 1:-1, :-2] + padded[:, 1:-1, 2:]
    expected = ((4 * pooled - neighbours) ** 2).mean()
    assert value("laplacian:pools=4", image, content, content) == pytest.approx(expected, rel=1e-3)


def test_histogram_sees_what_moments_cannot():
    """Its value is zero for the style itself, wherever its parts lie, and grows with the distance."""
    style = picture(1)
    near = style + np.random.default_rng(5).normal(0, 15, style.shape).astype(np.float32)
    far = np.full_like(style, 128)
    at_it, beside_it, away = values("histogram:layers=conv1_1+conv2_1", [style, near, far], far, style)
    assert at_it < 1e-8 < beside_it < away


def test_temporal_counts_pixels_by_their_weights():
    content, image, warped = picture(1), picture(2), np.rint(picture(3))
    weights = np.random.default_rng(4).integers(0, 256, (32, 48)).astype(np.float32)
    term = registry["temporal"](warped=warped, weights=weights, unit=20)
    expected = (weights[..., None] / 255 * ((image - warped) / 20) ** 2).mean()
    assert value(term, image, content, content) == pytest.approx(expected, rel=1e-4)
    assert value("temporal", image, content, content) == pytest.approx((((image - content) / 58) ** 2).mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("histogram:bins=0", "histogram:bins takes 1 to 64, not 0"),
        ("histogram:bins=300", "histogram:bins takes 1 to 64, not 300"),
        ("histogram:bins=1000000000", "histogram:bins takes 1 to 64, not 1000000000"),
        ("histogram:layers=", "histogram:layers is empty; name at least one layer, such as conv2_1"),
        ("laplacian:pools=3", "laplacian:pools takes powers of two up to 1024, not 3"),
        ("laplacian:pools=4+4096", "laplacian:pools takes powers of two up to 1024, not 4+4096"),
        ("laplacian:pools=", "laplacian:pools takes powers of two up to 1024, not "),
    ],
)
def test_parameters_that_would_take_forever_or_mean_nothing_are_refused(text, message):
    with pytest.raises(LossError, match=re.escape(message)):
        Objective(StyleGraph(WeightsFile(embedded())), parse_loss(text))
