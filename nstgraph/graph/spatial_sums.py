"""Sums over the positions of feature maps, in the network's precision where that is exact enough."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nstgraph._tf import tf
from nstgraph.errors import TilingError
from nstgraph.graph.locality import Locality
from nstgraph.graph.view import View

__all__ = ["Statistic", "channel_sums", "gram", "inside", "position_count", "uncast"]

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
