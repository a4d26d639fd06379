"""What is the same in tiles is computed there, and is exact; everything else is refused by name."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from nstgraph import Evaluator, tf
from nstgraph.errors import TilingError
from nstgraph.graph.tiling import check_tileable
from nstgraph.tiles.tiled_evaluator import TiledEvaluator

HEIGHT, WIDTH = 71, 94


def image(g):
    """The generated image, with a contrast that keeps squares small."""
    return g.generated.image / 58


def squares(g, x):
    return g.mean(tf.square(x))


def kernel(*shape):
    return tf.constant(np.random.default_rng(0).normal(size=shape), tf.float32)


def concatenated(g):
    x, y = image(g), g.content.image / 58
    return squares(g, tf.nn.conv2d(tf.concat([x, y, tf.square(x)], -1), kernel(3, 3, 9, 2), 1, "SAME"))


def parted(g):
    red, green, blue = tf.unstack(image(g), axis=3)
    one, two = tf.split(g.generated["conv1_1"], [30, 34], axis=3)
    return squares(g, tf.stack([red * blue, green], axis=-1)) + squares(g, one) - 0.5 * squares(g, two)


def selected(g):
    x = image(g)
    return (
        squares(g, x[..., 1:] - x[..., :1])
        + squares(g, tf.gather(x, [2, 0], axis=3))
        + squares(g, x[..., 0][..., None])
    )


def weighted(g):
    """Channel weights, and per-channel sums, are the same at all positions."""
    x = image(g)
    return squares(g, x * np.array([0.2, 0.7, 0.1], np.float32) - g.mean(x, per_channel=True))


def normalised(g):
    maps = g.generated["conv1_2"]
    return squares(g, tf.nn.l2_normalize(maps, axis=-1) - tf.nn.softmax(maps))


def projected(g):
    return squares(g, tf.linalg.matmul(image(g), kernel(3, 5)) @ kernel(5, 2))


def padded(g):
    """More above than to the left: as far as either."""
    x = tf.pad(image(g), [[0, 0], [3, 1], [0, 2], [0, 0]], "REFLECT")
    return squares(g, tf.nn.conv2d(x, kernel(4, 3, 3, 2), 1, "VALID"))


def strides_of_2_and_3(g):
    """Tiles have to start at multiples of both."""
    x = image(g)
    return squares(g, x[:, ::2, ::2]) + squares(g, tf.square(x)[:, ::3, ::3])


def without_ends(g):
    return squares(g, image(g)[:, :-2, 3:]) + squares(g, tf.slice(image(g), [0, 2, 1, 0], [-1, -1, -1, 2]))


EXACT = {
    "a convolution of odd shape": lambda g: squares(g, tf.nn.conv2d(image(g), kernel(5, 2, 3, 2), 1, "SAME")),
    "a convolution, then every second": lambda g: squares(g, g.generated["conv1_1"][:, ::2, ::2]),
    "every third": lambda g: squares(g, image(g)[:, 1::3, 2::3]),
    "strides of 2 and 3": strides_of_2_and_3,
    "without first and last positions": without_ends,
    "padded unevenly": padded,
    "concatenated channels": concatenated,
    "channels taken apart and put together": parted,
    "selected channels": selected,
    "channels turned round": lambda g: squares(g, tf.reverse(image(g), [3]) * image(g)),
    "channel weights": weighted,
    "normalised channels": normalised,
    "a product of channels": projected,
    "greyscale": lambda g: squares(g, tf.image.rgb_to_grayscale(image(g)) - 0.3),
    "YUV": lambda g: squares(g, tf.image.rgb_to_yuv(image(g))),
    "tensordot": lambda g: squares(g, tf.tensordot(image(g), kernel(3, 4), [[3], [0]])),
    "a constant of the picture's type": lambda g: squares(g, image(g) - tf.ones_like(image(g))),
    "a scalar of the caller's": lambda g: squares(g, image(g) - tf.placeholder_with_default(0.5, [])),
    "600 operations": lambda g: squares(g, functools.reduce(lambda x, _: tf.negative(x), range(600), image(g))),
}


@pytest.fixture(scope="module")
def pictures(smooth_picture):
    return smooth_picture(HEIGHT, WIDTH, 1), [smooth_picture(60, 50, 2)], smooth_picture(HEIGHT, WIDTH, 3)


def compare(objective, pictures, side=32):
    """Largest relative difference between tiles and the whole, of loss or gradient."""
    content, styles, start = pictures
    with Evaluator(objective) as evaluator:
        whole = evaluator.bind(content, styles)(start)
        tiled = TiledEvaluator(evaluator).bind(content, styles, side=side)(start)
    gradient = np.abs(tiled.gradient - whole.gradient).max() / np.abs(whole.gradient).max()
    return max(abs(tiled.total - whole.total) / abs(whole.total), gradient)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in ("600 operations", "YUV") else []) for name in EXACT],
)
def test_what_is_local_is_exact_in_tiles(objective_of, pictures, name):
    assert compare(objective_of(EXACT[name]), pictures) < 1e-5


def cut(g, *begins, **how):
    return tf.slice(image(g), [0, *begins, 0], [-1] * 4, **how)


def same(x, side, channels=3):
    return tf.nn.conv2d(x, kernel(side, side, channels, 2), 1, "SAME")


def pad(x, begin, end, mode):
    return tf.pad(x, [[0, 0], [begin, end], [begin, end], [0, 0]], mode)


def pooled(x, side, padding):
    return tf.nn.avg_pool2d(x, side, side, padding)


def watched(g):
    """A sum that is only waited for, by another sum and by the loss."""
    with tf.control_dependencies([g.mean(g.generated["conv1_1"])]):
        return squares(g, image(g)) * tf.constant(2.0)


#: Where tiles end and pictures end: cuts, mirrors and windows of any size, in tiles of any size.
AT_EDGES = {
    "cut, then padded by a convolution": lambda g: squares(g, same(image(g)[:, 1:, 1:], 3)),
    "cut at both ends, then a wide convolution": lambda g: squares(g, same(image(g)[:, 4:-4, 4:-4], 7)),
    "cut, then padded": lambda g: squares(g, pad(cut(g, 4, 4), 2, 0, "CONSTANT")),
    "every fourth from the fourth": lambda g: squares(g, same(image(g)[:, 4::4, 4::4], 3)),
    "mirrored far before the start": lambda g: squares(g, pad(same(image(g), 21), 10, 0, "REFLECT")),
    "mirrored far beyond the end": lambda g: squares(g, pad(same(image(g), 21), 0, 14, "REFLECT")),
    "mirrored maps": lambda g: squares(g, pad(g.generated["conv2_1"], 0, 6, "SYMMETRIC")),
    "mirrored, then cut": lambda g: squares(g, pad(g.generated["conv1_1"], 15, 0, "REFLECT")[:, :-15, :-15]),
    "mirrored by more than a tile": lambda g: squares(g, pad(image(g), 20, 20, "REFLECT")),
    "every second beside a pool": lambda g: squares(g, image(g)[:, ::2, ::2] - pooled(image(g), 2, "SAME")),
    "differences of neighbours": lambda g: squares(g, image(g)[:, ::2, ::2] - image(g)[:, 1::2, 1::2]),
    "a window larger than the last tile": lambda g: squares(g, pooled(image(g), 11, "VALID")),
    "a window larger than any tile": lambda g: squares(g, tf.nn.conv2d(image(g), kernel(31, 31, 3, 1), 1, "VALID")),
    "a cut larger than a tile": lambda g: squares(g, cut(g, 20, 20)),
    "bytes": lambda g: squares(g, image(g)) * g.mean(tf.cast(tf.clip_by_value(g.generated.image, 0, 255), tf.uint8)),
    "a sum that is only waited for": watched,
}


#: Whose like is there: at another end, of another size.
ALIKE = ("cut, then padded", "every fourth from the fourth", "mirrored far beyond the end", "a cut larger than a tile")


@pytest.mark.parametrize("side", [16, pytest.param(48, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in ALIKE else []) for name in AT_EDGES]
)
def test_edges_of_tiles_and_pictures_are_exact(objective_of, smooth_picture, name, side):
    pictures = smooth_picture(70, 90, 1), [smooth_picture(60, 50, 2)], smooth_picture(70, 90, 3)
    assert compare(objective_of(AT_EDGES[name]), pictures, side) < 1e-5


def rows(g):
    return tf.cast(tf.range(tf.shape(g.generated.image)[1]), tf.float32)[None, :, None, None]


def attention(g):
    flat = tf.reshape(g.generated["pool1"], [1, -1, 64])
    weights = tf.nn.softmax(tf.matmul(flat, flat, transpose_b=True))
    return squares(g, tf.reshape(tf.matmul(weights, flat), tf.shape(g.generated["pool1"])))


def transposed(g):
    maps = g.generated["conv1_1"]
    return squares(
        g, tf.nn.conv2d_transpose(maps, kernel(3, 3, 4, 64), tf.shape(maps) * [1, 1, 1, 0] + [0, 0, 0, 4], 1)
    )


def mask_from_file(g):
    return squares(g, image(g) * tf.constant(np.linspace(0, 1, HEIGHT, dtype=np.float32)[None, :, None, None]))


def resized_mask(g):
    mask = tf.image.resize(tf.ones([1, 8, 8, 1]), tf.shape(g.generated.image)[1:3])
    return squares(g, image(g) * mask)


def py_function(g):
    doubled = tf.py_function(lambda x: 2 * x, [image(g)], tf.float32)
    doubled.set_shape([1, None, None, 3])
    return squares(g, image(g) + 0 * doubled)


def batch_norm(g):
    return squares(g, tf.nn.fused_batch_norm(image(g), tf.ones([3]), tf.zeros([3]))[0])


def mapped(g):
    """Over the only picture of the batch."""
    return squares(g, tf.map_fn(lambda row: row * row, image(g)[0])[None])


def patches(g):
    return squares(g, tf.image.extract_patches(image(g), [1, 3, 3, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID"))


def placeholder_mask(g):
    return squares(g, image(g) * tf.placeholder(tf.float32, [1, None, None, 1], "mask"))


def own_gradient(g):
    @tf.custom_gradient
    def whitened(x):
        return tf.identity(x), lambda dy: dy / tf.norm(dy)

    return squares(g, whitened(image(g)))


def counted(g):
    """A variable that grows with each run."""
    variable = tf.get_variable("counter", initializer=1.0, use_resource=True, trainable=False)
    return squares(g, image(g) * variable.assign_add(1.0))


def counted_by_reference(g):
    variable = tf.get_variable("counter", initializer=1.0, use_resource=False, trainable=False)
    return squares(g, image(g) * tf.assign_add(variable, 1.0))


def read_afterwards(g):
    variable = tf.get_variable("mean", initializer=1.0, use_resource=True, trainable=False)
    with tf.control_dependencies([variable.assign(tf.reduce_mean(image(g)))]):
        return squares(g, image(g) - variable.read_value())


def decided(predicate):
    """By a condition of TensorFlow 1, whose branches see the picture in no other way."""

    def term(g):
        tf.disable_control_flow_v2()
        try:
            factor = tf.cond(predicate(g), lambda: tf.constant(2.0), lambda: tf.constant(3.0))
        finally:
            tf.enable_control_flow_v2()
        return squares(g, image(g) * factor)

    return term


def decided_outside(g):
    return decided(lambda g: tf.shape(g.generated.image)[1] > 60)(g) + 0 * g.mean(image(g))


def watched_shape(g):
    with tf.control_dependencies([tf.debugging.assert_greater(tf.shape(g.generated.image)[1], 40)]):
        return squares(g, tf.identity(image(g)))


def watched_beside_sums(g):
    sums = squares(g, image(g))
    with tf.control_dependencies([tf.debugging.assert_greater(tf.reduce_max(image(g)), -100.0)]):
        return tf.identity(sums)


def of_two_shapes(g):
    shapes = tf.raw_ops.ShapeN(input=[image(g), tf.zeros([1, 11, 12, 3])])
    return squares(g, tf.slice(image(g), [0, 0, 0, 0], shapes[1]))


def a_position_as_scalar(g):
    value = tf.squeeze(tf.reduce_mean(tf.nn.avg_pool2d(tf.square(image(g)), 40, 1, "VALID"), -1, keepdims=True))
    value.set_shape([])
    return value


def gathered_by_batch(g):
    return squares(g, tf.nn.softmax(tf.gather(image(g), [2], axis=3, batch_dims=1)) * tf.ones([1, 1, 1, 1]))


def squeezed(g):
    rows = tf.squeeze(image(g))
    rows.set_shape([None, None, 3])
    return squares(g, rows[..., None])


def of_a_fixed_size(g):
    return squares(g, tf.ensure_shape(image(g), [1, HEIGHT, WIDTH, 3]))


def flattened_to_a_fixed_size(g):
    flat = tf.reshape(image(g), [HEIGHT * WIDTH, 3]) * 2
    return squares(g, tf.reshape(flat, tf.shape(g.generated.image)))


def reshaped_to_another(g):
    flat = tf.reshape(image(g)[:, 2:], [-1, 3])
    return squares(g, tf.reshape(flat, tf.shape(image(g)[:, :, 2:])))


REFUSED = {
    "a gradient of its own": (own_gradient, "Identity.* a gradient of its own"),
    "a counter": (counted, "AssignAddVariableOp"),
    "a counter by reference": (counted_by_reference, "AssignAdd"),
    "a variable that is assigned before": (read_afterwards, "reads a variable after|AssignVariableOp|waits for"),
    "a decision by the picture": (decided(lambda g: tf.reduce_mean(image(g)) > 2.8), "depends on the picture"),
    "a decision by its size": (decided(lambda g: tf.shape(g.generated.image)[1] > 60), "depends on the picture"),
    "a decision, and a sum": (decided_outside, "depends on the picture"),
    "a random decision": (decided(lambda g: tf.random.uniform([]) > 0.5), "RandomUniform"),
    "a check of its size": (watched_shape, "Assert"),
    "a check beside sums": (watched_beside_sums, "waits for what is computed from the generated image"),
    "the second of two shapes": (of_two_shapes, "ShapeN"),
    "a position as a scalar": (a_position_as_scalar, "Squeeze"),
    "constants of higher rank": (lambda g: squares(g, tf.reduce_mean(image(g) * tf.ones([1, 1, 1, 1, 3]), 3)), "Mul"),
    "matrices of higher rank": (lambda g: squares(g, tf.matmul(image(g), kernel(1, 1, 1, 3, 5))[0]), "BatchMatMul"),
    "rows with constants of higher rank": (lambda g: squares(g, image(g)[..., 0] * tf.ones([1, 1, 1, 1])), "Mul"),
    "positions with constants of higher rank": (
        lambda g: squares(g, tf.reshape(image(g), [-1, 3]) * tf.ones([1, 1, 1, 1])),
        "Mul",
    ),
    "channels gathered by batch": (gathered_by_batch, "GatherV2"),
    "squeezed wherever possible": (squeezed, "Squeeze"),
    "a fixed size": (of_a_fixed_size, "EnsureShape.* fixed size"),
    "positions of a fixed number": (flattened_to_a_fixed_size, "Reshape"),
    "positions in another order": (reshaped_to_another, "Reshape"),
    "a crop": (lambda g: squares(g, image(g)[:, 10:20]), "StridedSlice"),
    "the first row": (lambda g: squares(g, image(g)[:, :1, :1]), "StridedSlice"),
    "the last rows": (lambda g: squares(g, image(g)[:, -3:]), "StridedSlice"),
    "one row": (lambda g: squares(g, image(g)[:, 4][:, None]), "StridedSlice"),
    "backwards": (lambda g: squares(g, image(g)[:, ::-1] - image(g)), "StridedSlice"),
    "a slice of fixed size": (lambda g: squares(g, tf.slice(image(g), [0, 0, 0, 0], [1, 16, 16, 3])), "Slice"),
    "row weights": (lambda g: squares(g, image(g) * rows(g)), r"tf\.shape"),
    "row weights from a file": (mask_from_file, "Mul"),
    "row weights from a placeholder": (placeholder_mask, "Mul"),
    "a mask resized to the picture": (resized_mask, r"tf\.shape"),
    "patches": (patches, "ExtractImagePatches"),
    "attention": (attention, "Reshape"),
    "rows put together": (lambda g: squares(g, tf.concat([image(g), image(g)], 1)), "ConcatV2"),
    "a transposed convolution": (transposed, "Conv2DBackpropInput"),
    "random noise": (lambda g: squares(g, image(g) * tf.random.uniform(tf.shape(image(g)))), r"tf\.shape"),
    "a random number": (lambda g: squares(g, image(g) * tf.random.uniform([])), "RandomUniform"),
    "a loop over rows": (mapped, "StridedSlice"),
    "sorted": (lambda g: squares(g, tf.sort(image(g), axis=1)), "Transpose|TopK"),
    "softmax over positions": (lambda g: squares(g, tf.nn.softmax(image(g), axis=1)), "Transpose|Max"),
    "batch normalisation": (batch_norm, "FusedBatchNorm"),
    "a Python function": (py_function, "EagerPyFunc"),
    "turned round": (lambda g: squares(g, tf.reverse(image(g), [2])), "ReverseV2"),
    "rolled": (lambda g: squares(g, tf.roll(image(g), 3, 1)), "Roll"),
    "resized": (lambda g: squares(g, tf.image.resize(image(g), [40, 40])), "ResizeBilinear"),
    "height and width exchanged": (lambda g: squares(g, tf.transpose(image(g), [0, 2, 1, 3])), "Transpose"),
    "reshaped": (lambda g: squares(g, tf.reshape(image(g), [1, WIDTH, HEIGHT, 3])), "Reshape"),
    "pooled by 3, SAME": (lambda g: squares(g, tf.nn.avg_pool2d(image(g), 3, 3, "SAME")), "AvgPool"),
    "a spectrum": (lambda g: squares(g, tf.abs(tf.signal.rfft2d(image(g)[..., 0]))[..., None]), "Pad"),
    "its size": (
        lambda g: g.sum(tf.square(image(g))) / tf.cast(tf.size(g.generated.image), tf.float32),
        r"tf\.size .*g\.positions",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_to_be_local_is_refused_by_name(objective_of, name):
    function, operation = REFUSED[name]
    with pytest.raises(TilingError, match=f"loss term 'probe' cannot be tiled: .*({operation})"):
        check_tileable(objective_of(function))


def test_a_loop_of_tensorflow_1_is_refused_and_ends(objective_of):
    def looped(g):
        tf.disable_control_flow_v2()
        try:
            _, result = tf.while_loop(
                lambda i, x: i < 3,
                lambda i, x: (i + 1, tf.ensure_shape(x * 0.5, [1, None, None, 3])),
                [0, tf.ensure_shape(image(g), [1, None, None, 3])],
            )
        finally:
            tf.enable_control_flow_v2()
        return squares(g, result)

    with pytest.raises(TilingError, match="is part of a loop"):
        check_tileable(objective_of(looped))
