"""Terms as a stranger would write them: each is checked by `check_term`, or refused with the reason."""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from drawn_pictures import landscape, painting
from PIL import Image

from nstgraph import Config, Source, Stylizer, resume, stylize, tf
from nstgraph.checkpoints.kept_runs import kept_runs
from nstgraph.errors import CheckpointError, LossError, NstgraphError, RunError, TilingError
from nstgraph.losses.loss import LossTerm
from nstgraph.losses.registry import registry
from nstgraph.testing import check_term


def term(function):
    return LossTerm(function.__name__, function, "here")


def squared(x):
    return tf.reduce_sum(tf.square(x))


@term
def contrast(g, strength=1.2):
    """More contrast than the photo has."""

    def spread(view):
        return g.mean(tf.square(view.image)) - tf.square(g.mean(view.image))

    return tf.square(spread(g.generated) / spread(g.content) - strength)


@term
def shifted_gram(g, layers=("conv1_1", "conv2_1"), shift=-1.0, growth=1.5):
    """Gram matrices of shifted features, deeper layers weighted more (Novak & Nikulin 2016, sections 3.1 and 3.2)."""

    def gram(view, layer):
        return g.gram(view[layer] + shift) / g.positions(view[layer])

    errors = [
        growth**i * squared(gram(g.generated, layer) - gram(g.style, layer)) / squared(gram(g.style, layer))
        for i, layer in enumerate(layers)
    ]
    return tf.add_n(errors)


