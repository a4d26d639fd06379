"""Files are known by what they begin with, whatever they are called."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from nstgraph.errors import WeightsError
from nstgraph.networks.weights_file import WeightsFile

ENDING = "; choose another file or get a new one: nstgraph weights fetch vgg16"
KNOWN = "is not a weights file (npz, Keras .h5, .npy, .mat, .safetensors or .pth)"


def tar() -> bytes:
    with tarfile.open(fileobj=(stream := io.BytesIO()), mode="w") as archive:
        for name in ("sys_info", "pickle"):
            archive.addfile(tarfile.TarInfo(name))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"GIF89a" + bytes(500), KNOWN),
        (b"x", KNOWN),
        (b"\x80\x04K\x01.", "is a pickle, which could run code; save the weights as npz"),
        (b"MATLAB 7.3 MAT-file" + bytes(500), "is a MAT-file of version 7.3, which is not read; save it with -v7"),
        (tar(), "is a .pth of PyTorch 0.1, which is not read; save its state dict anew with a PyTorch of today"),
        (b"PK\x03\x04" + bytes(500), "is cut short"),
        (b"\x89HDF\r\n\x1a\n", "is cut short"),
        (b"\x93NUMPY\x07\x00", "is damaged (npy version (7, 0))"),
        (b"MATLAB 5.0 MAT-file", "is damaged (b'')"),
    ],
)
def test_what_is_no_weights_file(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(WeightsError) as raised:
        WeightsFile(tmp_path / "w.npz")
    assert str(raised.value) == f"{tmp_path / 'w.npz'} {fault}{ENDING}"


def test_names_do_not_matter(tmp_path: Path) -> None:
    arrays = {"conv1_1_W": np.zeros((3, 3, 3, 64)), "conv1_1_b": np.zeros(64)}
    np.savez(stream := io.BytesIO(), **arrays)
    (tmp_path / "w.h5").write_bytes(stream.getvalue())
    assert WeightsFile(tmp_path / "w.h5").kind == "an npz file"
