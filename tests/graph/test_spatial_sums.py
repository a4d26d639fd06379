"""Spatial sums of the style graph against those of numpy, in every precision."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import StyleGraph, tf
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.planning.speed import native_precision

LOW = ["bfloat16", "float16"]


@pytest.fixture
def g():
    return StyleGraph(WeightsFile(embedded()))


def evaluate(g, tensor, **pictures):
    """Value of a tensor for pictures by view name."""
    with tf.Session(graph=g.graph) as session:
        g.network.load(session)
        return session.run(tensor, {view.image: pictures[view.name] for view in g.views if view.name in pictures})


def random_picture(height, width, seed=0):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


def test_sums_are_those_of_numpy(g):
    with g.graph.as_default():
        maps = g.content["conv1_1"]
        tensors = [maps, g.sum(maps), g.sum(maps, per_channel=True), g.mean(maps), g.mean(maps, per_channel=True)]
        tensors += [g.gram(maps), g.positions(maps)]
    f, total, totals, mean, means, gram, positions = evaluate(g, tensors, content=random_picture(13, 21))
    flat = f.reshape(-1, 64).astype(np.float64)
    np.testing.assert_allclose(total, flat.sum(), rtol=1e-5)
    np.testing.assert_allclose(totals, flat.sum(0), rtol=1e-5)
    np.testing.assert_allclose(mean, flat.mean(), rtol=1e-5)
    np.testing.assert_allclose(means, flat.mean(0), rtol=1e-5)
    np.testing.assert_allclose(gram, flat.T @ flat, rtol=1e-4)
    assert positions == 13 * 21


def test_gram_gradient_is_that_of_the_plain_product(g):
    with g.graph.as_default():
        x = g.content.image / 100
        target = tf.constant(np.random.default_rng(1).normal(size=(3, 3)).astype(np.float32))  # not symmetric
        flat = tf.reshape(x, [-1, 3])
        ours, plain = (tf.reduce_sum(m * target) for m in (g.gram(x), tf.matmul(flat, flat, transpose_a=True)))
        gradients = [tf.gradients(loss, g.content.image)[0] for loss in (ours, plain)]
    ours, plain = evaluate(g, gradients, content=random_picture(8, 9))
    np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-5)


def test_a_sum_counts_the_interior_only(g):
    picture = random_picture(32, 40)
    with g.graph.as_default():
        whole = g.sum(g.content.image)
        steps = g.sum(g.content.image[:, 1:] - g.content.image[:, :-1])
        maps = g.content["conv2_1"]
        deep = g.sum(maps)
    with tf.Session(graph=g.graph) as session:
        g.network.load(session)
        feed = {g.content.image: picture, g.content.interior: [8, 4, 16, 40]}
        got = session.run([whole, steps, deep, maps], feed)
    np.testing.assert_allclose(got[0], picture[:, 8:16, 4:40].sum(), rtol=1e-5)
    np.testing.assert_allclose(got[1], (picture[:, 9:17, 4:] - picture[:, 8:16, 4:]).sum(), rtol=1e-3)
    np.testing.assert_allclose(got[2], got[3][:, 4:8, 2:20].sum(), rtol=1e-5)


def statistics_of(precision, picture, layer):
    """Feature maps, their Gram matrix over positions, and their means."""
    g = StyleGraph(WeightsFile(embedded()), precision=precision)
    with g.graph.as_default():
        maps = g.style[layer]
        tensors = [maps, g.gram(maps) / g.positions(maps), g.mean(maps, per_channel=True)]
    maps, gram, means = evaluate(g, tensors, style=picture)
    flat = maps.reshape(-1, maps.shape[-1]).astype(np.float64)
    return flat, gram, means


def gram_error(precision):
    """Where a processor has no bfloat16 of its own, TensorFlow rounds to it within products, too: measured 2.9e-3."""
    return 2.0**-8 if precision == "bfloat16" and native_precision() == "float32" else 1e-3


@pytest.mark.parametrize("precision", LOW)
@pytest.mark.parametrize(
    "layer", ["conv1_1", *(pytest.param(f"conv{n}", marks=pytest.mark.slow) for n in ("2_2", "3_3"))]
)
def test_statistics_of_low_precision_maps_are_added_up_in_float32(smooth_picture, precision, layer):
    flat, gram, means = statistics_of(precision, smooth_picture(61, 83, 1), layer)
    assert gram.dtype == means.dtype == np.float32
    exact = flat.T @ flat / len(flat)
    assert np.linalg.norm(gram - exact) < gram_error(precision) * np.linalg.norm(exact)
    assert np.linalg.norm(means - flat.mean(0)) < 1e-3 * np.linalg.norm(flat.mean(0))


@pytest.mark.parametrize(("precision", "step"), [("bfloat16", 2.0**-8), ("float16", 2.0**-11)])
@pytest.mark.parametrize("size", [(20, 1500), (5, 6)])  # a long row; fewer positions than parts of a product
def test_sums_over_a_flat_picture_are_rounded_but_once(precision, step, size):
    flat, gram, means = statistics_of(precision, np.full((1, *size, 3), 255, np.float32), "conv1_2")
    exact = flat.T @ flat / len(flat)
    assert np.linalg.norm(gram - exact) < step * np.linalg.norm(exact)
    assert np.linalg.norm(means - flat.mean(0)) < step * np.linalg.norm(flat.mean(0))


@pytest.mark.parametrize("precision", LOW)
def test_gram_gradient_of_low_precision_maps_is_that_of_the_plain_product(smooth_picture, precision):
    g = StyleGraph(WeightsFile(embedded()), precision=precision)
    with g.graph.as_default():
        maps = g.style["conv1_2"]
        target = tf.constant(np.random.default_rng(1).normal(size=(64, 64)).astype(np.float32))
        flat = tf.reshape(maps, [-1, 64])
        losses = (tf.reduce_sum(m * target) for m in (g.gram(maps), tf.matmul(flat, flat, transpose_a=True)))
        gradients = [tf.gradients(loss, maps.op.inputs[0])[0] for loss in losses]
        assert {gradient.dtype.name for gradient in gradients} == {precision}
    ours, plain = (x.astype(np.float32) for x in evaluate(g, gradients, style=smooth_picture(24, 32, 1)))
    assert np.linalg.norm(ours - plain) < 0.01 * np.linalg.norm(plain)


def test_other_casts_are_summed_as_they_are(g):
    """Only the network's own maps may be summed before their cast."""
    with g.graph.as_default():
        steps = tf.cast(tf.cast(g.content.image * 100, tf.int16), tf.float32)
        total = g.sum(steps)
    picture = random_picture(20, 40)
    assert evaluate(g, total, content=picture) == pytest.approx(np.floor(picture * 100).sum(), rel=1e-5)
