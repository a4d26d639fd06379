"""Weights files: what they hold, and reading single layers.

A weights file is an npz with the keys ``conv1_1_W`` (kernel, [3, 3, in, out], for RGB input of 0 to 255 minus
the channel means) and ``conv1_1_b`` (bias, [out]) for each layer it has. Other keys, such as ``fc6_W`` of the
dense layers, are never read. Whatever precision a file stores, layers are handed out as float32.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.resources
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nstgraph.errors import WeightsError
from nstgraph.files import what_is_wrong_with
from nstgraph.messages import one_line
from nstgraph.networks.network import Network
from nstgraph.networks.npz_file import Fault, NpzFile
from nstgraph.networks.vgg_layers import ARCHITECTURES, VGG16, VGG19, Architecture

__all__ = ["FETCH", "WeightsFile", "embedded", "hash_of"]

#: The command that gets a file with all layers of VGG16.
FETCH = "nstgraph weights fetch vgg16"


class WeightsFile:
    """What one weights file holds; the numbers stay on disk until a layer is read.

    Args:
        path: the file. It may come from anybody: reading a layer takes that layer's memory, whatever it claims.
        origin: how the file came to be used, if nobody named it; for `source`.

    Attributes:
        path: the file.
        layers: kernel shape (3, 3, in, out) of each convolution the file has, in network order.

    Raises:
        WeightsError: the file is missing, no npz, cut short or damaged, has no convolution of VGG, or has one
            whose arrays are not floating-point numbers of VGG's shapes.
    """

    def __init__(self, path: str | os.PathLike[str], origin: str = "") -> None:
        self.path = Path(path)
        self.layers: dict[str, tuple[int, ...]] = {}
        self._origin = origin
        with _guarded(self.path), NpzFile(self.path) as npz:
            for name, kernel in VGG19.kernels.items():
                if f"{name}_W" in npz.keys:
                    with _guarded(self.path, name):
                        _check(npz, name, kernel)
                    self.layers[name] = kernel
        if not self.layers:
            raise _bad(self.path, "has no layer of VGG, such as the keys conv1_1_W and conv1_1_b")

    @property
    def architecture(self) -> Architecture:
        """The smallest VGG that has all of the file's layers."""
        return next(vgg for vgg in ARCHITECTURES if vgg.kernels.keys() >= self.layers.keys())

    @property
    def source(self) -> str:
        """Where the weights come from, for a report: ``"the embedded weights"``, or the path and its origin."""
        if os.path.realpath(self.path) == os.path.realpath(embedded()):
            return "the embedded weights"
        return f"{self.path}{self._origin and f', {self._origin}'}"

    @functools.cached_property
    def sha256(self) -> str:
        """SHA-256 of the whole file, as 64 hexadecimal digits."""
        with _guarded(self.path):
            return hash_of(self.path)

    def network(self, pooling: str = "average", padding: str = "reflect", precision: str = "float32") -> Network:
        """VGG with these weights in the graph that is current; arguments as for `Vgg`."""
        from nstgraph.networks.vgg import Vgg  # which builds on this module

        return Vgg(self, pooling, padding, precision)

    def require(self, names: Iterable[str]) -> None:
        """Raise a WeightsError that lists all of the ``names`` that the file lacks."""
        missing = [name for name in dict.fromkeys(names) if name not in self.layers]
        if not missing:
            return
        remedy = f"a file that has {'it' if len(missing) == 1 else 'them'} is vgg16_weights.npz: {FETCH}"
        if not VGG16.kernels.keys() >= set(missing):  # a download would not help
            remedy = "choose other layers, or a VGG19 file with such keys"
        raise WeightsError(f"{self.path} lacks {', '.join(missing)}; {remedy}")

    def read(self, layer: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Kernel [3, 3, in, out] and bias [out] of one layer; nothing else of the file is read.

        Raises:
            WeightsError: the file lacks the layer, or its numbers are damaged, NaN or infinite.
        """
        self.require([layer])
        kernel = self.layers[layer]
        with _guarded(self.path, layer), NpzFile(self.path) as npz:
            return npz.read(f"{layer}_W", kernel), npz.read(f"{layer}_b", kernel[-1:])


def embedded() -> Path:
    """The weights file that comes with nstgraph."""
    try:
        return Path(str(importlib.resources.files("nstgraph_vgg") / "compact_vgg.npz"))
    except ModuleNotFoundError:  # run from the source folder without being installed
        return Path(__file__).parents[2] / "vgg" / "compact_vgg.npz"


def hash_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _check(npz: NpzFile, name: str, kernel: tuple[int, ...]) -> None:
    if f"{name}_b" not in npz.keys:
        raise Fault(f"has {name}_W but lacks {name}_b")
    npz.check(f"{name}_W", kernel)
    npz.check(f"{name}_b", kernel[-1:])


@contextlib.contextmanager
def _guarded(path: Path, layer: str = "") -> Iterator[None]:
    """Turn whatever reading the file raises in the block into one line that says what is wrong with it."""
    fault = what_is_wrong_with(path)
    if fault:
        raise _bad(path, fault)
    try:
        yield
    except WeightsError:
        raise
    except Fault as error:
        raise _bad(path, str(error)) from error
    except Exception as error:  # what is raised on damaged files
        raise _bad(path, _fault(path, layer, error)) from error


def _fault(path: Path, layer: str, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror})"
    if zipfile.is_zipfile(path):
        return f"is damaged{layer and ' in ' + layer} ({one_line(error)})"
    with path.open("rb") as stream:
        return "is cut short" if stream.read(2) == b"PK" else "is not an npz file"


def _bad(path: Path, fault: str) -> WeightsError:
    return WeightsError(f"{path} {fault}; choose another file or get a new one: {FETCH}")
