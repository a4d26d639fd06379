"""What is the same in tiles is computed there, and is exact; everything else is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, tf
from nstgraph.errors import TilingError
from nstgraph.tiles.tiled_evaluator import TiledEvaluator
from nstgraph.tiles.tiling import check_tileable

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
    "600 operations": lambda g: squares(g, sum((image(g) * 0.001 for _ in range(300)), image(g))),
}


@pytest.fixture(scope="module")
def pictures(smooth_picture):
    return smooth_picture(HEIGHT, WIDTH, 1), [smooth_picture(60, 50, 2)], smooth_picture(HEIGHT, WIDTH, 3)


def compare(objective, pictures):
    """Largest relative difference between tiles and the whole, of loss or gradient."""
    content, styles, start = pictures
    with Evaluator(objective) as evaluator:
        whole = evaluator.bind(content, styles)(start)
        tiled = TiledEvaluator(evaluator).bind(content, styles, side=32)(start)
    gradient = np.abs(tiled.gradient - whole.gradient).max() / np.abs(whole.gradient).max()
    return max(abs(tiled.total - whole.total) / abs(whole.total), gradient)


@pytest.mark.parametrize("name", EXACT)
def test_what_is_local_is_exact_in_tiles(objective_of, pictures, name):
    assert compare(objective_of(EXACT[name]), pictures) < 1e-5


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


REFUSED = {
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
