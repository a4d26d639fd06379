"""The style graph: pictures as views, features by layer, and the only sums over positions.

Names that callers may rely on: placeholders ``content:0`` and ``style:0`` (``style_1:0``, ... for more), trainable
variable ``generated``, its value ``generated_image:0``, feature maps ``features/<picture>/<layer>:0``, weight variables
``vgg/<layer>/kernel`` and ``vgg/<layer>/bias``; an `Objective` adds ``loss/<term>:0``, ``loss/total:0``,
``weight/<term>:0`` and ``gradient:0``. Every picture is [1, height, width, 3], float32, RGB, 0..255, of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError, TilingError
from nstgraph.reach import reach
from nstgraph.vgg import Vgg, check_layer
from nstgraph.walk import ancestors
from nstgraph.weights import Weights

__all__ = ["Statistic", "StyleGraph", "View"]

_PICTURE = (1, None, None, 3)

#: Parts of a low-precision Gram product: more make it more exact, and slower from about 64 on.
_PARTS = 32


class View:
    """One picture as the graph sees it: ``view.image``, and ``view["conv3_1"]``, built when first asked for.

    Attributes:
        name: ``content``, ``generated``, ``style``, ``style_1``, ...
        image: [1, height, width, 3], RGB, 0..255.
        interior: [4] int32, top, left, bottom, right of the part that spatial sums count, in pixels; a negative
            bottom or right is the picture's edge. The whole picture unless it is fed, which is how tiles are computed.
        maps: the feature maps built so far, by layer; ``view["image"]`` is the picture itself.
        network_maps: those of all layers up to the deepest one asked for, in the network's precision.
    """

    def __init__(self, name: str, image: Any, interior: Any, network: Vgg) -> None:
        self.name = name
        self.image = image
        self.interior = interior
        self._network = network
        self.maps: dict[str, Any] = {"image": image}
        self.network_maps: dict[str, Any] = {}

    def __getitem__(self, layer: str) -> Any:
        """Feature maps of a layer, after its ReLU: [1, height / stride, width / stride, channels], at least 0, float32.

        Raises:
            LossError: there is no such layer.
            WeightsError: the weights file lacks a convolution that the layer needs.
        """
        if layer not in self.maps:
            maps = self._in_network(check_layer(layer))
            with tf.name_scope(f"features/{self.name}/"):
                self.maps[layer] = tf.cast(maps, tf.float32, layer)
        return self.maps[layer]

    def _in_network(self, layer: str) -> Any:
        """Feature maps in the network's precision."""
        if layer not in self.network_maps:
            below = self._network.below(layer)
            maps = self._network.prepare(self.image) if below is None else self._in_network(below)
            name = layer if self._network.dtype == tf.float32 else f"{layer}/{self._network.dtype.name}"
            with tf.name_scope(f"features/{self.name}/"):
                self.network_maps[layer] = self._network.apply(layer, maps, name)
        return self.network_maps[layer]


@dataclass(frozen=True)
class Statistic:
    """A sum over the positions of a picture: its value is the sum of its values over the picture's tiles.

    Attributes:
        tensor: the sum.
        summand: what is summed, [1, height, width, channels].
        views: the pictures whose positions are summed; ``generated`` and ``content`` are one, having the same size.
    """

    tensor: Any
    summand: Any
    views: tuple[View, ...]


