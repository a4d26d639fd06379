"""The pictures of nstgraph's demo, each drawn once for all test modules, as drawing one takes a second."""

from __future__ import annotations

import functools

import numpy as np

from nstgraph.demo import landscape as photos
from nstgraph.demo import painting as paintings


@functools.cache
def landscape(width: int, height: int) -> np.ndarray:
    """The demo's content picture; read only, since it is everyone's."""
    return _shared(photos.landscape(width, height))


@functools.cache
def painting(width: int, height: int) -> np.ndarray:
    """The demo's style picture; read only, since it is everyone's."""
    return _shared(paintings.painting(width, height))


def _shared(picture: np.ndarray) -> np.ndarray:
    picture.flags.writeable = False
    return picture
