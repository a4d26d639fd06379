"""How one frame has become another: optical flow, what it moves, and where it can be relied on.

Ruder, Dosovitskiy & Brox, "Artistic style transfer for videos" (2016), section 4.2, with the flow of Kroeger et al.,
"Fast Optical Flow using Dense Inverse Search" (2016), as OpenCV computes it.

Frames are [height, width, 3], uint8, sRGB; a flow is [height, width, 2], float32, in pixels to the right and down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nstgraph.arrays import Array
from nstgraph.video.libraries import cv2

__all__ = ["Motion", "motion", "optical_flow", "reliable", "warped"]

#: What the paper allows: of disagreement and of slope, relative to the flow's squared length, and in pixels squared.
_RELATIVE, _DISAGREEMENT, _SLOPE = 0.01, 0.5, 0.002

#: How far a pixel may be, in grey levels, from the one that it is followed to: what is farther is not the same.
_LIKE = 40.0


@dataclass(frozen=True, eq=False)
class Motion:
    """From one frame to a later one.

    Attributes:
        backward: flow from the later frame to the earlier one, by which `warped` moves pictures of the earlier one.
        weights: [height, width], float32, 1 where the later frame's pixels are found in the earlier one, else 0.
    """

    backward: Array
    weights: Array


def motion(earlier: Array, later: Array) -> Motion:
    """How one frame has become another of the same size.

    Pixels that the flow leads to others of unlike colours count as not found. The paper does not ask for that, but what
    comes and goes in one place has a flow of 0, which agrees with itself.

    Raises:
        ConfigError: OpenCV is not installed.
    """
    forward, backward = optical_flow(earlier, later), optical_flow(later, earlier)
    alike = np.abs(warped(earlier, backward).astype(np.float32) - later).mean(axis=-1) < _LIKE
    return Motion(backward, reliable(forward, backward) * alike)


def optical_flow(one: Array, other: Array) -> Array:
    """Where each pixel of a frame is found in another, relative to its own place.

    Raises:
        ConfigError: OpenCV is not installed.
    """
    library = cv2()
    search = library.DISOpticalFlow_create(library.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    greys = (library.cvtColor(np.ascontiguousarray(frame), library.COLOR_RGB2GRAY) for frame in (one, other))
    flow: Array = search.calc(*greys, None)
    return flow


def warped(picture: Array, flow: Array) -> Array:
    """A picture, [height, width] or [height, width, channels], seen through a flow, which leads to each pixel.

    Beyond the edges the picture goes on as its edge is. Its type is kept.
    """
    library = cv2()
    height, width = flow.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    moved: Array = library.remap(
        picture, columns + flow[..., 0], rows + flow[..., 1], library.INTER_CUBIC, borderMode=library.BORDER_REPLICATE
    )
    return moved


def reliable(forward: Array, backward: Array) -> Array:
    """Where a backward flow can be relied on, as 1, and where it cannot, as 0: [height, width], float32.

    It cannot where a pixel has come into sight, so that both flows disagree (equations 5 and 6 of the module's paper in
    its first version, where w is the forward flow seen through the backward one: |w + b|^2 > 0.01 (|w|^2 + |b|^2) +
    0.5), where it lies on the edge of what moves (|∇u|^2 + |∇v|^2 > 0.01 |b|^2 + 0.002), or beyond the frame.

    Args:
        forward: from the earlier frame to the later one.
        backward: from the later frame to the earlier one.
    """
    seen = warped(forward, backward)
    agreed = _squared(seen + backward) <= _RELATIVE * (_squared(seen) + _squared(backward)) + _DISAGREEMENT
    slopes = np.gradient(backward, axis=0), np.gradient(backward, axis=1)
    inner = _squared(slopes[0]) + _squared(slopes[1]) <= _RELATIVE * _squared(backward) + _SLOPE
    height, width = backward.shape[:2]
    rows, columns = np.mgrid[:height, :width] + np.moveaxis(backward[..., ::-1], -1, 0)
    within = (rows >= 0) & (rows <= height - 1) & (columns >= 0) & (columns <= width - 1)
    return np.asarray(agreed & inner & within, np.float32)


def _squared(flow: Array) -> Array:
    return np.asarray(np.sum(np.square(flow), axis=-1))
