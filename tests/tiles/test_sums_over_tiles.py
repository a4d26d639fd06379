"""Terms of a test's own in tiles: statistics built on statistics, last tiles, and where targets are kept."""

from __future__ import annotations

import tempfile

import numpy as np
import pytest

from nstgraph import Evaluator, tf
from nstgraph.tiles.tiled_evaluator import TiledEvaluator


def scaled(g):
    return g.generated.image / 58


def variance(g):
    """Two waves: the gradient reaches the pixels also through the mean."""
    x = tf.square(scaled(g))
    return g.mean(tf.square(x * x - g.mean(x)))


def deviation_of_deviation(g):
    """Three waves; the last is built on both earlier ones."""
    x = scaled(g)
    mean = g.mean(x, per_channel=True)
    spread = g.mean(tf.abs(x - mean))
    return g.mean(tf.square(tf.abs(x - mean) - spread) / (1 + mean))


def normalised_features(g):
    """The Gram matrix of feature maps over their own means."""

    def gram(view):
        maps = view["conv2_1"]
        return g.gram(maps / (1 + g.mean(maps, per_channel=True))) / g.positions(maps)

    return tf.reduce_sum(tf.square(gram(g.generated) - gram(g.style)))


def style_around_the_generated_mean(g):
    """A sum over the style's positions that moves, with a wave of its own."""
    x = scaled(g)
    return g.mean(tf.square(g.style.image / 58 - g.mean(x))) + g.mean(tf.square(x))


def there_and_back(g):
    """The generated image around a style's statistic, which is around the generated image's."""
    x = scaled(g)
    of_style = g.mean(tf.abs(g.style.image / 58 - g.mean(x)))
    return g.mean(tf.square(x - of_style))


def whole_style(g):
    """Reduces a picture that does not move by itself, and so as a whole."""
    return tf.square(g.mean(scaled(g)) - tf.reduce_mean(g.style.image) / 58) + g.mean(tf.square(scaled(g)))


def whole_content(g):
    return tf.square(g.mean(scaled(g)) - tf.reduce_max(g.content.image) / 58)


def sum_as_it_is(g):
    """Its target is itself a statistic."""
    return g.mean(tf.square(g.generated.image * g.sum(g.style.image, per_channel=True) * 1e-7))


def picture_as_it_is(g):
    """Its target is itself a picture."""
    return g.mean(tf.square(g.generated.image - g.content.image))


def second_difference(g):
    """Two rows short of the picture: a last tile of one row has no position of it."""
    x = scaled(g)
    return g.mean(tf.square(x[:, 2:] - 2 * x[:, 1:-1] + x[:, :-2])) + g.mean(g.generated["pool3"])


def padded(g):
    """More positions than the picture has pixels."""
    return g.mean(tf.square(tf.pad(scaled(g), [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=3.0)))


def errors(evaluator, tiled, image):
    """Relative errors of loss and gradient in tiles."""
    whole, parts = evaluator(image), tiled(image)
    scale = float(np.abs(whole.gradient).max())
    assert scale > 0
    return abs(parts.total / whole.total - 1), float(np.abs(parts.gradient - whole.gradient).max()) / scale


@pytest.mark.parametrize(
    "function",
    [
        variance,
        deviation_of_deviation,
        normalised_features,
        style_around_the_generated_mean,
        there_and_back,
        whole_style,
        whole_content,
        sum_as_it_is,
        picture_as_it_is,
        second_difference,
        padded,
    ],
    ids=lambda function: function.__name__,
)
def test_a_term_is_the_same_in_tiles(objective_of, smooth_picture, function):
    pictures = smooth_picture(65, 58, 1), [smooth_picture(44, 90, 2)]
    with Evaluator(objective_of(function)) as evaluator:
        evaluator.bind(*pictures)
        tiled = TiledEvaluator(evaluator)
        tiled.bind(*pictures, side=16)
        loss, gradient = errors(evaluator, tiled, smooth_picture(65, 58, 3))
    assert loss < 1e-5
    assert gradient < 1e-5


@pytest.mark.parametrize("height", [65, 79, 97])
def test_a_last_tile_with_a_single_row_of_positions_is_counted(objective_of, smooth_picture, height):
    pictures = smooth_picture(height, 48, 1), [smooth_picture(20, 20, 2)]
    with Evaluator(objective_of("laplacian:pools=16")) as evaluator:
        evaluator.bind(*pictures)
        tiled = TiledEvaluator(evaluator)
        tiled.bind(*pictures, side=32)
        loss, gradient = errors(evaluator, tiled, smooth_picture(height, 48, 3))
    assert loss < 1e-5
    assert gradient < 1e-5


@pytest.mark.parametrize("precision", ["float32", "bfloat16", pytest.param("float16", marks=pytest.mark.slow)])
def test_where_targets_are_kept_changes_nothing(
    objective_of, smooth_picture, precision, tmp_path, monkeypatch, recwarn
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pictures = smooth_picture(50, 60, 1), [smooth_picture(40, 40, 2)]
    image = smooth_picture(50, 60, 3)
    outcome, folders = [], []
    with Evaluator(objective_of("content:layer=conv2_1 style:layers=conv1_1", precision=precision)) as evaluator:
        tiled = TiledEvaluator(evaluator)
        for keep in ("memory", "disk", "recompute"):
            tiled.bind(*pictures, side=32, keep=keep)
            outcome.append(tiled(image))
            folders.append(len(list(tmp_path.iterdir())))
    memory, disk, recompute = outcome
    for other in (disk, recompute):
        assert other.terms == memory.terms
        np.testing.assert_array_equal(other.gradient, memory.gradient)
    # The folder of the disk's arrays is there while they are bound, and no longer.
    assert folders == [0, 1, 0]
    assert not recwarn.list
