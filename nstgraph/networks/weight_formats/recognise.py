"""What kind of weights file a file is, by its first bytes; its name is never asked."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from nstgraph.networks.weight_formats import hdf5, mat, npy, npz, pth, safetensors
from nstgraph.networks.weight_formats.arrays import ArrayFile, Fault

__all__ = ["KNOWN", "array_file", "is_cut_short"]

#: What is read, for people.
KNOWN = "npz, Keras .h5, .npy, .mat, .safetensors or .pth"

#: Beginnings of what may be taken for weights, and why it is refused.
_REFUSED = {
    b"MATLAB 7.3 MAT-file": "is a MAT-file of version 7.3, which is not read; save it with -v7",
    b"\x80": "is a pickle, which could run code; save the weights as npz",
}


def array_file(path: Path) -> ArrayFile:
    """The arrays of a file of any kind that is read.

    Raises:
        Fault: it is of none, or holds what is refused.
        Exception: what is raised on damaged files.
    """
    with path.open("rb") as stream:
        head = stream.read(512)
    if head.startswith(b"PK"):
        return pth.pth_arrays(path) if _has_pickle(path) else npz.NpzArrays(path)
    if head.startswith(hdf5.BEGINNING):
        return hdf5.hdf5_arrays(path)
    if head.startswith(b"\x93NUMPY"):
        return npy.npy_arrays(path)
    if head.startswith(mat.BEGINNING):
        return mat.mat_arrays(path)
    if head.startswith(pth.BEGINNING):
        return pth.pth_arrays(path)
    if safetensors.is_safetensors(head, path.stat().st_size):
        return safetensors.safetensors_arrays(path)
    if head[257:262] == b"ustar" and b"sys_info" in head[:200] + head[345:]:
        raise Fault("is a .pth of PyTorch 0.1, which is not read; save its state dict anew with a PyTorch of today")
    for beginning, fault in _REFUSED.items():
        if head.startswith(beginning):
            raise Fault(fault)
    raise Fault(f"is not a weights file ({KNOWN})")


def is_cut_short(path: Path) -> bool:
    """Whether a file begins as a zip does, but lacks the directory at its end."""
    with path.open("rb") as stream:
        return stream.read(2) == b"PK" and not zipfile.is_zipfile(path)


def _has_pickle(path: Path) -> bool:
    with npz.InPieces(io.FileIO(path)) as stream, zipfile.ZipFile(stream) as archive:
        return any(name.endswith("/data.pkl") for name in archive.namelist())
