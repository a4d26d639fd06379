"""What conv1_1 takes, by its numbers: known trainings for certain, others by a measure, random ones not at all."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

from nstgraph import tf
from nstgraph.networks.input_values import MEAN_RGB
from nstgraph.networks.weight_formats import first_layer
from nstgraph.networks.weight_formats.first_layer import colors_of, expected_values, in_own_terms
from nstgraph.networks.weight_formats.layouts import BGR, RGB, TORCH, UNIT_RGB
from nstgraph.networks.weights_file import WeightsFile, embedded

#: A file with conv1_1 of VGG16 as published, in any format.
PUBLISHED = os.environ.get("NSTGRAPH_PUBLISHED_VGG16", "")


def photographic(seed: int) -> tuple[Any, Any]:
    """Kernels as cameras make them: random ones whose blue varies half as much within a kernel."""
    random = np.random.default_rng(seed)
    kernel = random.standard_normal((3, 3, 3, 64), np.float32)
    kernel[:, :, 2] = 0.5 * kernel[:, :, 2] + random.standard_normal(64)
    return kernel, random.standard_normal(64).astype(np.float32)


def test_the_embedded_weights_are_known_for_certain() -> None:
    kernel, bias = WeightsFile(embedded()).read("conv1_1")
    for stored, order in ((kernel, RGB), (kernel[:, :, ::-1], BGR)):
        for turned in (stored, stored.swapaxes(0, 1)):
            found = colors_of(turned, bias)
            assert (found.order, found.confidence, found.unit) == (order, "certain", False)
            assert found.swapped == (turned is not stored) and "nstgraph's own" in found.evidence


@pytest.mark.parametrize("training", first_layer._TRAININGS, ids=lambda training: training.name)
def test_trainings_are_known_by_a_few_numbers_of_some_precision(training: Any) -> None:
    kernel, bias = photographic(0)
    kernel *= max(map(abs, training.corner))
    bias[:4], kernel[0, 0, :, 0], kernel[0, 1, 0, 0], kernel[1, 0, 0, 0] = training[2:]
    for stored, order in ((kernel, RGB), (kernel[:, :, ::-1], BGR)):
        found = colors_of(stored.astype(np.float16).astype(np.float32), bias.astype(np.float16).astype(np.float32))
        assert (found.order, found.confidence, found.unit) == (order, "certain", training.unit)
    kernel[0, 0, 1, 0] *= 1.02  # the biases alone are not enough
    assert colors_of(kernel, bias).confidence != "certain"


@pytest.mark.parametrize("seed", range(5))
def test_what_varies_less_is_likely_to_be_blue(seed: int) -> None:
    kernel, bias = photographic(seed)
    for stored, order in ((kernel, RGB), (kernel[:, :, ::-1], BGR)):
        found = colors_of(0.01 * stored, bias)
        assert (found.order, found.confidence) == (order, "likely") and "standard errors" in found.evidence


@pytest.mark.parametrize("seed", range(5))
def test_random_kernels_tell_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    found = colors_of(random.standard_normal((3, 3, 3, 64), np.float32), np.zeros(64, np.float32))
    assert (found.order, found.confidence) == ("unknown", "")
    for constant in (np.zeros, np.ones):
        assert colors_of(constant((3, 3, 3, 64), np.float32), np.zeros(64, np.float32)).order == "unknown"


@pytest.mark.skipif(not PUBLISHED, reason="needs $NSTGRAPH_PUBLISHED_VGG16, a file of VGG16 as published")
def test_the_published_first_layer_by_its_numbers_and_by_the_measure() -> None:
    kernel, bias = WeightsFile(PUBLISHED).read("conv1_1")
    for stored, order in ((kernel, RGB), (kernel[:, :, ::-1], BGR)):
        assert colors_of(stored, bias)[:2] == (order, "certain")
        assert colors_of(stored, bias + 1)[:2] == (order, "likely")  # as if it was another training


def test_what_the_names_of_torch_leave_open() -> None:
    kernel, bias = photographic(1)
    assert expected_values(TORCH, kernel, bias) == UNIT_RGB
    assert expected_values(TORCH, kernel[:, :, ::-1], bias) == BGR
    assert expected_values(TORCH, np.ones_like(kernel), bias) == UNIT_RGB
    own, offset = WeightsFile(embedded()).read("conv1_1")
    assert expected_values(TORCH, own, offset) == RGB and expected_values(TORCH, own[:, :, ::-1], offset) == BGR
    assert expected_values(RGB, own[:, :, ::-1], offset) == RGB  # what a format says is not doubted here


@pytest.mark.parametrize("mode", ["REFLECT", "SYMMETRIC", "zero"])
def test_a_first_layer_of_torchvision_gives_the_same_maps(mode: str) -> None:
    kernel, bias = photographic(2)
    picture = np.random.default_rng(3).uniform(0, 255, (1, 9, 8, 3)).astype(np.float32)
    given = (picture / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    own = in_own_terms(kernel, bias, UNIT_RGB)
    maps = []
    with tf.Graph().as_default(), tf.Session() as session:
        for values, (weights, offset) in ((given, (kernel, bias)), (picture - np.array(MEAN_RGB), own)):
            margin = [[0, 0], [1, 1], [1, 1], [0, 0]]
            padded = tf.pad(tf.constant(values, tf.float32), margin, "CONSTANT" if mode == "zero" else mode)
            maps.append(session.run(tf.nn.conv2d(padded, weights, 1, "VALID") + offset))
    inside = np.s_[:, 1:-1, 1:-1] if mode == "zero" else np.s_[:]
    np.testing.assert_allclose(maps[1][inside], maps[0][inside], atol=2e-4)
    difference = np.abs(maps[1] - maps[0]).max()
    assert difference < 0.3 and (difference > 1e-3) == (mode == "zero")  # half a grey level of 58 beyond the edge


def test_other_values() -> None:
    kernel, bias = photographic(4)
    same, offset = in_own_terms(kernel, bias, RGB)
    assert same is kernel and offset is bias
    swapped, offset = in_own_terms(kernel, bias, BGR)
    np.testing.assert_array_equal(swapped[:, :, 0], kernel[:, :, 2])
    assert offset is bias
