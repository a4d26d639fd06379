"""How fast this machine multiplies matrices, and in which precision a network is best computed here."""

from __future__ import annotations

import functools
import time
from typing import Any

from nstgraph._tf import tf

__all__ = ["Product", "native_precision"]

#: bfloat16 that is not much faster than float32 is emulated, or not worth its rounding.
_WORTH = 1.3


class Product:
    """A square matrix product in a session of its own: the machine's yardstick.

    Args:
        precision: ``"float32"``, ``"bfloat16"`` or ``"float16"``.
        side: rows and columns.
    """

    def __init__(self, precision: str = "float32", side: int = 4096) -> None:
        self.gflop = 2 * side**3 / 1e9
        with tf.Graph().as_default() as graph:
            values = tf.cast(tf.random.stateless_uniform([side, side], [1, 2]), precision)
            factor = tf.Variable(values, use_resource=True)
            product = tf.matmul(factor, factor).op
            self._session = tf.Session(graph=graph)
            self._session.run(factor.initializer)
            self._call: Any = self._session.make_callable(product)
        self()

    def __call__(self) -> float:
        """Multiply once; returns GFLOP/s."""
        started = time.perf_counter()
        self._call()
        return self.gflop / (time.perf_counter() - started)

    def __enter__(self) -> Product:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()


@functools.cache
def native_precision() -> str:
    """``"bfloat16"`` if a product in it is much faster here than in float32, else ``"float32"``; measured once."""
    with Product("float32", 1024) as single, Product("bfloat16", 1024) as low:
        rates = [(single(), low()) for _ in range(5)]
    fastest = [max(rate) for rate in zip(*rates, strict=True)]
    return "bfloat16" if fastest[1] > _WORTH * fastest[0] else "float32"
