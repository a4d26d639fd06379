"""Stay near another picture where it is known to be right, as near the frame before in a moving picture."""

from __future__ import annotations

from typing import Any

from nstgraph import Source, StyleGraph, loss_term, tf


@loss_term
def temporal(g: StyleGraph, warped: Source | None = None, weights: Source | None = None, unit: float = 58.0) -> Any:
    """Stay near a picture: mean of c (x - w)^2 over pixels and channels, for a picture w and its weights c.

    Ruder, Dosovitskiy & Brox, "Artistic style transfer for videos" (2016), equation 7, in which w is the result of the
    frame before, moved as the frame's objects have moved, and c is 0 where something has come into sight or moves
    differently from what is beside it. nstgraph video gives both anew for every frame.

    warped: w (default: the content image).
    weights: c, a grey picture, white where w counts (default: everywhere).
    unit: grey levels that count as 1.
    """
    image, beside = g.generated.image, g.generated
    near = g.content.image if warped is None else g.picture(warped, beside=beside).image
    squares = tf.square((image - near) / unit)
    if weights is not None:
        squares *= g.picture(weights, beside=beside).image[..., :1] / 255.0
    return g.mean(squares)
