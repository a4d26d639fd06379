"""Pictures that go on beyond their edges with their other side, so that copies of one fit together without a seam."""

from __future__ import annotations

from typing import TypeAlias

from nstgraph.pictures.fit import Size

__all__ = ["NOWHERE", "WRAPPING", "Wraps", "in_strides", "wraps_of"]

#: Whether a picture goes on with its other side beyond top and bottom, and beyond left and right.
Wraps: TypeAlias = tuple[bool, bool]

NOWHERE: Wraps = (False, False)

#: Where a picture wraps, by the name of the padding.
WRAPPING: dict[str, Wraps] = {"wrap": (True, True), "wrap-x": (False, True), "wrap-y": (True, False)}


def wraps_of(padding: str) -> Wraps:
    """Where a picture wraps, by the name of a padding, which may be one by which it does not."""
    return WRAPPING.get(padding, NOWHERE)


def in_strides(size: Size, stride: int, wraps: Wraps) -> Size:
    """The nearest size that has, where a picture wraps, a whole number of strides: pools would leave a seam in others.

    Args:
        size: height and width in pixels.
        stride: of the deepest pool, in pixels.
        wraps: where the picture wraps.
    """
    height, width = (
        max(1, round(side / stride)) * stride if wrap else side for side, wrap in zip(size, wraps, strict=True)
    )
    return height, width
