"""Files of the safetensors format: the length of a header, the header as JSON, then the numbers of all tensors."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from nstgraph.networks.weight_formats.arrays import Fault, Stored, StoredArrays

__all__ = ["is_safetensors", "safetensors_arrays"]

_KIND = "a safetensors file"

#: Bytes of its header: VGG19 has 38 tensors, which take 4 kB.
_LONGEST_HEADER = 1 << 20

_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}


def is_safetensors(head: bytes, size: int) -> bool:
    """Whether a file of some bytes that begins with these is meant to be such a file."""
    return len(head) > 8 and 2 <= struct.unpack("<Q", head[:8])[0] <= size - 8 and head[8:9] == b"{"


def safetensors_arrays(path: Path) -> StoredArrays:
    """The tensors of a file, by name."""
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > _LONGEST_HEADER:
            raise Fault(f"has a header of {length:,} bytes, where VGG's takes some thousand")
        header = json.loads(stream.read(length), object_pairs_hook=_table)
    if not isinstance(header, dict):
        raise Fault("has a header that is no table")
    header.pop("__metadata__", None)
    begin, end = 8 + length, path.stat().st_size
    return StoredArrays(path, _KIND, {name: _stored(name, entry, begin, end) for name, entry in header.items()})


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise Fault("has two tensors of one name")
    return dict(pairs)


def _stored(name: str, entry: Any, begin: int, end: int) -> Stored:
    shape, places = entry["shape"], entry["data_offsets"]
    if not (_are_sizes(shape) and _are_sizes(places) and len(places) == 2 and places[0] <= places[1] <= end - begin):
        raise Fault(f"is cut short, or damaged in {name[:40]}")
    kind = str(entry["dtype"])[:20]
    dtype = np.dtype(_TYPES[kind]) if kind in _TYPES else kind
    return Stored(tuple(shape), dtype, begin + places[0], places[1] - places[0])


def _are_sizes(numbers: Any) -> bool:
    return isinstance(numbers, list) and all(type(number) is int and 0 <= number < 2**62 for number in numbers)
