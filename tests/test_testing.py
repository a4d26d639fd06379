"""`check_term` catches what it promises to catch."""

from __future__ import annotations

import math

import pytest

from nstgraph import tf
from nstgraph.graph.receptive_field import ReceptiveField
from nstgraph.losses.loss import LossTerm
from nstgraph.terms.style import style
from nstgraph.testing import check_term
from nstgraph.tiles import sums_over_tiles


def term(function):
    return LossTerm("probe", function, "test")


def squared(g):
    return tf.square(g.generated.image - g.content.image)


def test_a_sound_term_gives_a_report():
    report = check_term(term(lambda g: g.mean(squared(g))))
    assert report.gradient_error < 1e-3
    assert report.descent < 0.1
    assert report.caching_error < 1e-6
    assert report.tileable
    assert report.why_not == ""
    assert report.tiling_error < 1e-5


def test_a_term_that_reduces_by_itself_passes_but_is_reported():
    report = check_term(term(lambda g: tf.reduce_mean(squared(g))))
    assert not report.tileable
    assert "reduces over positions by itself" in report.why_not


def test_a_wrong_gradient_fails():
    @tf.custom_gradient
    def doubled(x):
        return x, lambda upstream: 2 * upstream

    with pytest.raises(AssertionError, match="gradient differs from finite differences"):
        check_term(term(lambda g: doubled(g.mean(squared(g)))))


def test_a_gradient_wrong_at_the_edge_only_fails():
    @tf.custom_gradient
    def blind_at_the_edge(x):
        return x, lambda upstream: tf.pad(upstream[:, 1:-1, 1:-1], [[0, 0], [1, 1], [1, 1], [0, 0]])

    with pytest.raises(AssertionError, match="gradient differs"):
        check_term(term(lambda g: g.mean(blind_at_the_edge(squared(g)))))


def test_a_term_that_cannot_be_lowered_fails():
    def unmoved(g):
        return 1e6 + g.mean(squared(g)) * 1e-3

    with pytest.raises(AssertionError, match=r"gradient differs|do not lower the loss"):
        check_term(term(unmoved))


def test_a_term_whose_targets_change_fails():
    def restless(g):
        # New random numbers at every evaluation, but the same as long as targets are cached.
        noise = tf.random.uniform(tf.shape(g.content.image))
        return g.mean(tf.square(g.generated.image - g.content.image * noise))

    with pytest.raises(AssertionError, match="the loss changes when targets are computed once"):
        check_term(term(restless))


def noisy(g):
    return g.mean(squared(g) * tf.random.uniform(tf.shape(g.generated.image)))


def noisy_gradient(g):
    @tf.custom_gradient
    def blurred(x):
        return tf.identity(x), lambda upstream: upstream * tf.random.uniform([])

    return blurred(g.mean(squared(g)))


def counting(g):
    return g.mean(squared(g)) + tf.assign_add(tf.get_variable("calls", initializer=0.0), 1.0)


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize(
    ("function", "message"),
    [
        (noisy, r"^the same image gives two losses: probe is [\d.]+ and [\d.]+; leave out what is random, or counts"),
        (counting, r"^the same image gives two losses: probe is "),
        (noisy_gradient, r"^the same image gives two gradients; leave out what is random"),
    ],
)
def test_what_differs_from_itself_fails_before_anything_else(function, message, smooth):
    with pytest.raises(AssertionError, match=message):
        check_term(term(function), smooth=smooth)


def nearest_patches(g):
    """Each position's features are to be those of the nearest of the style's (Li & Wand 2016, equation 2)."""
    own, painted = (tf.reshape(view["conv2_1"], [-1, 128]) for view in (g.generated, g.style))
    own, painted = own[::7] / 255, painted[::7] / 255
    normed = [tf.nn.l2_normalize(maps, 1) for maps in (own, painted)]
    nearest = tf.gather(painted, tf.argmax(tf.matmul(*normed, transpose_b=True), 1))
    return tf.reduce_mean(tf.square(own - nearest))


def rough(g):
    return g.mean(tf.square(tf.round(g.generated.image / 40) * 40 - g.content.image) + 0.01 * squared(g))


def test_of_a_term_in_pieces_all_else_is_checked():
    report = check_term(term(nearest_patches), smooth=False)
    assert not report.smooth and math.isnan(report.gradient_error)
    assert report.descent < 1 and report.caching_error < 1e-6 and not report.tileable
    assert check_term(term(lambda g: g.mean(squared(g)))).smooth


def test_a_term_in_pieces_fails_unless_it_is_said_to_be_one():
    with pytest.raises(AssertionError, match=r"gradient differs .* only in pieces: smooth=False\): "):
        check_term(term(rough))
    assert not check_term(term(rough), smooth=False).smooth


def test_smooth_or_not_other_checks_stay():
    with pytest.raises(AssertionError, match="do not lower the loss"):
        check_term(term(lambda g: 1e6 + g.mean(squared(g)) * 1e-3), smooth=False)


def test_what_depends_on_the_tile_is_refused_and_reported():
    def off_grid(g):
        rows = tf.cast(tf.range(tf.shape(g.generated.image)[1]), tf.float32)
        return g.mean(squared(g) * rows[None, :, None, None])  # a tile counts its rows from its own top

    report = check_term(term(off_grid))
    assert not report.tileable and "terms/probe" in report.why_not and report.tiling_error == 0


def test_a_loss_that_is_another_in_tiles_fails(monkeypatch):
    # All that is allowed in tiles gives the same there, so an overlap too small has to stand for a mistake in the list.
    monkeypatch.setattr(sums_over_tiles, "margin", lambda *_: ReceptiveField(16, 0, 0))
    with pytest.raises(AssertionError, match="loss or gradient in tiles differ"):
        check_term(style(layers=("conv1_2", "conv2_1")))
