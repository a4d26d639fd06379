"""The dict that machrisaa/tensorflow-vgg keeps in vgg16.npy and vgg19.npy: ``{"conv1_1": [kernel, bias], ...}``.

numpy would have to unpickle it, which may run code; here it is read by `pickled`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from nstgraph.networks.weight_formats.arrays import Fault, Stored, StoredArrays
from nstgraph.networks.weight_formats.pickled import Bytes, Makers, text_of, unpickled

__all__ = ["npy_arrays"]

_KIND = "an npy file of a dict of layers"

#: Bytes of its header.
_LONGEST_HEADER = 4096


class _Type:
    """Stands for a numpy.dtype."""

    def __init__(self, name: Any, *rest: Any) -> None:
        self._name, self._order = text_of(name), "="

    def set_state(self, state: Any) -> None:
        self._order = text_of(state[1])

    def __call__(self) -> np.dtype[Any] | str:
        plain = self._name in ("f2", "f4", "f8") and self._order in ("<", ">", "=")
        return np.dtype(self._order + self._name) if plain else self._name


class _Array:
    """Stands for an array that is about to be given its state: its numbers, or the one object in it."""

    stored: Stored | None = None
    content: Any = None

    def __init__(self, *arguments: Any) -> None:
        del arguments  # an empty shape

    def set_state(self, state: Any) -> None:
        shape, dtype, fortran, data = state[-4:]
        if shape == () and isinstance(data, list) and len(data) == 1:
            self.content = data[0]
        elif not (isinstance(dtype, _Type) and isinstance(data, Bytes) and _is_shape(shape)):
            raise Fault("has a pickled array that is damaged")
        else:
            self.stored = Stored(shape, dtype(), data.start, data.size, bool(fortran))


def _no_maker(*arguments: Any) -> Any:
    raise Fault("has a pickle that makes an array in an unusual way")


_MAKERS: Makers = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _Array for core in ("core", "_core")},
    ("numpy", "ndarray"): _no_maker,
    ("numpy", "dtype"): _Type,
}


def npy_arrays(path: Path) -> StoredArrays:
    """The arrays of such a file; their keys are ``conv1_1/0`` for a kernel and ``conv1_1/1`` for a bias."""
    with path.open("rb") as stream:
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0), (3, 0)):
            raise ValueError(f"npy version {version}")
        parse = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = parse(stream, max_header_size=_LONGEST_HEADER)
        if shape != () or dtype != np.dtype(object):
            raise Fault(f"holds one array of shape {list(shape)[:8]}, not a dict of layers")
        whole = unpickled(stream, _MAKERS)
    if not isinstance(whole, _Array) or not isinstance(whole.content, dict):
        raise Fault("holds no dict of layers")
    return StoredArrays(path, _KIND, dict(_arrays(whole.content)))


def _arrays(layers: dict[Any, Any]) -> list[tuple[str, Stored]]:
    return [
        (f"{name}/{place}", array.stored)
        for name, pair in layers.items()
        if isinstance(pair, list | tuple)
        for place, array in enumerate(pair)
        if isinstance(array, _Array) and array.stored is not None
    ]


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, tuple) and len(shape) <= 8 and all(type(n) is int and 0 <= n < 2**31 for n in shape)
