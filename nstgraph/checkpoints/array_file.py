"""Files of arrays with a text about them: a plain npz, of which only what its length bears out is believed."""

from __future__ import annotations

import contextlib
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from nstgraph.errors import CheckpointError
from nstgraph.files import what_is_wrong_with, writing

__all__ = ["read_about", "read_arrays", "write_arrays"]

Arrays = dict[str, npt.NDArray[Any]]

_ABOUT = "about"
_TYPES = (np.dtype(np.float32), np.dtype(np.uint8))

#: Bytes of an array's header; numpy writes fewer than 130.
_LONGEST_HEADER = 4096


def write_arrays(path: Path, about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays of float32 or uint8, and what is to be said about them, as JSON.

    Raises:
        OutputError: the file cannot be written; one that was there is as it was.
    """
    text = np.frombuffer(json.dumps(dict(about)).encode(), np.uint8)
    members: dict[str, Any] = {_ABOUT: text, **arrays}
    with writing(path, overwrite=True) as file:
        np.savez(file, **members)


def read_arrays(path: Path) -> tuple[dict[str, Any], Arrays]:
    """What `write_arrays` has written.

    Raises:
        CheckpointError: the file is missing, cut short, damaged or of another kind.
    """
    with _guarded(path), zipfile.ZipFile(path) as archive:
        arrays = {member.filename.removesuffix(".npy"): _array(archive, member) for member in archive.infolist()}
        return _text(arrays.pop(_ABOUT)), arrays


def read_about(path: Path) -> dict[str, Any]:
    """What a file says about its arrays, which stay where they are; errors as for `read_arrays`."""
    with _guarded(path), zipfile.ZipFile(path) as archive:
        return _text(_array(archive, archive.getinfo(f"{_ABOUT}.npy")))


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    if member.compress_type != zipfile.ZIP_STORED:  # what is not compressed cannot be larger than its file
        raise ValueError(f"{member.filename} is compressed")
    with archive.open(member) as stream:
        if npy.read_magic(stream) != (1, 0):
            raise ValueError(f"{member.filename} has a header of another version")
        shape, fortran, dtype = npy.read_array_header_1_0(stream, max_header_size=_LONGEST_HEADER)
        size = math.prod(shape) * dtype.itemsize
        if dtype not in _TYPES or fortran or min(shape, default=0) < 0 or stream.tell() + size != member.file_size:
            raise ValueError(f"{member.filename} is not what its header says")
        data = stream.read()  # to the end, because only there zipfile compares the checksum
    return np.frombuffer(data, dtype).reshape(shape)


def _text(array: npt.NDArray[Any]) -> dict[str, Any]:
    about = json.loads(array.tobytes())
    if not isinstance(about, dict):
        raise ValueError("its text is no table")
    return about


@contextlib.contextmanager
def _guarded(path: Path) -> Iterator[None]:
    fault = what_is_wrong_with(path)
    if fault:
        raise CheckpointError(f"{path} {fault}")
    try:
        yield
    except Exception as error:  # zipfile, numpy's header parser and json raise a dozen types
        raise CheckpointError(f"{path} is cut short, damaged or not a checkpoint's") from error
