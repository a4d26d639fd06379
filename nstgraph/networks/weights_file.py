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
import io
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from nstgraph.errors import WeightsError
from nstgraph.files import what_is_wrong_with
from nstgraph.networks.network import Network
from nstgraph.networks.vgg_layers import ARCHITECTURES, VGG16, VGG19, Architecture

__all__ = ["FETCH", "WeightsFile", "embedded", "hash_of"]

#: The command that gets a file with all layers of VGG16.
FETCH = "nstgraph weights fetch vgg16"


class WeightsFile:
    """What one weights file holds; the numbers stay on disk until a layer is read.

    Attributes:
        path: the file.
        layers: kernel shape (3, 3, in, out) of each convolution the file has, in network order.

    Raises:
        WeightsError: the file is missing, no npz, cut short or damaged, has no convolution of VGG, or has one
            whose arrays are not floating-point numbers of VGG's shapes.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.layers: dict[str, tuple[int, ...]] = {}
        with _guarded(self.path), zipfile.ZipFile(self.path) as archive:
            keys = {name[:-4] for name in archive.namelist() if name.endswith(".npy")}
            for name, kernel in VGG19.kernels.items():
                if f"{name}_W" in keys:
                    with _guarded(self.path, name):
                        self._check(archive, name, kernel)
                    self.layers[name] = kernel
        if not self.layers:
            raise _bad(self.path, "has no layer of VGG, such as the keys conv1_1_W and conv1_1_b")

    @property
    def architecture(self) -> Architecture:
        """The smallest VGG that has all of the file's layers."""
        return next(vgg for vgg in ARCHITECTURES if vgg.kernels.keys() >= self.layers.keys())

    @property
    def source(self) -> str:
        """Where the weights come from, for a report: ``"the embedded weights"`` or the path."""
        same = os.path.realpath(self.path) == os.path.realpath(embedded())
        return "the embedded weights" if same else str(self.path)

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
        with _guarded(self.path, layer), zipfile.ZipFile(self.path) as archive:
            return self._values(archive, f"{layer}_W"), self._values(archive, f"{layer}_b")

    def _check(self, archive: zipfile.ZipFile, name: str, kernel: tuple[int, ...]) -> None:
        """Make sure that the headers of a layer's two arrays are right."""
        for key, expected in ((f"{name}_W", kernel), (f"{name}_b", kernel[-1:])):
            if f"{key}.npy" not in archive.namelist():
                raise _bad(self.path, f"has {name}_W but lacks {key}")
            shape, dtype = _header(archive, key)
            if dtype.hasobject:
                raise _bad(self.path, f"has pickled objects as {key}, which could run code and are refused")
            if dtype.kind != "f":
                raise _bad(self.path, f"has {dtype} as {key}, not floating-point numbers")
            if shape != expected:
                raise _bad(self.path, f"has {key} of shape {list(shape)}, expected {list(expected)}")

    def _values(self, archive: zipfile.ZipFile, key: str) -> npt.NDArray[np.float32]:
        data = archive.read(f"{key}.npy")  # to the end, because only there zipfile compares the checksum
        stored = npy.read_array(io.BytesIO(data), allow_pickle=False)
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, and that is refused
            values = np.array(stored, dtype=np.float32, order="C")
        if not np.isfinite(values).all():
            raise _bad(self.path, f"has NaN or infinite numbers in {key}")
        return values


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


def _header(archive: zipfile.ZipFile, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with archive.open(f"{key}.npy") as stream:
        version = npy.read_magic(stream)
        parse = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = parse(stream)
        return shape, dtype


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
    except Exception as error:  # zipfile, its decompressors and numpy's header parser raise a dozen types
        raise _bad(path, _fault(path, layer, error)) from error


def _fault(path: Path, layer: str, error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror})"
    if zipfile.is_zipfile(path):
        return " ".join(f"is damaged{layer and ' in ' + layer} ({error})".split())
    with path.open("rb") as stream:
        return "is cut short" if stream.read(2) == b"PK" else "is not an npz file"


def _bad(path: Path, fault: str) -> WeightsError:
    return WeightsError(f"{path} {fault}; choose another file or get a new one: {FETCH}")
