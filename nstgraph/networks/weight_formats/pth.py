"""Files that ``torch.save`` writes of a state dict, read without PyTorch: a pickle of what there is, and the numbers.

Since version 1.6 of PyTorch this is an uncompressed zip, with the pickle and each tensor's storage as members; before,
it is five pickles, the fourth of which says what there is, and then the storages one after the other. Those of version
0.1 were tar files, which are refused by name.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from nstgraph.networks.weight_formats.arrays import Fault, Shape, Stored, StoredArrays
from nstgraph.networks.weight_formats.npz import InPieces
from nstgraph.networks.weight_formats.pickled import Makers, text_of, unpickled

__all__ = ["BEGINNING", "pth_arrays"]

_KIND = "a state dict of PyTorch"

#: How the files of older versions begin: with a pickled number.
BEGINNING = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

#: Bytes of the pickle in a zip: VGG19's takes 4 kB.
_LONGEST_PICKLE = 1 << 18

#: By its class in PyTorch, the type of what is in a storage.
_TYPES = {"HalfStorage": "f2", "FloatStorage": "f4", "DoubleStorage": "f8"}
_OTHERS = {f"{kind}Storage": kind.lower() for kind in ("BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")}
_ITEMSIZES = {"long": 8, "int": 4, "short": 2, "bfloat16": 2}


class _Storage(NamedTuple):
    key: str
    type: str  # "f4", or the name of one that is not read
    size: int  # in numbers

    @property
    def itemsize(self) -> int:
        return _ITEMSIZES.get(self.type, 1) if self.type in _OTHERS.values() else np.dtype(self.type).itemsize


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int  # in numbers
    shape: Shape


def pth_arrays(path: Path) -> StoredArrays:
    """The tensors of a file, by their names in the state dict."""
    with path.open("rb") as stream:
        state, begins = (_from_zip if stream.read(2) == b"PK" else _from_pickles)(path)
    if not isinstance(state, dict):
        raise Fault("holds no state dict; save that of the model, by torch.save(model.state_dict(), ...)")
    tensors = {name: tensor for name, tensor in state.items() if isinstance(name, str) and isinstance(tensor, _Tensor)}
    return StoredArrays(path, _KIND, {name: _stored(tensor, begins) for name, tensor in tensors.items()})


def _stored(tensor: _Tensor, begins: Callable[[_Storage], tuple[int, str]]) -> Stored:
    storage = tensor.storage
    begin, order = begins(storage)
    size = math.prod(tensor.shape) * storage.itemsize
    if tensor.offset * storage.itemsize + size > storage.size * storage.itemsize:
        raise Fault("has a tensor that is larger than its numbers")
    dtype = storage.type if storage.type in _OTHERS.values() else np.dtype(order + storage.type)
    return Stored(tensor.shape, dtype, begin + tensor.offset * storage.itemsize, size)


def _from_zip(path: Path) -> tuple[Any, Callable[[_Storage], tuple[int, str]]]:
    with InPieces(io.FileIO(path)) as stream:
        with zipfile.ZipFile(stream) as archive:
            members = {info.filename: info for info in archive.infolist()}
        (pickle,) = (name for name in members if name.endswith("/data.pkl"))
        root = pickle.removesuffix("data.pkl")
        begin, size = _place(stream, members[f"{root}data.pkl"])
        if size > _LONGEST_PICKLE:
            raise Fault(f"has a pickle of {size:,} bytes, where VGG's takes some thousand")
        stream.seek(begin)
        state = unpickled(io.BytesIO(stream.read(size)), _MAKERS, _storage)
        order = "<"
        if f"{root}byteorder" in members:
            stream.seek(_place(stream, members[f"{root}byteorder"])[0])
            order = ">" if stream.read(3) == b"big" else "<"
        places = {name: _place(stream, info) for name, info in members.items() if name.startswith(f"{root}data/")}

    def begins(storage: _Storage) -> tuple[int, str]:
        place, length = places.get(f"{root}data/{storage.key}", (0, -1))
        if length != storage.size * storage.itemsize:
            raise Fault("has a tensor whose numbers are missing or of another length")
        return place, order

    return state, begins


def _place(stream: BinaryIO, member: zipfile.ZipInfo) -> tuple[int, int]:
    """Where a member's bytes begin, and how many there are."""
    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
        raise Fault("has members that are compressed or encrypted, which PyTorch does not write")
    stream.seek(member.header_offset)
    name, extra = struct.unpack("<26x2H", stream.read(30))
    return member.header_offset + 30 + name + extra, member.file_size


def _from_pickles(path: Path) -> tuple[Any, Callable[[_Storage], tuple[int, str]]]:
    storages: dict[str, _Storage] = {}

    def storage(identifier: Any) -> _Storage:
        found = _storage(identifier)
        return storages.setdefault(found.key, found)

    with path.open("rb") as stream:
        _, _, about = (unpickled(stream, {}) for _ in range(3))
        state = unpickled(stream, _MAKERS, storage)
        keys = unpickled(stream, {})
        order = "<" if not isinstance(about, dict) or about.get("little_endian", True) else ">"
        place, places = stream.tell(), {}
    for key in map(text_of, keys):
        if key not in storages:
            raise Fault("has numbers of a tensor that it does not name")
        places[key] = place + 8, order  # behind how many there are
        place += 8 + storages[key].size * storages[key].itemsize

    def begins(storage: _Storage) -> tuple[int, str]:
        if storage.key not in places:
            raise Fault("has a tensor whose numbers are missing")
        return places[storage.key]

    return state, begins


def _storage(identifier: Any) -> _Storage:
    """What a pickle calls a storage: ``("storage", its class, key, device, numbers, ...)``."""
    what, kind, key, _, size = identifier[:5]
    if text_of(what) != "storage" or kind not in _CLASSES.values() or type(size) is not int or not 0 <= size < 2**40:
        raise Fault("has a pickle with a storage that is damaged")
    return _Storage(text_of(key), next(name for name, known in _CLASSES.items() if known is kind), size)


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> _Tensor:
    sizes = [offset, *shape, *strides]
    if not isinstance(storage, _Storage) or len(sizes) > 20 or any(type(n) is not int or n < 0 for n in sizes):
        raise Fault("has a pickle with a tensor that is damaged")
    if list(strides) != [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]:
        raise Fault("has a tensor whose numbers are not in order; save its .contiguous()")
    return _Tensor(storage, offset, tuple(shape))


def _parameter(tensor: Any, *rest: Any) -> Any:
    return tensor


def _ordered(pairs: Any = ()) -> dict[str, Any]:
    return {text_of(name): value for name, value in pairs}


def _class(kind: str) -> Callable[..., Any]:
    def storage_class(*arguments: Any) -> Any:
        raise Fault(f"has a pickle that makes {kind} numbers in an unusual way")

    return storage_class


#: Stand for the classes of storages, by type.
_CLASSES = {kind: _class(kind) for kind in (*_TYPES.values(), *_OTHERS.values())}

_MAKERS: Makers = {
    ("collections", "OrderedDict"): _ordered,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    **{("torch", name): _CLASSES[kind] for name, kind in (*_TYPES.items(), *_OTHERS.items())},
}
