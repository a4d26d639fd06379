"""How the generated image is compared with photo and styles: each region with its own, blended or one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from nstgraph._tf import tf
from nstgraph.errors import ConfigError, LossError, PictureError
from nstgraph.graph.masks import Masks, Region
from nstgraph.graph.part import Part, masked, stride_of
from nstgraph.graph.view import View
from nstgraph.messages import shown
from nstgraph.pictures.fit import Size
from nstgraph.pictures.load import Source
from nstgraph.settings.loss import BLENDINGS

if TYPE_CHECKING:
    from nstgraph.graph.style_graph import StyleGraph

__all__ = ["Distance", "StyleMatching", "Target", "weighted_mean"]

#: Gives for a statistic, which is a function of a part, the value that the styles have.
Target: TypeAlias = Callable[[Callable[[Part], Any]], Any]

#: Gives for a part of the generated image, and its target, how far they are from each other: a scalar tensor.
Distance: TypeAlias = Callable[[Part, Target], Any]


class StyleMatching:
    """Compares the generated image with the styles.

    Args:
        graph: the style graph, whose views are there.
        shares: of the style images; all alike if there are none.
        blending: one of ``BLENDINGS``.
        masks: whose regions are compared.

    Attributes:
        shares: one a style image, at least 0.
        used: whether anything has been compared.

    Raises:
        ConfigError: shares, blending or regions do not fit the style images.
    """

    def __init__(self, graph: StyleGraph, shares: Sequence[float], blending: str, masks: Masks) -> None:
        count = len(graph.styles)
        if blending not in BLENDINGS:
            raise ConfigError(f"blending is {shown(blending)}; choose from {', '.join(BLENDINGS)}")
        if _is_wrong(shares, count):
            raise ConfigError(f"{_text(shares)} are no shares of {count} style images; give one each, some above 0")
        for region in masks.regions:
            if not set(region.styles) <= set(range(count)):
                raise ConfigError(f"a region names styles {list(region.styles)}, and there are {count}, from 0")
        self._graph = graph
        self._blending = blending
        self._masks = masks
        self._strength_used = False
        self._regions = masks.regions or (Region(),)
        self._parts: dict[tuple[str, str], Part] = {}
        self.shares = tuple(shares) or (1.0,) * count
        self.used = False

    def value(self, distance: Distance, blend: Sequence[float] = ()) -> Any:
        """Sum over the regions of the distances from their styles; see `StyleGraph.match_styles`."""
        shares, self.used = self._checked(blend), True
        with self._graph.graph.as_default():
            values = [self._value(region, distance, shares) for region in self._regions]
            return values[0] if len(values) == 1 else sum(values)

    def mean(self, target: Callable[[View], Any], blend: Sequence[float] = ()) -> Any:
        """Weighted mean of ``target(view)`` over the style images; see `StyleGraph.style_mean`."""
        return weighted_mean(target, list(zip(self._checked(blend), self._graph.styles, strict=True)))

    def beyond_photo(self, maps: Callable[[View], list[Any]]) -> list[Any]:
        """See `StyleGraph.beyond_photo`."""
        masks = [region.mask for region in self._regions if region.mask is not None]
        generated = maps(self._graph.generated)
        if len(masks) < len(self._regions):
            return generated
        photo = maps(self._graph.content)
        views = [self._graph.picture(mask, self._graph.generated) for mask in masks]
        with self._graph.graph.as_default():
            return [
                x - _unpainted(views, x, stride_of(self._graph, x)) * y for x, y in zip(generated, photo, strict=True)
            ]

    def by_content_strength(self, x: Any) -> Any:
        """See `StyleGraph.by_content_strength`."""
        strength = self._masks.content_strength
        if strength is None:
            return x
        self._strength_used = True
        return masked(self._graph, x, self._graph.picture(strength, beside=self._graph.content))

    def check_used(self) -> None:
        """See `StyleGraph.check_masks_used`."""
        if self._masks.regions and not self.used:
            raise LossError(
                "there are masks, and no term of the loss takes a style within them; leave them out, or add a term "
                "such as style"
            )
        if self._masks.content_strength is not None and not self._strength_used:
            raise LossError("there is a content_strength, and the loss has no term content; leave it out, or add one")

    def check_sizes(self, sizes: Sequence[Size]) -> None:
        """See `StyleGraph.check_masks`; sizes of the generated image, then of the styles."""
        views = (self._graph.generated, *self._graph.styles)
        of = {view.name: size for view, size in zip(views, sizes, strict=True)}
        for own in self._graph.pictures:
            part = self._parts.get((own.beside.name, own.view.name))
            if part is None:
                continue
            height, width = of[own.beside.name]
            left = float(own.picture.rgb[..., 0].mean()) / 255 * height * width / part.deepest**2
            if left < 1:
                raise PictureError(
                    f"{own.picture.name} leaves {left:.2g} positions of the deepest layer at the smallest size, "
                    f"{width} x {height}; make it larger there, or leave small sizes out by scales"
                )

    def _checked(self, blend: Sequence[float]) -> Sequence[float]:
        count = len(self.shares)
        if _is_wrong(blend, count):
            raise LossError(f"blend {_text(blend)} needs {count} shares, one a style image")
        return tuple(blend) or self.shares

    def _value(self, region: Region, distance: Distance, shares: Sequence[float]) -> Any:
        masks = region.styles or dict.fromkeys(range(len(shares)))
        styles = [(shares[i], self._part(self._graph.styles[i], mask)) for i, mask in sorted(masks.items())]
        total = sum(share for share, _ in styles)
        if total <= 0:
            raise LossError("all styles of a region have a weight of 0; raise one of style_weights, or of blend")
        generated = self._part(self._graph.generated, region.mask)
        if self._blending == "mean" or len(styles) == 1:
            value = distance(generated, lambda statistic: weighted_mean(statistic, styles))
        else:
            parts = [(share / total, part) for share, part in styles if share]
            value = sum(share * distance(generated, _alone(part)) for share, part in parts)
        return value if region.mask is None else generated.share * value

    def _part(self, view: View, mask: Source | None) -> Part:
        """A view within a mask, the same whenever it is asked for, so that its sums are."""
        beside = None if mask is None else self._graph.picture(mask, view)
        key = view.name, "" if beside is None else beside.name
        if key not in self._parts:
            self._parts[key] = Part(self._graph, view, beside)
        return self._parts[key]


def _unpainted(masks: Sequence[View], x: Any, stride: int) -> Any:
    """Share, 0..1, of each position of ``x`` that is in none of the masks."""
    left = 1.0 - tf.minimum(sum(mask.shrunk_by(stride) for mask in masks) / 255.0, 1.0)
    # A difference of neighbouring pixels is short of a row or column.
    return tf.slice(left, [0] * 4, tf.shape(x)) if x.shape[-1] == 3 else left[..., :1]


def weighted_mean(target: Callable[[Any], Any], styles: Sequence[tuple[float, Any]]) -> Any:
    """Mean of ``target`` over styles, each with its share."""
    total = sum(share for share, _ in styles)
    return sum(share / total * target(style) for share, style in styles)


def _alone(part: Part) -> Target:
    return lambda statistic: statistic(part)


def _is_wrong(shares: Sequence[float], count: int) -> bool:
    return bool(shares) and (len(shares) != count or sum(shares) <= 0 or min(shares) < 0)


def _text(shares: Sequence[float]) -> str:
    return "+".join(map(str, shares))
