"""What a frame is held to: the results of the frames before it, moved as the frames' contents have moved."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nstgraph.arrays import Array
from nstgraph.video.flow import motion, warped

__all__ = ["Held", "Scene"]

#: Pixels from which on a map of colours can be told.
_LEAST = 16


@dataclass(frozen=True, eq=False)
class Held:
    """What a frame is held to.

    Attributes:
        picture: the results before, warped: [height, width, 3], uint8; where none is known, the frame
            itself in the colours of the rest.
        weights: [height, width], float32, 1 where it is known, else 0.
    """

    picture: Array
    weights: Array


class Scene:
    """The frames of one scene so far, as many as are looked back to.

    Args:
        distances: how many frames back to look beside the one before.
        cut: a frame of which less than this share is found in the one before begins a new scene.
    """

    def __init__(self, distances: Sequence[int], cut: float) -> None:
        self._distances = sorted({1, *distances})
        self._cut = cut
        self._frames: deque[tuple[Array, Array]] = deque(maxlen=self._distances[-1])

    def enter(self, frame: Array) -> bool:
        """Whether a frame, [height, width, 3], uint8, goes on with the scene; if not, all before it is forgotten."""
        if not self._frames or self._frames[-1][0].shape != frame.shape:
            self._frames.clear()
            return False
        if np.mean(motion(self._frames[-1][0], frame).weights) < self._cut:
            self._frames.clear()
            return False
        return True

    def held(self, frame: Array) -> Held:
        """What a frame that goes on with the scene is held to.

        Equations 10 and 11 of the paper: a frame farther back counts where none that is nearer does. As at each pixel
        one frame counts at most, the sum of their terms is one term of a picture put together from all of them.
        """
        picture, weights = np.zeros_like(frame), np.zeros(frame.shape[:2], np.float32)
        for distance in self._distances:
            if distance > len(self._frames):
                break
            before, result = self._frames[-distance]
            moved = motion(before, frame)
            new = np.maximum(moved.weights - weights, 0)
            picture[new > 0] = warped(result, moved.backward)[new > 0]
            weights += new
        known = weights > 0
        if not known.all():
            picture[~known] = _in_colors_of(frame, picture, known)[~known]
        return Held(picture, weights)

    def add(self, frame: Array, result: Array) -> None:
        """Add a frame, and its result."""
        self._frames.append((frame, result))


def _in_colors_of(frame: Array, picture: Array, known: Array) -> Array:
    """A frame in the colours that its known pixels have in a picture, by the affine map that fits them best."""
    if known.sum() < _LEAST:
        return frame
    ones = np.ones((*frame.shape[:2], 1), np.float32)
    colors = np.concatenate([frame.astype(np.float32), ones], axis=-1)
    mapping = np.linalg.lstsq(colors[known], picture[known].astype(np.float32), rcond=None)[0]
    return np.asarray(np.rint(colors @ mapping).clip(0, 255), np.uint8)
