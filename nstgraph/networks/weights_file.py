"""Weight files: where they are looked for, what they hold, and reading single layers.

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
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from nstgraph.errors import WeightsError

__all__ = ["VGG16", "VGG19", "Candidate", "Weights", "cache_dir", "candidates", "embedded", "find"]


def _names(*counts: int) -> tuple[str, ...]:
    return tuple(f"conv{block}_{i}" for block, count in enumerate(counts, 1) for i in range(1, count + 1))


VGG16 = _names(2, 2, 3, 3, 3)
VGG19 = _names(2, 2, 4, 4, 4)
CHANNELS = (64, 128, 256, 512, 512)  # of the layers of blocks 1 to 5, in both networks

_VARIABLE = "$NSTGRAPH_WEIGHTS"
_FETCH = "nstgraph weights fetch vgg16"


class Weights:
    """What one weights file holds; the numbers stay on disk until a layer is read.

    Attributes:
        path: the file.
        layers: kernel shape (3, 3, in, out) of each convolution the file has, in network order.
        other: names of what else it has (dense layers), sorted; never read.

    Raises:
        WeightsError: the file is missing, no npz, cut short or damaged, has no convolution of VGG, or has one
            whose arrays are not floating-point numbers of VGG's shapes.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.layers: dict[str, tuple[int, ...]] = {}
        with _guarded(self.path), zipfile.ZipFile(self.path) as archive:
            keys = {name[:-4] for name in archive.namelist() if name.endswith(".npy")}
            for name in VGG19:
                if f"{name}_W" in keys:
                    with _guarded(self.path, name):
                        self.layers[name] = self._checked(archive, name)
        if not self.layers:
            raise _bad(self.path, "has no layer of VGG, that is no keys conv1_1_W, conv1_1_b, ...")
        stems = {key[:-2] if key.endswith(("_W", "_b")) else key for key in keys}
        self.other: tuple[str, ...] = tuple(sorted(stems.difference(VGG19)))

    @property
    def architecture(self) -> str:
        """``"VGG19"`` if the file has a layer that only VGG19 has, else ``"VGG16"``."""
        return "VGG16" if set(VGG16).issuperset(self.layers) else "VGG19"

    @property
    def source(self) -> str:
        """Where the weights come from, for a report: ``"the embedded weights"`` or the path."""
        same = os.path.realpath(self.path) == os.path.realpath(embedded())
        return "the embedded weights" if same else str(self.path)

    @functools.cached_property
    def sha256(self) -> str:
        """SHA-256 of the whole file, as 64 hexadecimal digits."""
        digest = hashlib.sha256()
        with _guarded(self.path), self.path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    def require(self, names: Iterable[str]) -> None:
        """Raise a WeightsError that lists all of the ``names`` that the file lacks."""
        missing = [name for name in dict.fromkeys(names) if name not in self.layers]
        if not missing:
            return
        remedy = f"a file that has {'it' if len(missing) == 1 else 'them'} is vgg16_weights.npz: {_FETCH}"
        if not set(missing) <= set(VGG16):  # a download would not help
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

    def _checked(self, archive: zipfile.ZipFile, name: str) -> tuple[int, ...]:
        """Kernel shape of a layer, once the headers of its two arrays have been found to be right."""
        block = int(name[4])
        out = CHANNELS[block - 1]
        kernel = (3, 3, (3, *CHANNELS)[block - 1] if name.endswith("_1") else out, out)
        for key, expected in ((f"{name}_W", kernel), (f"{name}_b", (out,))):
            if f"{key}.npy" not in archive.namelist():
                raise _bad(self.path, f"has {name}_W but lacks {key}")
            shape, dtype = _header(archive, key)
            if dtype.hasobject:
                raise _bad(self.path, f"has pickled objects as {key}, which could run code and are refused")
            if dtype.kind != "f":
                raise _bad(self.path, f"has {dtype} as {key}, not floating-point numbers")
            if shape != expected:
                raise _bad(self.path, f"has {key} of shape {list(shape)}, expected {list(expected)}")
        return kernel

    def _values(self, archive: zipfile.ZipFile, key: str) -> npt.NDArray[np.float32]:
        data = archive.read(f"{key}.npy")  # to the end, because only there zipfile compares the checksum
        stored = npy.read_array(io.BytesIO(data), allow_pickle=False)
        with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf, and that is refused
            values = np.array(stored, dtype=np.float32, order="C")
        if not np.isfinite(values).all():
            raise _bad(self.path, f"has NaN or infinite numbers in {key}")
        return values