@term
def nearest_patches(g, layer="conv3_1"):
    """Each 3 x 3 patch of features goes to the nearest of the style (Li & Wand 2016, equation 2)."""

    def patches(view):
        cut = tf.image.extract_patches(view[layer], [1, 3, 3, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID")
        return tf.reshape(cut, [-1, 9 * view[layer].shape[-1]])

    own, others = patches(g.generated), patches(g.style)
    cosines = tf.matmul(tf.nn.l2_normalize(own, 1), tf.nn.l2_normalize(others, 1), transpose_b=True)
    nearest = tf.gather(others, tf.stop_gradient(tf.argmax(cosines, 1)))
    return tf.reduce_mean(tf.square(own - nearest)) / tf.reduce_mean(tf.square(others))


def wasserstein(g, directions, layer="conv2_1"):
    """Sorted projections of features match (Heitz et al. 2021, equation 4), at 256 quantiles."""

    def quantiles(view):
        flat = tf.reshape(view[layer], [-1, view[layer].shape[-1]])
        projected = tf.sort(tf.matmul(flat, directions), axis=0)
        count = tf.cast(tf.shape(projected)[0], tf.float32)
        return tf.gather(projected, tf.cast((tf.range(256.0) + 0.5) / 256 * count, tf.int32))

    return tf.reduce_mean(tf.square(quantiles(g.generated) - quantiles(g.style))) / 1e3


@term
def sliced_wasserstein(g):
    directions = np.random.default_rng(0).normal(size=(128, 16)).astype(np.float32)
    return wasserstein(g, tf.constant(directions / np.linalg.norm(directions, axis=0)))


@term
def newly_sliced_wasserstein(g):
    """With other projections at each evaluation, as in the paper: no function of the image."""
    return wasserstein(g, tf.nn.l2_normalize(tf.random.normal([128, 16]), 0))


def masked(g, view, layer, mask):
    share = g.picture(mask, beside=view).shrunk(layer)[..., :1] / 255
    return g.gram(view[layer] * tf.sqrt(share)) / g.sum(share)


@term
def masked_gram(g, mask: Source, layer="conv2_1"):
    """The style within a mask of the photo."""
    target = g.gram(g.style[layer]) / g.positions(g.style[layer])
    return squared(masked(g, g.generated, layer, mask) - target) / squared(target)


@term
def two_masked_styles(g, masks: tuple[Source, ...], layer="conv2_1"):
    """The first style within a mask, the second one elsewhere, of each the part within a mask of its own."""
    photo, *others = masks
    inside, outside = (masked(g, view, layer, mask) for view, mask in zip(g.styles, others, strict=True))
    share = g.picture(photo, beside=g.generated).shrunk(layer)[..., :1] / 255
    own = g.gram(g.generated[layer] * tf.sqrt(share)) / g.sum(share)
    rest = g.gram(g.generated[layer] * tf.sqrt(1 - share)) / (g.positions(share) - g.sum(share))
    return squared(own - inside) / squared(inside) + squared(rest - outside) / squared(outside)


@term
def spectrum(g):
    """Magnitudes of the photo's spectrum."""

    def magnitudes(view):
        grey = tf.reduce_mean(view.image, -1) / 255
        return tf.sqrt(tf.square(tf.abs(tf.signal.rfft2d(grey[:, :64, :64]))) + 1e-3)

    return tf.reduce_mean(tf.square(magnitudes(g.generated) - magnitudes(g.content)))


@term
def by_python(g, shaped=True):
    """The photo's mean, by numpy; the gradient is that of the part in TensorFlow."""
    level = tf.numpy_function(lambda photo: np.float32(photo.mean()), [g.content.image], tf.float32)
    if shaped:
        level.set_shape([])
    return g.mean(tf.square(g.generated.image - level)) / 58**2


@term
def another_network(g):
    """Features of layers of Keras, with variables of their own."""
    first = tf.keras.layers.Conv2D(4, 5, padding="same", activation="tanh", kernel_initializer="glorot_uniform")
    return g.mean(tf.square(first(g.generated.image / 255) - first(g.content.image / 255)))


class Channel(enum.Enum):
    RED = "red"
    BLUE = "blue"


@term
def parametrised(
    g, channel: Channel = Channel.RED, how: Literal["mean", "squared"] = "mean", level: float | None = None,
    shares: tuple[float, ...] = (), mask: Path | None = None,
):  # fmt: skip
    """A parameter of each kind."""
    part = g.generated.image[..., 0 if channel is Channel.RED else 2 :][..., :1] / 255
    if mask is not None:
        part *= g.picture(mask, beside=g.generated).image[..., :1] / 255
    error = tf.square(part - (0.5 if level is None else level))
    return g.mean(error if how == "mean" else tf.square(error)) * (1 + sum(shares))


@pytest.fixture
def mask(tmp_path):
    """A file whose name has all that text has a meaning for."""
    y, x = np.mgrid[:60, :80]
    soft = 240 / (1 + np.exp((np.hypot(y - 30, x - 35) - 20) / 5)) + 10
    path = tmp_path / "my mask, v1+2.png"
    Image.fromarray(soft.astype(np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    "own",
    [contrast, pytest.param(shifted_gram, marks=pytest.mark.slow), another_network, parametrised],
    ids=lambda own: own.name,
)
def test_these_work_everywhere(own):
    report = check_term(own)
    assert report.tileable, report.why_not


@pytest.mark.slow
def test_masks_are_exact_in_tiles(mask):
    for loss, styles in (
        (two_masked_styles(masks=(mask,) * 3), 2),
        (parametrised(mask=mask), 1),
    ):
        report = check_term(loss, styles=styles)
        assert report.tileable and report.tiling_error < 1e-5


@pytest.mark.parametrize(
    ("own", "operation"),
    [(spectrum, "Reshape|StridedSlice|RFFT"), (by_python, "PyFunc")],
    ids=lambda value: getattr(value, "name", None),
)
def test_these_work_whole_and_are_refused_in_tiles_by_name(own, operation):
    report = check_term(own)
    assert not report.tileable
    assert re.match(rf"loss term '{own.name}' cannot be tiled: .*({operation})", report.why_not)


@pytest.mark.parametrize(
    "own", [nearest_patches, pytest.param(sliced_wasserstein, marks=pytest.mark.slow)], ids=lambda own: own.name
)
def test_a_piecewise_term_is_checked_as_one(own):
    with pytest.raises(AssertionError, match="gradient differs from finite differences"):
        check_term(own)
    report = check_term(own, smooth=False)
    assert not report.tileable and report.descent < 1


def test_a_random_term_is_called_so():
    with pytest.raises(AssertionError, match="the same image gives two losses"):
        check_term(newly_sliced_wasserstein)
    config = Config(loss=newly_sliced_wasserstein, size=32, steps=2)
    with pytest.raises(LossError, match=r"'newly_sliced_wasserstein' is .* for the same picture"), Stylizer(config):
        pass


def test_a_value_without_shape_is_said_how_to_mend():
    with pytest.raises(LossError, match=r"has no known shape; call set_shape on what tf\.numpy_function"):
        check_term(by_python(shaped=False))


@pytest.mark.slow
def test_masks_run_in_tiles_through_all_sizes(mask):
    config = Config(size=96, scales=2, steps=6, loss=masked_gram(mask=mask) + contrast(), precision="float32")
    ends = []
    for tile in ("off", 64):
        with Stylizer(config.replace(tile=tile)) as stylizer:
            ends.append(stylizer(landscape(96, 72), [painting(80, 80)]).history[-1].total)
    assert ends[0] == pytest.approx(ends[1], rel=0.05)
    with (
        pytest.raises(TilingError, match="loss term 'spectrum' cannot be tiled"),
        Stylizer(config.replace(loss=spectrum, tile=64)) as stylizer,
    ):
        stylizer(landscape(96, 72), [painting(80, 80)])


def test_an_array_is_as_good_as_a_file(mask):
    array = np.asarray(Image.open(mask))
    config, pictures = Config(size=48, scales=1, steps=3, precision="float32"), (landscape(96, 72), painting(80, 80))
    ends = [
        stylize(*pictures, config, loss=masked_gram(mask=one, layer="conv1_1"))
        for one in (mask, str(mask), array, Image.open(mask))
    ]
    assert len({result.history[-1].total for result in ends}) == 1
    assert [result.settings["pictures"][0]["name"] for result in ends] == [mask.name, mask.name, "array", "image"]
    assert str(masked_gram(mask=array)) == "masked_gram:mask='<array of 80x60 pixels>'"
    for wrong in (3, [1, 2], np.zeros((4, 4, 7))):
        with pytest.raises(NstgraphError):
            masked_gram(mask=wrong)


def test_a_kept_run_has_its_masks_with_it(mask, tmp_path, monkeypatch):
    def cut(step, image):
        if step.step == 3:
            raise ValueError("cut")

    monkeypatch.chdir(mask.parent)
    given = {"size": 48, "scales": 1, "steps": 6, "precision": "float32", "callback": cut}
    arrays = [np.full((30, 40), level, np.uint8) for level in (90, 200)]
    losses = {
        "file": masked_gram(mask=mask.name, layer="conv1_1"),
        "arrays": masked_gram(mask=arrays[0], layer="conv1_1") + masked_gram(mask=arrays[1], layer="conv1_1"),
    }
    for name, loss in losses.items():
        with pytest.raises(RunError):
            stylize(landscape(96, 72), painting(80, 80), loss=loss, checkpoint=tmp_path / name, **given)
    registry.add(masked_gram.function)
    monkeypatch.chdir("/")
    mask.unlink()
    results = {name: resume(tmp_path / name) for name in losses}
    assert [len(result.history) for result in results.values()] == [6, 6]
    assert results["file"].settings["pictures"][0]["name"] == mask.name
    assert [own["name"] for own in results["arrays"].settings["pictures"]] == ["array", "array"]
    assert [run.pictures for run in kept_runs(tmp_path)] == [("array", "array")] * 2  # photo and painting
    registry.remove("masked_gram")
    registry.add(without_mask, "masked_gram")
    with pytest.raises(CheckpointError, match=r"the pictures of terms \(none\) are not those that the run began with"):
        resume(tmp_path / "file")
    registry.remove("masked_gram")


def without_mask(g, mask: Path = Path("mask.png"), layer="conv1_1"):
    """Another term than the one that the run began with."""
    return g.mean(tf.square(g.generated.image))
