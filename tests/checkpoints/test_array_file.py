"""Files of arrays: what is cut short, compressed, pickled or larger than its file is refused in one line."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from numpy.lib import format as npy

from nstgraph.checkpoints.array_file import read_about, read_arrays, write_arrays
from nstgraph.errors import CheckpointError

ABOUT = {"steps": 3, "name": "größer", "loss": 1.5}
ARRAYS = {"image": np.arange(24, dtype=np.float32).reshape(1, 2, 4, 3), "grey": np.arange(6, dtype=np.uint8)}


@pytest.fixture
def path(tmp_path):
    write_arrays(tmp_path / "a.npz", ABOUT, ARRAYS)
    return tmp_path / "a.npz"


def test_what_is_written_is_read(path):
    about, arrays = read_arrays(path)
    assert about == read_about(path) == ABOUT and arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


@pytest.mark.parametrize("turned", [ARRAYS["image"].T, np.rot90(ARRAYS["image"][0]), ARRAYS["image"][:, ::2]])
def test_arrays_are_read_in_whatever_order_they_were_in(tmp_path, turned):
    write_arrays(tmp_path / "a.npz", ABOUT, {"turned": turned})
    np.testing.assert_array_equal(read_arrays(tmp_path / "a.npz")[1]["turned"], turned, strict=True)


def test_a_file_cut_off_anywhere_is_never_read(path):
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError) as raised:
            read_arrays(path)
        assert "\n" not in str(raised.value)


def test_a_changed_byte_of_an_array_is_noticed(path):
    whole = bytearray(path.read_bytes())
    whole[whole.index(ARRAYS["image"].tobytes()) + 20] ^= 1
    path.write_bytes(whole)
    with pytest.raises(CheckpointError, match="damaged"):
        read_arrays(path)


def _member(array, header=None):
    """An npy file with another header than its array's."""
    stream = io.BytesIO()
    npy.write_array_header_1_0(stream, header or npy.header_data_from_array_1_0(array))
    return stream.getvalue() + array.tobytes()


@pytest.mark.parametrize(
    ("data", "compression"),
    [
        (_member(np.zeros(1 << 20, np.float32)), zipfile.ZIP_DEFLATED),
        (_member(ARRAYS["grey"], {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)}), zipfile.ZIP_STORED),
        (_member(ARRAYS["grey"], {"descr": "|u1", "fortran_order": False, "shape": (-2, -3)}), zipfile.ZIP_STORED),
        (_member(ARRAYS["grey"], {"descr": "|O", "fortran_order": False, "shape": (6,)}), zipfile.ZIP_STORED),
        (_member(np.zeros(3)), zipfile.ZIP_STORED),
    ],
    ids=["compressed", "too large", "negative", "objects", "float64"],
)
def test_what_its_length_does_not_bear_out_is_refused(path, data, compression):
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.npy", data, compression)
    with pytest.raises(CheckpointError, match="damaged or not a checkpoint"):
        read_arrays(path)


def _nested(depth, size):
    """A zip file of arrays each of which has all further ones among its numbers."""
    data, members = bytes(size), []
    for number in range(depth):
        name = b"a%03d.npy" % number
        body = _member(np.frombuffer(data, np.uint8))
        head = struct.pack("<5H3L2H", 20, 0, zipfile.ZIP_STORED, 0, 33, zlib.crc32(body), len(body), len(body), 8, 0)
        data = b"PK\3\4" + head + name + body
        members.append((head, name, len(data)))
    directory = b"".join(
        b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<3H2L", 0, 0, 0, 0, len(data) - rest) + name
        for head, name, rest in members
    )
    return data + directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, depth, depth, len(directory), len(data), 0)


def test_arrays_that_share_their_bytes_are_refused(tmp_path):
    (tmp_path / "one.npz").write_bytes(_nested(1, 100))
    with zipfile.ZipFile(tmp_path / "one.npz", "a") as archive:
        archive.writestr("about.npy", _member(np.frombuffer(b"{}", np.uint8)))
    assert read_arrays(tmp_path / "one.npz")[1]["a000"].size == 100
    (tmp_path / "many.npz").write_bytes(_nested(50, 10_000))
    with pytest.raises(CheckpointError, match="damaged or not a checkpoint") as raised:
        read_arrays(tmp_path / "many.npz")
    assert "larger than the file" in str(raised.value.__cause__) or "verlapped" in str(raised.value.__cause__)


def test_a_file_that_cannot_be_opened_is_not_said_to_be_damaged(path):
    resource = pytest.importorskip("resource", reason="Windows has no limits of processes")
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(path, "rb") as last:
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno(), limits[1]))
        try:
            with pytest.raises(CheckpointError) as raised:
                read_arrays(path)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert str(raised.value).endswith("cannot be read (Too many open files)")


@pytest.mark.parametrize("text", [b"[1, 2]", b"nonsense", b""])
def test_text_that_is_no_table_is_refused(tmp_path, text):
    np.savez(tmp_path / "a.npz", about=np.frombuffer(text, np.uint8))
    with pytest.raises(CheckpointError):
        read_about(tmp_path / "a.npz")


def test_a_missing_file_is_said_to_be(tmp_path):
    with pytest.raises(CheckpointError, match=r"a\.npz does not exist$"):
        read_arrays(tmp_path / "a.npz")
