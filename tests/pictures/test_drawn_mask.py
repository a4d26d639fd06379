"""Masks as they are drawn: grey ones, and maps of regions in flat colours."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nstgraph.errors import PictureError
from nstgraph.pictures.drawn_mask import alike, feathered, grey_mask, in_hex, read_mask
from nstgraph.pictures.load import load

SKY, LAND, SEA = (230, 200, 40), (20, 120, 60), (10, 20, 200)


def drawn(width=120, height=80, smooth=4):
    """A map of three regions with smooth edges: sky above, land with a disc of sea."""
    large = Image.new("RGB", (width * smooth, height * smooth), SKY)
    draw = ImageDraw.Draw(large)
    draw.polygon([(0, 30 * smooth), (width * smooth, 45 * smooth), (width * smooth,) * 2, (0, height * smooth)], LAND)
    draw.ellipse([20 * smooth, 45 * smooth, 50 * smooth, 75 * smooth], SEA)
    return large.resize((width, height), Image.Resampling.LANCZOS)


def written(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return Image.open(stream)


@pytest.mark.parametrize("form", [("PNG", {}), ("JPEG", {"quality": 90}), ("JPEG", {"quality": 60})])
def test_a_map_gives_each_flat_colour_its_region_from_dark_to_light(form):
    name, options = form
    mask = read_mask(written(drawn(), name, **options))
    assert mask.grey is None and len(mask.colors) == 3
    assert all(alike(found, wanted) for found, wanted in zip(mask.colors, (SEA, LAND, SKY), strict=True))
    regions = [picture.rgb[0, :, :, 0] for picture in mask.colors.values()]
    np.testing.assert_array_equal(sum(regions), np.full((80, 120), 255))  # every pixel is in one of them
    sea, land, sky = (region.mean() / 255 for region in regions)
    assert sea == pytest.approx(np.pi * 15**2 / 9600, abs=0.01) and sky == pytest.approx(37.5 / 80, abs=0.02)
    assert land == pytest.approx(1 - sea - sky)
    assert next(iter(mask.colors.values())).name == f"image {in_hex(next(iter(mask.colors)))}"


def test_a_grey_mask_is_one_even_from_jpeg():
    soft = Image.radial_gradient("L").resize((90, 70))
    for image in (soft, written(soft.convert("RGB"), "JPEG", quality=70)):
        mask = read_mask(image)
        assert mask.colors == {} and mask.grey is not None
        assert np.abs(mask.grey.rgb[0, :, :, 1] - np.asarray(soft, np.float32)).max() < 12


def test_what_is_transparent_is_outside():
    image = np.full((40, 40, 4), 255, np.uint8)
    image[:, :10, 3] = 0
    mask = read_mask(image)
    assert mask.grey is not None and mask.grey.alpha is None
    np.testing.assert_array_equal(mask.grey.rgb[0, 0, 8:12, 0], [0, 0, 255, 255])


def test_what_is_no_mask_is_refused(smooth_picture):
    random = np.random.default_rng(0)
    photo = smooth_picture(60, 80, 3).clip(0, 255)
    gradient = np.zeros((60, 80, 3), np.uint8)
    gradient[..., 0] = np.linspace(0, 255, 80)
    noise = random.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    for image in (photo, gradient, noise):
        with pytest.raises(PictureError, match=r"^the array|^array is neither grey nor of a few flat colours; "):
            read_mask(image)
    many = np.kron(random.permutation(27).reshape(3, 9), np.ones((12, 12), int))
    colors = np.stack([many // 9 * 120, many // 3 % 3 * 120, many % 3 * 120], -1).astype(np.uint8)
    with pytest.raises(PictureError, match=r"^array has 27 flat colours; a map has at most 16 regions$"):
        read_mask(colors)
    with pytest.raises(PictureError, match=r"^array has nothing above black; "):
        read_mask(np.zeros((30, 30), np.uint8))


def test_a_strength_map_of_any_colour_is_its_luma():
    assert grey_mask(load(np.full((20, 20, 3), (255, 0, 0), np.uint8))).rgb[0, 0, 0].tolist() == [76] * 3


def test_feathered_edges_are_soft_and_no_region_grows():
    half = np.zeros((50, 100), np.uint8)
    half[:, 50:] = 255
    mask = read_mask(half).grey
    assert mask is not None and feathered(mask, 0) is mask
    around = feathered(mask, 10, (False, True)).rgb[0, 25, :, 0]
    assert abs(around[0] - around[-1]) < 60  # where a half meets the other, as in the middle
    soft, wide = (feathered(mask, percent).rgb[0, 25, :, 0] for percent in (10, 30))
    for row, width in ((soft, 10), (wide, 30)):
        assert np.all(np.diff(row) >= 0) and row.mean() == pytest.approx(127.5, abs=1.5)
        assert 0.5 * width < ((row > 12) & (row < 243)).sum() < 1.1 * width
    assert set(np.unique(soft)) <= set(range(256))  # whole numbers, which a checkpoint keeps in a byte
