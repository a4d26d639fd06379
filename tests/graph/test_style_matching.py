"""Several styles, and regions of the picture with styles of their own."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, Masks, Objective, Region, StyleGraph, parse_loss
from nstgraph.errors import ConfigError, LossError
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.tiles.tiled_evaluator import TiledEvaluator

#: Every term that takes styles.
TERMS = ("style:layers=conv1_1", "moments:layers=conv2_1", "palette", "histogram:layers=conv1_1,bins=2")

#: In every run, one of them; among the slow ones, in tiles and regions, all of them together.
every_term = pytest.mark.parametrize(
    "loss", [pytest.param(loss, marks=[] if loss == TERMS[0] else [pytest.mark.slow]) for loss in TERMS]
)


def picture(height, width, seed):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


IMAGE, CONTENT, STYLE, STYLE_1 = picture(20, 28, 3), picture(20, 28, 1), picture(18, 23, 2), picture(16, 31, 4)


def values(loss, styles=(STYLE, STYLE_1), **options):
    return values_of([IMAGE], loss, styles, **options)[0]


def values_of(images, loss, styles=(STYLE, STYLE_1), **options):
    """The same loss of several images."""
    graph = StyleGraph(WeightsFile(embedded()), styles=len(styles), **options)
    with Evaluator(Objective(graph, parse_loss(loss))) as evaluate:
        evaluate.bind(CONTENT, styles)
        return [evaluate(image) for image in images]


def half(height, width, left):
    """A mask of the left half, or of the right one."""
    mask = np.zeros((height, width), np.uint8)
    mask[:, slice(None, width // 2) if left else slice(width // 2, None)] = 255
    return mask


@every_term
def test_blended_by_sums_it_is_the_mean_of_the_losses_against_each(loss):
    one, other = (values(loss, [style]) for style in (STYLE, STYLE_1))
    both = values(loss, shares=(30, 70), blending="sum")
    assert both.total == pytest.approx(0.3 * one.total + 0.7 * other.total, rel=1e-5)
    np.testing.assert_allclose(both.gradient, 0.3 * one.gradient + 0.7 * other.gradient, atol=1e-5 * one.gradient.max())
    assert abs(values(loss, shares=(30, 70)).total / both.total - 1) > 1e-3  # another one than that of the means


@every_term
def test_a_term_without_a_blend_takes_the_graphs_shares(loss):
    mixed = f"{loss}{',' if ':' in loss else ':'}blend=1+3"
    wanted = values(mixed).total
    assert values(loss, shares=(2, 6)).total == wanted != values(loss).total
    assert values(mixed, shares=(9, 1)).total == wanted


def test_what_does_not_fit_the_styles_is_refused():
    file = WeightsFile(embedded())
    for shares in ((1,), (0, 0), (2, -1)):
        with pytest.raises(
            ConfigError, match=r"^[-+\d]+ are no shares of 2 style images; give one each, some above 0$"
        ):
            StyleGraph(file, styles=2, shares=shares)
    with pytest.raises(ConfigError, match=r"^blending is 'product'; choose from mean, sum$"):
        StyleGraph(file, blending="product")
    with pytest.raises(ConfigError, match=r"^a region names styles \[2\], and there are 2, from 0$"):
        StyleGraph(file, styles=2, masks=Masks((Region(None, {2: None}),)))


def test_styles_without_weight_paint_no_region():
    with pytest.raises(LossError, match="all styles of a region have a weight of 0"):
        values("style:layers=conv1_1", shares=(1, 0), masks=Masks((Region(half(20, 28, True), {1: None}),)))


def test_masks_that_no_term_asks_for_are_refused():
    masked = Masks((Region(half(20, 28, True)),))
    with pytest.raises(LossError, match=r"^there are masks, and no term of the loss takes a style within them; "):
        values("content:layer=conv1_1", masks=masked)
    strong = Masks(content_strength=half(20, 28, True))
    with pytest.raises(LossError, match=r"^there is a content_strength, and the loss has no term content; "):
        values("style:layers=conv1_1", masks=strong)


@pytest.mark.parametrize(
    "loss",
    [
        *(f"style:layers=image,per={per}" for per in ("position", "pixel", "none")),
        "style:layers=image,normalization=mse,per=position",
        *(
            pytest.param(f"style:layers=image,normalization=mse,per={per}", marks=pytest.mark.slow)
            for per in ("pixel", "none")
        ),
        "palette",
    ],
)
def test_the_pull_on_a_pixel_is_what_it_would_be_without_masks(loss):
    """The picture is the same on both halves, and so are the sums of each, as shares of the whole."""
    twice = np.concatenate([IMAGE, IMAGE], axis=2)
    (free,) = values_of([twice], loss, [STYLE])
    masks = Masks((Region(half(20, 56, True)),))
    graph = StyleGraph(WeightsFile(embedded()), masks=masks)
    with Evaluator(Objective(graph, parse_loss(loss))) as evaluate:
        within = evaluate.bind(np.concatenate([CONTENT, CONTENT], axis=2), [STYLE])(twice)
    largest = np.abs(free.gradient).max()
    np.testing.assert_allclose(within.gradient[:, :, :28], free.gradient[:, :, :28], atol=1e-4 * largest)
    assert np.abs(within.gradient[:, :, 28:]).max() == 0
    assert within.total == pytest.approx(free.total / 2, rel=1e-4)


@pytest.mark.parametrize(
    "loss",
    [
        "tv",
        *(
            pytest.param(loss, marks=pytest.mark.slow)
            for loss in ("tv:form=squared,reduction=sum", "coherence:reach=1")
        ),
    ],
)
def test_what_is_not_painted_may_be_as_rough_as_the_photo_is(loss):
    label, text = loss.partition(":")[0], f"{loss} style:layers=image"
    masks = Masks((both_halves(True),))
    mixed = np.concatenate([IMAGE[:, :, :14], CONTENT[:, :, 14:]], axis=2)  # the photo, where nothing is painted
    smooth = np.concatenate([IMAGE[:, :, :14], np.full_like(IMAGE[:, :, 14:], 99)], axis=2)
    within, smoother = (one.terms[label] for one in values_of([mixed, smooth], text, [STYLE], masks=masks))
    anywhere, free = (one.terms[label] for one in values_of([mixed, IMAGE], text, [STYLE]))
    assert 0 < within < 0.8 * anywhere
    assert within < smoother
    whole = Masks((both_halves(True), both_halves(False)))
    assert values(text, [STYLE], masks=whole).terms[label] == pytest.approx(free, rel=1e-5)


def both_halves(left):
    return Region(half(20, 28, bool(left)))


def test_each_region_takes_its_own_part_of_its_own_style():
    """Of the pixels' second moments; by numpy."""

    def moments(pixels):
        flat = pixels.reshape(-1, 3).astype(np.float64)
        return flat.T @ flat / len(flat)

    def error(pixels, target):
        wanted = moments(target)
        return ((moments(pixels) - wanted) ** 2).sum() / (wanted**2).sum()

    left = Region(half(20, 28, True), {0: half(18, 23, False)})
    right = Region(half(20, 28, False), {1: None})
    total = values("style:layers=image", masks=Masks((left, right))).total
    wanted = 0.5 * error(IMAGE[:, :, :14], STYLE[:, :, 11:]) + 0.5 * error(IMAGE[:, :, 14:], STYLE_1)
    assert total == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(
    ("blending", "terms"),
    [
        ("mean", ("content:layer=conv1_1", "tv", TERMS[0])),
        *(
            pytest.param(blending, ("content", "tv", "coherence", *TERMS), marks=pytest.mark.slow)
            for blending in ("mean", "sum")
        ),
    ],
)
def test_regions_with_soft_edges_in_tiles_are_those_of_the_whole(smooth_picture, blending, terms):
    y, x = np.mgrid[:60, :80]
    soft = (255 / (1 + np.exp((np.hypot(y - 30, x - 35) - 20) / 3))).astype(np.float32)
    both = {0: None, 1: half(30, 40, True)}
    masks = Masks((Region(soft, both), Region((255 - soft) / 2, {1: None})), soft)
    graph = StyleGraph(WeightsFile(embedded()), styles=2, shares=(30, 70), blending=blending, masks=masks)
    content, image = smooth_picture(75, 101, 1), smooth_picture(75, 101, 2)
    styles = [smooth_picture(64, 53, 3), smooth_picture(30, 90, 4)]
    with Evaluator(Objective(graph, parse_loss(list(terms)))) as evaluator:
        whole = evaluator.bind(content, styles)(image)
        parts = TiledEvaluator(evaluator).bind(content, styles, side=48)(image)
    for label, value in whole.terms.items():
        assert parts.terms[label] == pytest.approx(value, rel=1e-5) and value > 0
    assert np.abs(parts.gradient - whole.gradient).max() < 1e-5 * np.abs(whole.gradient).max()


def test_content_counts_by_its_strength():
    free = values("content:layer=image,normalization=gatys style:layers=conv1_1", [STYLE])
    for mask, side in ((half(20, 28, True), slice(14)), (np.full((5, 7), 127.5, np.float32), slice(28))):
        weak = values(
            "content:layer=image,normalization=gatys style:layers=conv1_1", [STYLE], masks=Masks(content_strength=mask)
        )
        error = (IMAGE - CONTENT)[:, :, side].astype(np.float64)
        strength = mask.max() / 255
        assert weak.terms["content"] == pytest.approx(0.5 * strength * (error**2).sum(), rel=1e-5)
    assert free.terms["content"] > 1.5 * weak.terms["content"] and free.terms["style"] == weak.terms["style"]
