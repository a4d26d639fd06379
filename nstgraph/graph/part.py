"""A picture as terms compare it with others: the whole of it, or what of it lies within a mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nstgraph._tf import tf
from nstgraph.errors import LossError, TilingError
from nstgraph.graph.spatial_sums import uncast
from nstgraph.graph.view import View

if TYPE_CHECKING:
    from nstgraph.graph.style_graph import StyleGraph

__all__ = ["Part", "masked", "stride_of"]

#: Least sum of a mask, in positions, as a divisor: nothing at all has statistics of zero.
_LEAST = 1e-6


class Part:
    """A view, and sums over those of its positions that count.

    Within a mask, sums are those of a picture that consists of the masked part alone, and has as many positions as the
    whole: each position counts by its mask, from 0 to 1, and all of them together as the whole does. A mean, or a Gram
    matrix divided by positions, is so normalised by the mask's own area (Gatys et al., "Controlling Perceptual Factors
    in Neural Style Transfer" (2017), section 4.1, equations 4 and 5). Without a mask they are the graph's own sums.

    Args:
        graph: the style graph.
        view: the picture.
        mask: a grey picture beside it, white where it counts; None for all of it.
    """

    def __init__(self, graph: StyleGraph, view: View, mask: View | None = None) -> None:
        self._graph = graph
        self._view = view
        self._mask = mask
        self._factors: dict[tuple[int, bool], Any] = {}
        self._products: dict[tuple[str, bool], Any] = {}

    @property
    def image(self) -> Any:
        """The picture itself, all of it: [1, height, width, 3], RGB, 0..255."""
        return self._view.image

    @property
    def name(self) -> str:
        """That of the view."""
        return self._view.name

    def __getitem__(self, layer: str) -> Any:
        """Feature maps of a layer, at all positions; see `View`."""
        return self._view[layer]

    def sum(self, x: Any) -> Any:
        """Sums of ``x``, [1, height, width, channels], over positions: [channels].

        Args:
            x: made from this part's picture by local operations.

        Raises:
            LossError: within a mask, it is not known on which pixels a position of ``x`` lies.
        """
        if self._mask is None:
            return self._graph.sum(x, per_channel=True)
        return self._filled(self._graph.sum(self._product(x, root=False), per_channel=True), x)

    def mean(self, x: Any) -> Any:
        """Means of ``x``, [1, height, width, channels], over positions: [channels]; see `sum`."""
        if self._mask is None:
            return self._graph.mean(x, per_channel=True)
        with self._graph.graph.as_default():
            return self._graph.sum(self._product(x, root=False), per_channel=True) / self._area(x)

    def gram(self, x: Any) -> Any:
        """Gram matrix FᵀF of feature maps [1, height, width, channels], not normalised: [channels, channels]."""
        if self._mask is None:
            return self._graph.gram(x)
        return self._filled(self._graph.gram(self._product(x, root=True)), x)

    def positions(self, x: Any) -> Any:
        """Number of positions, height · width, of feature maps ``x``, as a float; that of the whole in any case."""
        return self._graph.positions(x)

    @property
    def share(self) -> Any:
        """Share of the picture's area, 0..1, as a scalar tensor; 1 for all of it."""
        if self._mask is None:
            return 1.0
        with self._graph.graph.as_default():
            return self._area(self.image) / self.positions(self.image)

    @property
    def deepest(self) -> int:
        """Pixels from one position to the next in the deepest maps that have been summed within the mask."""
        return max((stride for stride, _ in self._factors), default=1)

    def _filled(self, value: Any, x: Any) -> Any:
        """A sum over the mask, made larger as if the mask filled the picture."""
        with self._graph.graph.as_default():
            return value * (self.positions(x) / self._area(x))

    def _area(self, x: Any) -> Any:
        """The mask's sum, in positions of ``x``."""
        return tf.maximum(self._graph.sum(self._factor(stride_of(self._graph, x), root=False)), _LEAST)

    def _factor(self, stride: int, *, root: bool) -> Any:
        """The mask, 0..1, or its root, at positions so many pixels apart: [1, height, width, 1]."""
        if (stride, root) not in self._factors:
            if root:
                self._factors[stride, root] = _built(self._graph, lambda: tf.sqrt(self._factor(stride, root=False)))
            else:
                assert self._mask is not None
                self._factors[stride, root] = _built(self._graph, lambda: mask_at(self._mask, stride))
        return self._factors[stride, root]

    def _product(self, x: Any, *, root: bool) -> Any:
        """``x`` times the mask, in the network's precision; terms that ask for the same share it."""
        if (x.name, root) not in self._products:
            factor = self._factor(stride_of(self._graph, x), root=root)
            narrow = uncast(x)
            self._products[x.name, root] = _built(self._graph, lambda: narrow * tf.cast(factor, narrow.dtype))
        return self._products[x.name, root]


def masked(graph: StyleGraph, x: Any, mask: View) -> Any:
    """``x``, [1, height, width, channels], times a mask, 0..1, beside the picture that it is made from.

    Raises:
        LossError: it is not known on which pixels a position of ``x`` lies.
    """
    stride = stride_of(graph, x)
    with graph.graph.as_default():
        return x * mask_at(mask, stride)


def mask_at(mask: Any, stride: int) -> Any:
    """A grey picture as a mask, 0..1, at positions so many pixels apart: [1, height, width, 1]."""
    return mask.shrunk_by(stride)[..., :1] / 255.0


def stride_of(graph: StyleGraph, x: Any) -> int:
    """Pixels from one position of ``x`` to the next."""
    try:
        return graph.locality.field(x).stride
    except TilingError as error:
        raise LossError(f"within a mask, only local operations can be summed: {error}") from error


def _built(graph: StyleGraph, make: Callable[[], Any]) -> Any:
    with graph.building(), tf.name_scope("masked"):
        return make()
