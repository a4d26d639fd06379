"""Weights files: what they hold, and reading single layers.

Whatever the format, the arrangement and the precision of a file (see `nstgraph.networks.weight_formats`), layers are
handed out in one form: a kernel [3, 3, in, out] and a bias [out], float32, for RGB input of 0 to 255 minus the channel
means. What else a file has, such as dense layers, is never read.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.resources
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nstgraph.errors import WeightsError
from nstgraph.files import what_is_wrong_with
from nstgraph.hashes import hash_of
from nstgraph.messages import one_line
from nstgraph.networks.network import Network
from nstgraph.networks.published import FILES
from nstgraph.networks.vgg_layers import ARCHITECTURES, VGG16, VGG19, Architecture
from nstgraph.networks.weight_formats.arrays import ArrayFile, Fault
from nstgraph.networks.weight_formats.first_layer import Colors, colors_of, expected_values, in_own_terms
from nstgraph.networks.weight_formats.layouts import RGB, UNIT_RGB, Layout, layout_of
from nstgraph.networks.weight_formats.recognise import array_file, is_cut_short
from nstgraph.user_folders import cache_folder

__all__ = ["FETCH", "WeightsFile", "embedded"]

#: The command that gets a file with all convolutions of a VGG.
FETCH = "nstgraph weights fetch"

Pair = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


class WeightsFile:
    """What one weights file holds; the numbers stay on disk until a layer is read.

    Args:
        path: the file, of any format that is known. It may come from anybody: reading a layer takes that layer's
            memory, whatever the file claims.
        origin: how the file came to be used, if nobody named it; for `source`.
        values: what its first layer is given, ``"RGB"`` or ``"BGR"``, if it is not what its format says.

    Attributes:
        path: the file.
        kind: its format, such as ``"an npz file"``.
        layout: how it names and arranges layers.
        layers: kernel shape (3, 3, in, out) of each convolution the file has, in network order.
        types: name of the stored type of each kernel, such as ``"float16"``.

    Raises:
        WeightsError: the file is missing, of no format that is known, cut short or damaged, has no convolution of VGG,
            or has one whose arrays are not floating-point numbers of VGG's shapes.
    """

    def __init__(self, path: str | os.PathLike[str], origin: str = "", values: str | None = None) -> None:
        self.path = Path(path)
        self._origin, self._values = origin, values
        with _guarded(self.path):
            self._arrays = array_file(self.path)
            self.kind = self._arrays.kind
            self.layout = _layout(self._arrays)
        self.layers = {layer: VGG19.kernels[layer] for layer in self.layout.keys}
        self.types = {layer: self._check(layer) for layer in self.layers}

    def _check(self, layer: str) -> str:
        """The type of a layer's kernel, if it may be read."""
        shape, (kernel, bias) = self.layers[layer], self.layout.keys[layer]
        with _guarded(self.path, layer):
            if bias is None:
                raise Fault(f"has {kernel} but lacks a bias for {layer}")
            self._arrays.check(bias, shape[-1:])
            return self._arrays.check(kernel, self.layout.stored(shape))

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

    @functools.cached_property
    def values(self) -> str:
        """What conv1_1 is given: as the file's format says, or its numbers where that leaves it open."""
        own = expected_values(self.layout.values, *self._stored("conv1_1")) if "conv1_1" in self.layers else RGB
        # Who says that red comes first says nothing of the range.
        return own if self._values is None or (self._values == RGB and own == UNIT_RGB) else self._values

    @functools.cached_property
    def colors(self) -> Colors:
        """What the numbers of conv1_1 tell of the order of colours."""
        return colors_of(*self._stored("conv1_1"))

    def require(self, names: Iterable[str]) -> None:
        """Raise a WeightsError that lists all of the ``names`` that the file lacks, and says which file has them."""
        missing = [name for name in dict.fromkeys(names) if name not in self.layers]
        if not missing:
            return
        deeper = VGG19 if self.architecture is VGG19 or not VGG16.kernels.keys() >= set(missing) else VGG16
        name = deeper.name.lower()
        them, cached = "it" if len(missing) == 1 else "them", cache_folder() / FILES[name].filename
        remedy = f"get a file that has {them}: {FETCH} {name}"
        if os.path.exists(cached) and os.path.realpath(cached) != os.path.realpath(self.path):
            remedy = f"{cached} has {them}; name it with --weights, or weights= in Python"
        raise WeightsError(f"{self.path} lacks {', '.join(missing)}; {remedy}")

    def read(self, layer: str) -> Pair:
        """Kernel [3, 3, in, out] and bias [out] of one layer; nothing else of the file is read.

        Raises:
            WeightsError: the file lacks the layer, or its numbers are damaged, NaN or infinite.
        """
        kernel, bias = self._stored(layer)
        if layer == "conv1_1":
            kernel, bias = in_own_terms(kernel, bias, self.values)
        return np.ascontiguousarray(kernel), bias

    def _stored(self, layer: str) -> Pair:
        """A layer as the file has it, but for the order of the kernel's axes."""
        self.require([layer])
        shape, (kernel, bias) = self.layers[layer], self.layout.keys[layer]
        with _guarded(self.path, layer):
            stored = self._arrays.read(kernel, self.layout.stored(shape))
            return stored.transpose(self.layout.axes), self._arrays.read(str(bias), shape[-1:])


def embedded() -> Path:
    """The weights file that comes with nstgraph."""
    try:
        return Path(str(importlib.resources.files("nstgraph_vgg") / "compact_vgg.npz"))
    except ModuleNotFoundError:  # run from the source folder without being installed
        return Path(__file__).parents[2] / "vgg" / "compact_vgg.npz"


def _layout(arrays: ArrayFile) -> Layout:
    layout = layout_of(arrays.keys)
    if layout is None:
        raise Fault(
            "has no layer of VGG, such as the keys conv1_1_W and conv1_1_b, Keras's block1_conv1, or features.0.weight"
        )
    return layout


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
    return "is cut short" if is_cut_short(path) else f"is damaged{layer and ' in ' + layer} ({one_line(error)})"


def _bad(path: Path, fault: str) -> WeightsError:
    return WeightsError(f"{path} {fault}; choose another file or get a new one: {FETCH} vgg16")
