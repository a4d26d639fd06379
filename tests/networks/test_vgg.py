"""The network's graph against the same arithmetic in numpy and scipy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
from written_weights import TORCH_16, blue_first, torch_state, write_keras, write_old_pth

from nstgraph import tf
from nstgraph.errors import LossError, WeightsError
from nstgraph.networks.input_values import MEAN_RGB
from nstgraph.networks.vgg import Vgg
from nstgraph.networks.weights_file import WeightsFile, embedded

MODES = {"replicate": "edge", "reflect": "reflect", "zero": "constant"}


def features(weights: WeightsFile, image, *layers, pooling="average", padding="replicate", precision="float32"):
    """Feature maps of each layer, computed by the graph."""
    with tf.Graph().as_default():
        network = Vgg(weights, pooling, padding, precision)
        picture = tf.placeholder(tf.float32, [1, None, None, 3])
        maps = network.features(picture, "features/")
        wanted = [maps[layer] for layer in layers]
        with tf.Session() as session:
            network.load(session)
            return session.run(wanted, {picture: image})


def convolved(maps, kernel, bias, mode):
    """A convolution after ReLU by plain sums: maps [height, width, in], kernel [3, 3, in, out]."""
    padded = np.pad(maps, [(1, 1), (1, 1), (0, 0)], mode=mode)
    height, width = maps.shape[:2]
    total = sum(
        padded[y : y + height, x : x + width].astype(np.float64) @ kernel[y, x].astype(np.float64)
        for y in range(3)
        for x in range(3)
    )
    return np.maximum(total + bias, 0)


@pytest.fixture(scope="module")
def picture():
    """A colourful odd-sized picture in which red, green and blue differ strongly."""
    random = np.random.default_rng(3)
    image = random.uniform(0, 60, (1, 11, 9, 3)) + np.array([180.0, 90.0, 0.0])
    return image.astype(np.float32)


@pytest.mark.parametrize("layout", ["Keras", "PyTorch"])
def test_the_same_weights_with_blue_first_give_the_same_maps(picture, tmp_path, layout):
    own = WeightsFile(embedded())
    arrays = {}
    for layer in own.layers:
        arrays[f"{layer}_W"], arrays[f"{layer}_b"] = own.read(layer)
    if layout == "Keras":
        other = WeightsFile(write_keras(tmp_path / "w.h5", arrays))
    else:
        numbers = {**TORCH_16, "conv2_2": 7, "conv3_2": 12, "conv3_3": 14}
        other = WeightsFile(write_old_pth(tmp_path / "w.pth", torch_state(blue_first(arrays), numbers)))
    assert other.values == "BGR" and other.layers == own.layers
    for ours, theirs in zip(*(features(weights, picture, *own.layers) for weights in (own, other)), strict=True):
        np.testing.assert_array_equal(theirs, ours)


@pytest.mark.parametrize("padding", MODES)
def test_first_layers_are_those_of_rgb_input_minus_the_means(picture, padding):
    weights = WeightsFile(embedded())
    first, second = features(weights, picture, "conv1_1", "conv1_2", padding=padding)
    expected = convolved(picture[0] - np.array(MEAN_RGB), *weights.read("conv1_1"), MODES[padding])
    np.testing.assert_allclose(first[0], expected, rtol=1e-4, atol=1e-4)
    expected = convolved(expected, *weights.read("conv1_2"), MODES[padding])
    np.testing.assert_allclose(second[0], expected, rtol=1e-4, atol=1e-4)


def test_wrong_channel_order_is_told_apart(tmp_path, picture):
    right = WeightsFile(embedded())
    arrays = dict(np.load(embedded()))
    arrays["conv1_1_W"] = arrays["conv1_1_W"][:, :, ::-1]
    np.savez(tmp_path / "bgr.npz", **arrays)
    expected = convolved(picture[0] - np.array(MEAN_RGB), *right.read("conv1_1"), "edge")
    ours, swapped = (features(w, picture, "conv1_1")[0][0] for w in (right, WeightsFile(tmp_path / "bgr.npz")))
    scale = np.abs(expected).mean()
    assert np.abs(ours - expected).mean() < 1e-4 * scale
    assert np.abs(swapped - expected).mean() > 0.1 * scale


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_pools_halve_and_round_up(picture, pooling):
    before, after = features(WeightsFile(embedded()), picture, "conv1_2", "pool1", pooling=pooling)
    assert after.shape[1:3] == (6, 5)
    block = before[0, :2, :2]
    np.testing.assert_allclose(
        after[0, 0, 0], block.mean((0, 1)) if pooling == "average" else block.max((0, 1)), rtol=1e-5
    )
    # The last row and column stand alone: they are not diluted by what is beyond the edge.
    np.testing.assert_allclose(after[0, -1, -1], before[0, -1, -1], rtol=1e-5)


@pytest.mark.parametrize("padding", ["reflect", "replicate"])
def test_padded_edges_leave_no_frame_on_a_flat_picture(padding):
    flat = np.full((1, 24, 24, 3), 200, np.float32)
    (maps,) = features(WeightsFile(embedded()), flat, "conv3_3", padding=padding)
    assert np.ptp(maps, axis=(1, 2)).max() < 1e-3 * maps.max()
    (framed,) = features(WeightsFile(embedded()), flat, "conv3_3", padding="zero")
    assert np.ptp(framed, axis=(1, 2)).max() > 0.1 * framed.max()


def test_weight_variables_are_frozen_and_only_those_asked_for(picture):
    with tf.Graph().as_default() as graph:
        network = Vgg(WeightsFile(embedded()), "average", "replicate")
        maps = network.features(tf.constant(picture), "features/")["conv1_1"]
        names = [variable.name for variable in tf.global_variables()]
        assert names == ["vgg/conv1_1/kernel:0", "vgg/conv1_1/bias:0"]
        assert tf.trainable_variables() == []
        assert maps.shape[-1] == 64
    # A fed initial value is not in the GraphDef, which is limited to 2 GB.
    assert graph.as_graph_def().ByteSize() < 20_000


@pytest.mark.parametrize(("precision", "step"), [("bfloat16", 2.0**-8), ("float16", 2.0**-11)])
@pytest.mark.parametrize(("padding", "pooling"), [("reflect", "average"), ("replicate", "max"), ("zero", "average")])
def test_maps_of_low_precision_are_those_of_float32_rounded(picture, precision, step, padding, pooling):
    layers = ("conv1_1", "pool1", "conv2_2")
    exact, rounded = (
        features(WeightsFile(embedded()), picture, *layers, pooling=pooling, padding=padding, precision=p)
        for p in ("float32", precision)
    )
    for depth, (reference, maps) in enumerate(zip(exact, rounded, strict=True), 1):
        assert reference.dtype == np.float32
        assert maps.dtype == tf.as_dtype(precision).as_numpy_dtype
        error = np.linalg.norm(maps.astype(np.float32) - reference) / np.linalg.norm(reference)
        assert 0 < error < 2 * depth * step


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_weights_stay_float32_whatever_the_precision(precision):
    weights = WeightsFile(embedded())
    with tf.Graph().as_default():
        network = Vgg(weights, "average", "reflect", precision)
        network.features(tf.zeros([1, 8, 8, 3]), "features/")["conv1_1"]
        variables = tf.global_variables()
        with tf.Session() as session:
            network.load(session)
            values = session.run(variables)
    assert [variable.dtype.base_dtype for variable in variables] == [tf.float32, tf.float32]
    for value, original in zip(values, weights.read("conv1_1"), strict=True):
        np.testing.assert_array_equal(value, original)


def test_a_file_with_frossards_keys_gives_a_graph_to_conv5_3(vgg16_npz: Path):
    image = np.random.default_rng(0).uniform(0, 255, (1, 32, 48, 3)).astype(np.float32)
    deep, pool = features(WeightsFile(vgg16_npz), image, "conv5_3", "pool5")
    assert deep.shape == (1, 2, 3, 512)
    assert pool.shape == (1, 1, 2, 512)
    assert np.isfinite(deep).all()
    assert deep.max() > 0


def test_layers_that_are_not_there():
    maps = Vgg(WeightsFile(embedded()), "average", "replicate").features(tf.zeros([1, 8, 8, 3]), "features/")
    with pytest.raises(LossError, match=r"VGG16 has no layer 'conv3_9'; did you mean 'conv3_"):
        maps["conv3_9"]
    with pytest.raises(LossError, match="VGG16 has no layer 'conv3_4'"):
        maps["conv3_4"]
    with pytest.raises(LossError, match=r"VGG16 has no layer 'imag'; did you mean 'image'"):
        maps["imag"]
    with pytest.raises(WeightsError, match=r"lacks conv4_1.*nstgraph weights fetch vgg16"):
        maps["pool4"]
    assert not maps


def test_reference_convolution_is_a_correlation():
    """Guards the reference itself: scipy's correlate agrees with it for one channel."""
    random = np.random.default_rng(0)
    image, kernel = random.normal(size=(5, 6)), random.normal(size=(3, 3))
    ours = convolved(image[:, :, None], kernel[:, :, None, None], 100.0, "constant")[:, :, 0] - 100
    np.testing.assert_allclose(ours, scipy.ndimage.correlate(image, kernel, mode="constant"), atol=1e-9)
