"""Keep the photo's structure: Laplacian-steered style transfer."""

from __future__ import annotations

from typing import Any

import numpy as np

from nstgraph import LossError, StyleGraph, loss_term, tf

_LARGEST = 1024
_KERNEL = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)


@loss_term
def laplacian(g: StyleGraph, pools: tuple[int, ...] = (4, 16), unit: float = 58.0) -> Any:
    """Keep the content image's edges: the Laplacian of the pooled picture stays what it is in the photo.

    Li, Xu, Nie & Chua, "Laplacian-Steered Neural Style Transfer" (2017), equations 4 and 5; here a mean over positions
    instead of the sum, and over the pool sizes.

    pools: sizes of the average pools before the Laplacian, in pixels, powers of two up to 1024; larger ones
        keep coarser edges.
    unit: grey levels that count as 1.
    """
    if not pools or any(not 1 <= pool <= _LARGEST or pool & (pool - 1) for pool in pools):
        raise LossError(f"laplacian:pools takes powers of two up to {_LARGEST}, not {'+'.join(map(str, pools))}")
    differences = (_laplacian((g.generated.image - g.content.image) / unit, pool) for pool in pools)
    return sum(g.mean(tf.square(difference)) for difference in differences) / len(pools)


def _laplacian(image: Any, pool: int) -> Any:
    """Laplacian of an image after an average pool; linear, so that of a difference is the difference of two."""
    for _ in range(pool.bit_length() - 1):
        image = tf.nn.avg_pool2d(image, 2, 2, "SAME")
    padded = tf.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
    kernel = tf.constant(np.repeat(_KERNEL[:, :, None, None], 3, axis=2))
    return tf.nn.depthwise_conv2d(padded, kernel, [1, 1, 1, 1], "VALID")
