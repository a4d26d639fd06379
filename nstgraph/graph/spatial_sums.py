"""Sums over the positions of feature maps, in the network's precision where that is exact enough, each built once."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import LossError, TilingError
from nstgraph.graph.locality import Locality
from nstgraph.graph.view import View
from nstgraph.tensor_ancestry import ancestors

__all__ = ["SpatialSums", "Statistic", "channel_sums", "gram", "inside", "position_count", "uncast"]

#: Parts of a low-precision Gram product: more make it more exact, and slower from about 64 on.
_PARTS = 32


@dataclass(frozen=True)
class Statistic:
    """A sum over the positions of a picture: its value is the sum of its values over the picture's tiles.

    Attributes:
        kind: what is computed: ``sum``, ``gram`` or ``positions``.
        tensor: the sum.
        summand: what is summed, [1, height, width, channels].
        views: the pictures whose positions are summed; ``generated`` and ``content`` are one, having the same size.
    """

    kind: str
    tensor: Any
    summand: Any
    views: tuple[View, ...]


class SpatialSums:
    """The spatial sums of a graph, by what is summed: terms that ask for the same one share it.

    Args:
        building: enters the graph, to add to it.
        views: gives the graph's views as they are by then.

    Attributes:
        built: every one so far.
        names: of their tensors.
    """

    def __init__(
        self, building: Callable[[], AbstractContextManager[None]], views: Callable[[], tuple[View, ...]]
    ) -> None:
        self._building = building
        self._views = views
        self.built: list[Statistic] = []
        self.names: set[str] = set()
        self._tensors: dict[tuple[str, str], Any] = {}
        self._insides: dict[str, Any] = {}

    def get(self, kind: str, x: Any, locality: Locality) -> Any:
        """The tensor of a sum, one of ``_KINDS``, over the positions of ``x``.

        Raises:
            LossError: it is of no known shape, has no positions, or is made from no picture.
        """
        if (kind, x.name) not in self._tensors:
            if x.shape.rank is None:
                raise LossError(f"{x.name} has no known shape; call set_shape on what tf.numpy_function gave")
            if x.shape.rank != 4:
                raise LossError(f"spatial sums take [1, height, width, channels], not {x.shape}; reshape {x.name}")
            sources = ancestors(x, stop=[statistic.tensor for statistic in self.built])
            views = tuple(view for view in self._views() if view.image.name in sources)
            if not views:
                raise LossError(f"{x.name} is made from no picture, so it has no positions to sum over")
            with self._building(), tf.name_scope(f"statistics/{kind}"):
                if x.name not in self._insides:
                    self._insides[x.name] = inside(uncast(x), views, locality)
                tensor = tf.identity(_KINDS[kind](self._insides[x.name]), "value")
            self._tensors[kind, x.name] = tensor
            self.names.add(tensor.name)
            self.built.append(Statistic(kind, tensor, x, views))
        return self._tensors[kind, x.name]


def inside(x: Any, views: Sequence[View], locality: Locality) -> Any:
    """The part of ``x`` inside the views' interior. TensorFlow forwards a slice of everything without a copy."""
    if len({view.interior.name for view in views}) != 1:
        return x
    try:
        stride = locality.field(x).stride
    except TilingError:  # raised once more when tiles are asked for
        return x
    box, size = views[0].interior, tf.shape(x)[1:3]
    begin = tf.minimum(size, box[:2] // stride)
    # x may be short of a row or column, as a difference of neighbours is.
    end = tf.where(box[2:] < 0, size, tf.maximum(begin, tf.minimum(size, -(-box[2:] // stride))))
    part = tf.slice(x, [0, begin[0], begin[1], 0], [1, end[0] - begin[0], end[1] - begin[1], -1])
    return tf.ensure_shape(part, [1, None, None, x.shape[-1]])


def uncast(x: Any) -> Any:
    """Feature maps in the network's precision, of which ``x`` is the float32 view; other tensors as they are."""
    widened = x.op.type == "Cast" and x.dtype == tf.float32 and x.op.inputs[0].dtype in (tf.bfloat16, tf.float16)
    return x.op.inputs[0] if widened else x


def position_count(x: Any) -> Any:
    """Number of positions, height · width, of feature maps [1, height, width, channels], as a float."""
    return tf.cast(tf.reduce_prod(tf.shape(x)[1:3]), tf.float32)


def channel_sums(x: Any) -> Any:
    """Sums of feature maps [1, height, width, channels] over positions: [channels], float32."""
    if x.dtype not in (tf.float32, tf.bfloat16):  # TensorFlow adds up float16 in float16, and bytes in bytes
        return tf.reduce_sum(tf.cast(x, tf.float32), [0, 1, 2])
    # Row by row first: bfloat16 is added up in float32 but returned as bfloat16, so only short sums may be rounded.
    return tf.reduce_sum(tf.cast(tf.reduce_sum(x, 2), tf.float32), [0, 1])


def gram(x: Any) -> Any:
    """FᵀF of feature maps [1, height, width, channels], F being [height · width, channels]: [channels, channels]."""
    flat = tf.reshape(x, [-1, x.shape[-1]])
    # float16 has too small a range for sums of squares.
    factor = tf.cast(flat, tf.float32) if flat.dtype == tf.float16 else flat
    product = _product(factor)
    with flat.graph.gradient_override_map({"IdentityN": _gradient()}):
        return tf.identity_n([product, factor])[0]


_registering = threading.Lock()


def _gradient() -> str:
    """Name of the gradient of FᵀF, which is registered with TensorFlow when it is first needed."""
    with _registering:
        return _register()


@functools.cache
def _register() -> str:
    # `tf.custom_gradient` would register another one for every matrix, and with it keep the whole graph for good.
    @tf.RegisterGradient("NstgraphGram")  # type: ignore[untyped-decorator]
    def gradient(op: Any, dy: Any, _: Any) -> tuple[None, Any]:
        # One product instead of the two that automatic differentiation makes of FᵀF.
        factor = op.inputs[1]
        return None, tf.matmul(factor, tf.cast(dy + tf.transpose(dy), factor.dtype))

    return "NstgraphGram"


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


#: What is computed, by kind.
_KINDS: Mapping[str, Callable[[Any], Any]] = {"sum": channel_sums, "gram": gram, "positions": position_count}
