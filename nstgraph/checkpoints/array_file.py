"""Files of arrays with a text about them: a plain npz, of which only what its length bears out is believed."""

from __future__ import annotations

import contextlib
import errno
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nstgraph.errors import CheckpointError
from nstgraph.files import what_is_wrong_with, writing
from nstgraph.networks.npy_header import npy_header

__all__ = ["DamagedError", "read_about", "read_arrays", "write_arrays"]

Arrays = dict[str, npt.NDArray[Any]]

_ABOUT = "about"
_TYPES = (np.dtype(np.float32), np.dtype(np.uint8))


class DamagedError(CheckpointError):
    """A file that does not hold what `write_arrays` writes; unlike one that is whole but cannot be read now."""


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
        DamagedError: the file is missing, cut short, damaged or of another kind.
        CheckpointError: it is there, but cannot be read.
    """
    with _opened(path) as archive:
        arrays = {member.filename.removesuffix(".npy"): _array(archive, member) for member in archive.infolist()}
        return _text(arrays.pop(_ABOUT)), arrays


def read_about(path: Path) -> dict[str, Any]:
    """What a file says about its arrays, which stay where they are; errors as for `read_arrays`."""
    with _opened(path) as archive:
        return _text(_array(archive, archive.getinfo(f"{_ABOUT}.npy")))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, while it is read; whatever is found to be wrong with it is a CheckpointError."""
    fault = what_is_wrong_with(path)
    if fault:
        raise (CheckpointError if fault.startswith("cannot be read") else DamagedError)(f"{path} {fault}")
    try:
        with zipfile.ZipFile(path) as archive:
            # What is not compressed cannot be larger than its file, unless its parts lie on top of each other.
            if sum(member.file_size for member in archive.infolist()) > path.stat().st_size:
                raise ValueError("its arrays are larger than the file")
            yield archive
    except MemoryError:
        raise
    except Exception as error:  # zipfile, numpy's header parser and json raise a dozen types
        cause = error if isinstance(error, OSError) else error.__context__  # zipfile takes some for a damaged file
        # A damaged file may send zipfile to before its own beginning, which is an invalid argument.
        if isinstance(cause, OSError) and cause.errno != errno.EINVAL:
            raise CheckpointError(f"{path} cannot be read ({cause.strerror or cause})") from error
        raise DamagedError(f"{path} is cut short, damaged or not a checkpoint's") from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    data = archive.read(member)  # to the end, because only there zipfile compares the checksum
    header = npy_header(data)
    if header.dtype not in _TYPES or min(header.shape, default=0) < 0 or header.end != len(data):
        raise ValueError(f"{member.filename} is not what its header says")
    return header.array(data)


def _text(array: npt.NDArray[Any]) -> dict[str, Any]:
    about = json.loads(array.tobytes())
    if not isinstance(about, dict):
        raise ValueError("its text is no table")
    return about