class Candidate(NamedTuple):
    """A place where ``find`` looks: what it is, its path, and whether something is there."""

    description: str
    path: Path
    exists: bool


def find(path: str | os.PathLike[str] | None = None) -> Weights:
    """The first weights file among ``candidates(path)``.

    Raises:
        WeightsError: a file named by ``path`` or ``$NSTGRAPH_WEIGHTS`` does not exist, or the first file that
            does cannot be used; neither is passed over for the next.
    """
    for description, place, exists in candidates(path):
        if description == _VARIABLE and not exists:
            raise WeightsError(f"{_VARIABLE} names {place}, which does not exist; correct it or unset it")
        if exists or path is not None:
            break
    return Weights(place)


def candidates(path: str | os.PathLike[str] | None = None) -> list[Candidate]:
    """Every place where ``find(path)`` looks, in its order."""
    places = [
        ("the file given", path),
        (_VARIABLE, os.environ.get("NSTGRAPH_WEIGHTS") or None),
        ("the folder vgg here", Path("vgg", "vgg16_weights.npz")),
        ("the cache", cache_dir() / "vgg16_weights.npz"),
        ("the embedded weights", embedded()),
    ]
    # os.path.exists, unlike Path.exists before Python 3.12, does not raise in a folder closed to the user.
    return [Candidate(name, Path(file), os.path.exists(file)) for name, file in places if file is not None]


def cache_dir() -> Path:
    """Folder for fetched files; it need not exist yet."""
    windows = os.name == "nt"
    base = os.environ.get("LOCALAPPDATA" if windows else "XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # unset, or relative, which the XDG specification has ignored
        base = os.path.expanduser("~/AppData/Local" if windows else "~/.cache")
    return Path(base, "nstgraph")


def embedded() -> Path:
    """The weights file that comes with nstgraph."""
    try:
        return Path(str(importlib.resources.files("nstgraph_vgg") / "compact_vgg.npz"))
    except ModuleNotFoundError:  # run from the source folder without being installed
        return Path(__file__).parents[1] / "vgg" / "compact_vgg.npz"


def _header(archive: zipfile.ZipFile, key: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    with archive.open(f"{key}.npy") as stream:
        version = npy.read_magic(stream)
        parse = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = parse(stream)
        return shape, dtype


@contextlib.contextmanager
def _guarded(path: Path, layer: str = "") -> Iterator[None]:
    """Turn whatever reading the file raises in the block into one line that says what is wrong with it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about arrays saved by Python 2, which read well
            yield
    except WeightsError:
        raise
    except Exception as error:  # zipfile, its decompressors and numpy's header parser raise a dozen types
        raise _bad(path, _fault(path, layer, error)) from error


def _fault(path: Path, layer: str, error: Exception) -> str:
    if not os.path.exists(path):
        return "does not exist"
    if path.is_dir():
        return "is a folder"
    if path.stat().st_size == 0:
        return "is empty"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read ({error.strerror})"
    if zipfile.is_zipfile(path):
        return " ".join(f"is damaged{layer and ' in ' + layer} ({error})".split())
    with path.open("rb") as stream:
        return "is cut short" if stream.read(2) == b"PK" else "is not an npz file"


def _bad(path: Path, fault: str) -> WeightsError:
    return WeightsError(f"{path} {fault}; choose another file or get a new one: {_FETCH}")