class StyleGraph:
    """An explicit graph in its own ``tf.Graph``; the process's default graph and eager mode are left alone.

    Args:
        weights: the network's weights.
        styles: how many style images there are.
        pooling, padding, precision: see `Vgg`.

    Attributes:
        graph: the ``tf.Graph``.
        content, generated, styles: the views; ``style`` is the first of ``styles``.
        variable: the trainable variable ``generated``, which holds the current image.
        statistics: every spatial sum built so far.
    """

    def __init__(
        self,
        weights: Weights,
        *,
        styles: int = 1,
        pooling: str = "average",
        padding: str = "reflect",
        precision: str = "float32",
    ) -> None:
        self.graph = tf.Graph()
        self.network = Vgg(weights, pooling, padding, precision)
        self.statistics: list[Statistic] = []
        self._sums: dict[tuple[str, str], Any] = {}
        self._insides: dict[str, Any] = {}
        with self.graph.as_default():
            content = tf.placeholder(tf.float32, _PICTURE, "content")
            pictures = [tf.placeholder(tf.float32, _PICTURE, f"style_{i}" if i else "style") for i in range(styles)]
            self.variable = tf.Variable(
                tf.zeros([1, 1, 1, 3]), trainable=True, name="generated", use_resource=True, shape=_PICTURE
            )
            generated = tf.identity(self.variable, "generated_image")
            # Content and generated image have the same size and are tiled alike: one interior serves both.
            shared = _interior("generated_interior")
            self.content = View("content", content, shared, self.network)
            self.generated = View("generated", generated, shared, self.network)
            self.styles = tuple(
                View(picture.op.name, picture, _interior(f"{picture.op.name}_interior"), self.network)
                for picture in pictures
            )

    @property
    def style(self) -> View:
        """The view of the first style image."""
        return self.styles[0]

    @property
    def views(self) -> tuple[View, ...]:
        """All views: generated, content, then the styles."""
        return (self.generated, self.content, *self.styles)

    def sum(self, x: Any, *, per_channel: bool = False) -> Any:
        """Sum of ``x``, [1, height, width, channels], over positions and channels, or [channels] if ``per_channel``."""
        sums = self._statistic("sum", x, _sum)
        return sums if per_channel else tf.reduce_sum(sums)

    def mean(self, x: Any, *, per_channel: bool = False) -> Any:
        """Mean of ``x`` [1, height, width, channels] over positions and channels, or [channels] if ``per_channel``."""
        means = self.sum(x, per_channel=True) / self.positions(x)
        return means if per_channel else tf.reduce_mean(means)

    def gram(self, x: Any) -> Any:
        """Gram matrix FᵀF of feature maps [1, height, width, channels], not normalised: [channels, channels].

        Gatys, Ecker & Bethge, "Image Style Transfer Using Convolutional Neural Networks" (2016), equation 3.
        Divided by ``positions(x)`` it does not depend on the picture's size.
        """
        return self._statistic("gram", x, _gram)

    def positions(self, x: Any) -> Any:
        """Number of positions, height · width, of feature maps ``x``, as a float."""
        return self._statistic("positions", x, lambda part: tf.cast(tf.reduce_prod(tf.shape(part)[1:3]), tf.float32))

    def style_mean(self, target: Callable[[View], Any], blend: Sequence[float] = ()) -> Any:
        """Mean of ``target(view)`` over the style images, weighted by ``blend`` (default: all alike).

        Raises:
            LossError: ``blend`` has another length than there are style images, or does not sum to more than 0.
        """
        shares = tuple(blend) or (1.0,) * len(self.styles)
        if len(shares) != len(self.styles) or sum(shares) <= 0 or min(shares) < 0:
            raise LossError(f"blend {'+'.join(map(str, shares))} needs {len(self.styles)} shares, one a style image")
        return sum(share / sum(shares) * target(view) for share, view in zip(shares, self.styles, strict=True))

    def _statistic(self, kind: str, x: Any, reduce: Callable[[Any], Any]) -> Any:
        # Terms that ask for the same sum share it: two terms on one layer compute its Gram matrix once.
        if (kind, x.name) not in self._sums:
            if x.shape.rank != 4:
                raise LossError(f"spatial sums take [1, height, width, channels], not {x.shape}; reshape {x.name}")
            sums = [statistic.tensor for statistic in self.statistics]
            sources = ancestors(x, stop=sums)
            views = tuple(view for view in self.views if view.image.name in sources)
            if not views:
                raise LossError(f"{x.name} is made from no picture, so it has no positions to sum over")
            with tf.name_scope(f"statistics/{kind}"):
                if x.name not in self._insides:
                    self._insides[x.name] = _inside(_uncast(x), views, sums)
                tensor = tf.identity(reduce(self._insides[x.name]), "value")
            self._sums[kind, x.name] = tensor
            self.statistics.append(Statistic(tensor, x, views))
        return self._sums[kind, x.name]


def _interior(name: str) -> Any:
    return tf.placeholder_with_default(tf.constant([0, 0, -1, -1]), [4], name)


def _inside(x: Any, views: tuple[View, ...], sums: list[Any]) -> Any:
    """The part of ``x`` inside the views' interior. TensorFlow forwards a slice of everything without a copy."""
    if len({view.interior.name for view in views}) != 1:
        return x
    try:
        stride = max(reach(x, view.image, sums).stride for view in views)
    except TilingError:  # it cannot be tiled, and is told so when tiling is asked for
        return x
    box, size = views[0].interior, tf.shape(x)[1:3]
    begin = tf.minimum(size, box[:2] // stride)
    # x may be short of a row or column, as a difference of neighbours is.
    end = tf.where(box[2:] < 0, size, tf.maximum(begin, tf.minimum(size, -(-box[2:] // stride))))
    inside = tf.slice(x, [0, begin[0], begin[1], 0], [1, end[0] - begin[0], end[1] - begin[1], -1])
    return tf.ensure_shape(inside, [1, None, None, x.shape[-1]])


def _uncast(x: Any) -> Any:
    """Feature maps in the network's precision, of which ``x`` is the float32 view; other tensors as they are."""
    widened = x.op.type == "Cast" and x.dtype == tf.float32 and x.op.inputs[0].dtype in (tf.bfloat16, tf.float16)
    return x.op.inputs[0] if widened else x


def _sum(x: Any) -> Any:
    if x.dtype == tf.float16:  # which TensorFlow adds up in float16
        return tf.reduce_sum(tf.cast(x, tf.float32), [0, 1, 2])
    # Row by row first: bfloat16 is added up in float32 but returned as bfloat16, so only short sums may be rounded.
    return tf.reduce_sum(tf.cast(tf.reduce_sum(x, 2), tf.float32), [0, 1])


def _gram(x: Any) -> Any:
    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def product(flat: Any) -> Any:
        # float16 has too small a range for sums of squares.
        factor = tf.cast(flat, tf.float32) if flat.dtype == tf.float16 else flat

        def gradient(dy: Any) -> Any:
            # One product instead of the two that automatic differentiation makes of FᵀF.
            return tf.cast(tf.matmul(factor, tf.cast(dy + tf.transpose(dy), factor.dtype)), flat.dtype)

        return _product(factor), gradient

    return product(tf.reshape(x, [-1, x.shape[-1]]))


def _product(flat: Any) -> Any:
    """FᵀF in float32."""
    if flat.dtype == tf.float32:
        return tf.matmul(flat, flat, transpose_a=True)
    # TensorFlow rounds a low-precision product to the type of its factors: adding up parts averages that out.
    length = tf.shape(flat)[0] // _PARTS
    parts = tf.reshape(flat[: length * _PARTS], [_PARTS, length, flat.shape[1]])
    rest = flat[length * _PARTS :]
    product = tf.cast(tf.matmul(parts, parts, transpose_a=True), tf.float32)
    return tf.reduce_sum(product, 0) + tf.cast(tf.matmul(rest, rest, transpose_a=True), tf.float32)
