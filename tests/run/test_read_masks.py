"""Which region is painted with which part of which style."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nstgraph.config import Config
from nstgraph.errors import ConfigError, PictureError
from nstgraph.graph.masks import Masks
from nstgraph.run.inputs import read_pictures
from nstgraph.run.read_masks import masks_of

RED, BLUE, WHITE = (220, 20, 20), (10, 10, 200), (255, 255, 255)
LEFT, RIGHT = np.zeros((30, 40), np.uint8), np.zeros((30, 40), np.uint8)
LEFT[:, :20], RIGHT[:, 20:] = 255, 255
SOME = np.full((24, 24), 255, np.uint8)
PHOTO, PAINTING = np.full((30, 40, 3), 90, np.uint8), np.full((24, 24, 3), 30, np.uint8)


def map_of(*colors: tuple[int, int, int], height: int = 30, width: int = 40) -> Any:
    """Stripes of flat colours."""
    stripes = np.array(colors, np.uint8)[np.arange(width) * len(colors) // width]
    return np.repeat(stripes[np.newaxis], height, axis=0)


def said(masks: Masks) -> list[Any]:
    """Of each region its share of the picture, and by style the share of that."""

    def share(mask: Any) -> Any:
        return None if mask is None else round(float(mask.rgb.mean()) / 255, 2)

    return [(share(one.mask), {style: share(mask) for style, mask in one.styles.items()}) for one in masks.regions]


@pytest.mark.parametrize(
    ("mask", "style_mask", "styles", "wanted"),
    [
        ((), (), 2, []),
        (LEFT, (), 1, [(0.5, {0: None})]),
        (LEFT, (), 2, [(0.5, {0: None, 1: None})]),
        (LEFT, (SOME, None), 2, [(0.5, {0: 1.0, 1: None})]),
        ((), (None, SOME), 2, [(None, {0: None, 1: 1.0})]),
        ((LEFT, RIGHT), (), 2, [(0.5, {0: None}), (0.5, {1: None})]),
        ((LEFT, RIGHT), (), 1, [(0.5, {0: None}), (0.5, {0: None})]),
        ((LEFT, RIGHT), ("none", SOME), 2, [(0.5, {0: None}), (0.5, {1: 1.0})]),
        ((LEFT, RIGHT), (SOME,), 1, [(0.5, {0: 1.0}), (0.5, {0: 1.0})]),
        (map_of(WHITE, RED, BLUE, WHITE), (), 3, [(0.25, {0: None}), (0.25, {1: None}), (0.5, {2: None})]),
        (map_of(WHITE, BLUE), (), 1, [(0.5, {0: None}), (0.5, {0: None})]),
        (map_of(RED, BLUE), (map_of(BLUE, WHITE, RED), map_of(RED, WHITE)), 2, [
            (0.5, {0: 0.35}), (0.5, {0: 0.33, 1: 0.5}),
        ]),
    ],
)  # fmt: skip
def test_what_belongs_together(mask: Any, style_mask: Any, styles: int, wanted: Any) -> None:
    assert said(masks_of(Config(mask=mask, style_mask=style_mask), styles)) == wanted


@pytest.mark.parametrize(
    ("mask", "style_mask", "styles", "message"),
    [
        ((LEFT, RIGHT), (), 3, "2 masks for 3 styles; give one for each, or one for all together"),
        ((LEFT, RIGHT), (SOME,), 2, r"1 style mask for 2 masks; give one for each \(none leaves one out\)"),
        (LEFT, (SOME, SOME), 1, r"2 style masks for 1 style; give one for each \(none leaves one out\)"),
        ((LEFT, map_of(RED, BLUE)), (), 2, "array is a map of regions, and 2 masks are given; give the map alone"),
        (LEFT, map_of(RED, BLUE), 1, "the style mask array is a map of regions; give a map of the photo as mask, too"),
        (map_of(RED, BLUE), (), 3, r"array has 2 colours \(#0a0ac8, #dc1414\) for 3 styles; give a style for each"),
        (map_of(RED, BLUE), map_of(RED, BLUE), 2, "1 style mask for 2 styles; give a map of each style"),
        (map_of(RED, BLUE), (map_of(RED, BLUE), None), 2, "array is a map of regions, and the style mask none is none"),
        (map_of(RED, BLUE), (SOME,), 1, "array is a map of regions, and the style mask array is none; give a map of"),
        (map_of(RED, BLUE), map_of(RED, WHITE), 1, "no style mask has the colour #0a0ac8 of array; give a style that"),
    ],
)
def test_what_does_not_go_together(mask: Any, style_mask: Any, styles: int, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        masks_of(Config(mask=mask, style_mask=style_mask), styles)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mask": LEFT[:, :30]}, "array is 30 x 30 pixels, and the photo is 40 x 30; give a mask of the same size"),
        ({"content_strength": LEFT.T}, "array is 30 x 40 pixels, and the photo is 40 x 30; "),
        ({"mask": LEFT, "style_mask": LEFT}, "array is 40 x 30 pixels, and style 1 is 24 x 24; "),
    ],
)
def test_a_mask_has_the_shape_of_its_picture(settings: Any, message: str) -> None:
    with pytest.raises(PictureError, match=f"^{message}"):
        read_pictures(Config(size=32, **settings), PHOTO, PAINTING)


def test_a_mask_may_be_of_another_size_and_is_right_before_a_crop() -> None:
    tall = np.full((101, 134), 255, np.uint8)  # 40 x 30 by 3.35, rounded
    for fit in ("longest", "crop"):
        read_pictures(Config(size=32, fit=fit, mask=tall, content_strength=LEFT), PHOTO, PAINTING)


def test_edges_are_feathered_of_the_photos_masks_alone() -> None:
    masks = masks_of(Config(mask=LEFT, style_mask=LEFT, feather=20), 1)
    (region,) = masks.regions
    photo, style = region.mask, region.styles[0]
    assert len(np.unique(photo.rgb)) > 4 and np.unique(style.rgb).tolist() == [0, 255]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mask": ("a.png", 3)}, "mask is 3; give FILE"),
        ({"mask": None}, "mask is None; give FILE"),
        ({"style_mask": ""}, "style_mask is ''; give FILE"),
        ({"content_strength": True}, "content_strength is True; give FILE"),
        ({"feather": 60.0, "mask": "a.png"}, "feather is 60.0; choose a number from 0.0 to 50.0"),
        ({"feather": 1.0}, "feather is only used with masks; set mask, too, or leave feather out"),
    ],
)
def test_what_is_no_setting_of_masks(settings: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}$"):
        Config(**settings)


def test_settings_of_masks_are_values() -> None:
    assert Config(mask="a.png") == Config(mask=["a.png"]) != Config(mask="b.png")  # type: ignore[arg-type]
    assert len({Config(mask="a.png"), Config(mask=("a.png",))}) == 1  # type: ignore[arg-type]
    assert Config(style_mask=[None, "a.png"]).style_mask == ("none", "a.png")  # type: ignore[arg-type]
    one = Config(mask=LEFT)
    assert one == one.replace(size=512) and hash(one) == hash(one.replace(size=512))
