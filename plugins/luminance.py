"""Keep the photo's greys, so that only colour and texture change."""

from __future__ import annotations

from typing import Any

from nstgraph import StyleGraph, loss_term, tf


@loss_term
def luminance(g: StyleGraph, power: float = 2.0, unit: float = 58.0) -> Any:
    """Keep the greyscale of the content image: mean |Y - Y*|^p, Y being the luma of ITU-R BT.601.

    power: p.
    unit: grey levels that count as 1.
    """
    grey = tf.image.rgb_to_grayscale
    difference = tf.abs(grey(g.generated.image) - grey(g.content.image)) / unit
    # The derivative of x^p at 0 is infinite for p < 1.
    return g.mean(difference**power if power >= 1 else (difference + 1e-4) ** power)
