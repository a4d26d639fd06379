"""The masks of a run, from its settings: which region is painted with which part of which style."""

from __future__ import annotations

from collections.abc import Sequence, Sized

from nstgraph.config import Config
from nstgraph.errors import ConfigError, PictureError
from nstgraph.graph.masks import Masks, Region
from nstgraph.pictures.drawn_mask import DrawnMask, alike, feathered, grey_mask, in_hex, read_mask
from nstgraph.pictures.fit import Size
from nstgraph.pictures.load import Source, load
from nstgraph.pictures.picture import Picture
from nstgraph.pictures.wrapping import wraps_of
from nstgraph.settings.masks import NO_MASK

__all__ = ["check_beside", "masks_of"]


def masks_of(config: Config, styles: int) -> Masks:
    """Read the masks that the settings name.

    Args:
        config: the settings.
        styles: how many style images there are.

    Raises:
        PictureError: a mask cannot be read, or is not what a mask is.
        ConfigError: masks and styles do not go together.
    """
    read = [load(source) for source in config.mask]
    of_style = [None if _is_none(source) else load(source) for source in config.style_mask]
    strong = None if config.content_strength is None else load(config.content_strength)
    masks = [read_mask(picture) for picture in read]
    of_styles = [None if picture is None else read_mask(picture) for picture in of_style]
    wraps = wraps_of(config.padding)
    regions = tuple(
        Region(None if region.mask is None else feathered(_picture(region.mask), config.feather, wraps), region.styles)
        for region in _regions(masks, of_styles, styles)
    )
    records = tuple(picture.record for picture in (*read, *of_style, strong) if picture is not None)
    return Masks(regions, None if strong is None else grey_mask(strong), records)


def _is_none(source: Source) -> bool:
    return isinstance(source, str) and source == NO_MASK


def check_beside(masks: Masks, photo: Size, styles: Sequence[Size]) -> None:
    """Raise PictureError for a mask that has not the aspect of its picture; sizes are those before any crop."""
    pairs = [(region.mask, photo, "the photo") for region in masks.regions]
    pairs += [(mask, styles[i], f"style {i + 1}") for region in masks.regions for i, mask in region.styles.items()]
    pairs.append((masks.content_strength, photo, "the photo"))
    for mask, (height, width), what in pairs:
        if mask is None:
            continue
        rows, columns = _picture(mask).size
        if min(abs(rows - height * columns / width), abs(columns - width * rows / height)) > 1:
            raise PictureError(
                f"{_picture(mask).name} is {columns} x {rows} pixels, and {what} is {width} x {height}; give a mask of "
                "the same size, or of the same shape"
            )


def _picture(mask: Source) -> Picture:
    assert isinstance(mask, Picture)
    return mask


def _regions(masks: list[DrawnMask], of_styles: list[DrawnMask | None], styles: int) -> list[Region]:
    for mask in masks:
        if mask.colors and len(masks) > 1:
            raise ConfigError(
                f"{mask.name} is a map of regions, and {len(masks)} masks are given; give the map alone, or grey masks"
            )
        if mask.colors:
            return _regions_of_map(mask, of_styles, styles)
    for own in of_styles:
        if own is not None and own.colors:
            raise ConfigError(
                f"the style mask {own.name} is a map of regions; give a map of the photo as mask, too, or a grey one"
            )
    greys = [mask.grey for mask in masks]
    own_greys = [None if own is None else own.grey for own in of_styles]
    return _together(greys, own_greys, styles) if len(greys) < 2 else _one_each(greys, own_greys, styles)


def _together(masks: list[Picture | None], of_styles: list[Picture | None], styles: int) -> list[Region]:
    """One region, or all of the picture, in which all styles are blended."""
    if not masks and not of_styles:
        return []
    if len(of_styles) not in (0, styles):
        raise ConfigError(f"{_count(of_styles, 'style mask')} for {_many(styles, 'style')}; {_EACH}")
    return [Region(masks[0] if masks else None, dict(enumerate(of_styles or [None] * styles)))]


def _one_each(masks: list[Picture | None], of_styles: list[Picture | None], styles: int) -> list[Region]:
    """Regions, each with a style of its own, or all with the only one."""
    count = len(masks)
    if styles not in (1, count):
        raise ConfigError(
            f"{_count(masks, 'mask')} for {_many(styles, 'style')}; give one for each, or one for all together"
        )
    if len(of_styles) not in ((0, 1, count) if styles == 1 else (0, count)):
        raise ConfigError(f"{_count(of_styles, 'style mask')} for {_count(masks, 'mask')}; {_EACH}")
    own = of_styles * count if len(of_styles) == 1 else of_styles or [None] * count
    return [Region(mask, {i if styles > 1 else 0: own[i]}) for i, mask in enumerate(masks)]


def _regions_of_map(mask: DrawnMask, of_styles: list[DrawnMask | None], styles: int) -> list[Region]:
    """The regions of a map, each with the styles that have its colour, or in the order from dark to light."""
    colors = ", ".join(map(in_hex, mask.colors))
    if not of_styles:
        if styles not in (1, len(mask.colors)):
            raise ConfigError(
                f"{mask.name} has {_count(mask.colors, 'colour')} ({colors}) for {_many(styles, 'style')}; give a "
                "style for each colour, one for all, or a map of each style as style mask"
            )
        return [Region(part, {i if styles > 1 else 0: None}) for i, part in enumerate(mask.colors.values())]
    if len(of_styles) != styles:
        raise ConfigError(f"{_count(of_styles, 'style mask')} for {_many(styles, 'style')}; give a map of each style")
    regions = []
    for color, part in mask.colors.items():
        own = {i: region for i, other in enumerate(of_styles) for region in _of_color(color, other, mask)}
        if not own:
            raise ConfigError(f"no style mask has the colour {in_hex(color)} of {mask.name}; give a style that colour")
        regions.append(Region(part, own))
    return regions


def _of_color(color: tuple[int, int, int], of_style: DrawnMask | None, mask: DrawnMask) -> list[Picture]:
    """The part of a style that has a colour, if there is one."""
    if of_style is None or not of_style.colors:
        name = NO_MASK if of_style is None else of_style.name
        raise ConfigError(
            f"{mask.name} is a map of regions, and the style mask {name} is none; give a map of each style"
        )
    return [region for other, region in of_style.colors.items() if alike(color, other)][:1]


#: What to do where style masks are too many or too few.
_EACH = f"give one for each ({NO_MASK} leaves one out)"


def _count(items: Sized, what: str) -> str:
    return _many(len(items), what)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
