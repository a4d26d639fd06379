"""What an npz file may claim, and what is believed of it."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from nstgraph.networks.weight_formats.arrays import Fault
from nstgraph.networks.weight_formats.npz import NpzFile

SHAPE = (3, 3, 4, 8)
VALUES = np.random.default_rng(5).standard_normal(SHAPE).astype(np.float32)


def npy_bytes(array: np.ndarray) -> bytes:
    np.save(stream := io.BytesIO(), array, allow_pickle=False)
    return stream.getvalue()


def header(text: str, version: bytes = b"\1\0") -> bytes:
    """An array that is described by this text, with the right numbers for ``SHAPE`` behind."""
    length = struct.pack("<H" if version[0] == 1 else "<I", len(text) + 1)
    return b"\x93NUMPY" + version + length + text.encode() + b"\n" + VALUES.tobytes()


def described(descr: str = "'<f4'", shape: str = str(SHAPE)) -> bytes:
    return header(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}")


def write(path: Path, data: bytes, method: int = zipfile.ZIP_STORED, lie: Callable | None = None) -> Path:
    """A zip file whose member a.npy has ``data``; ``lie`` changes what its directory says of it."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.npy", data)
        if lie is not None:
            lie(archive.getinfo("a.npy"))
    return path


def refusal(path: Path) -> str:
    """What both looking at the array and reading it say of it, in little memory."""
    said = set()
    for method in (NpzFile.check, NpzFile.read):
        tracemalloc.start()
        try:
            with pytest.raises(Exception) as raised, NpzFile(path) as npz:
                method(npz, "a", SHAPE)
            assert tracemalloc.get_traced_memory()[1] < 3_000_000
        finally:
            tracemalloc.stop()
        said.add(f"{'' if raised.type is Fault else 'damaged: '}{raised.value}")
    (one,) = said
    return one


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_array_is_read_whatever_surrounds_it(tmp_path: Path, method: int) -> None:
    path = write(tmp_path / "w.npz", npy_bytes(VALUES), method)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = bytes(65_535)
        archive.writestr("b.npy", b"no array at all")
        archive.writestr("a.txt", b"")
    with NpzFile(path) as npz:
        assert npz.keys == {"a", "b"}
        npz.check("a", SHAPE)
        np.testing.assert_array_equal(npz.read("a", SHAPE), VALUES)


def test_an_array_that_spans_many_pieces(tmp_path: Path) -> None:
    large = np.random.default_rng(6).standard_normal((3, 3, 128, 512))
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        with NpzFile(write(tmp_path / "w.npz", npy_bytes(large), method)) as npz:
            np.testing.assert_array_equal(npz.read("a", large.shape), large.astype(np.float32))


def test_an_array_that_unpacks_to_more_than_it_holds(tmp_path: Path) -> None:
    bomb = described() + bytes(50_000_000)
    path = write(tmp_path / "w.npz", bomb, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 60_000
    assert refusal(path) == f"has {len(bomb):,} bytes as a, expected {len(described()):,}"


def test_an_array_that_unpacks_to_more_than_the_directory_says(tmp_path: Path) -> None:
    def lie(member: zipfile.ZipInfo) -> None:
        member.file_size = len(described())

    path = write(tmp_path / "w.npz", described() + bytes(50_000_000), zipfile.ZIP_DEFLATED, lie)
    tracemalloc.start()
    try:
        with NpzFile(path) as npz, pytest.raises(zipfile.BadZipFile, match="Bad CRC-32"):
            npz.read("a", SHAPE)
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


def test_an_array_that_is_shorter_than_the_directory_says(tmp_path: Path) -> None:
    def lie(member: zipfile.ZipInfo) -> None:
        member.file_size += 100

    path = write(tmp_path / "w.npz", described()[:-100], zipfile.ZIP_DEFLATED, lie)
    with NpzFile(path) as npz, pytest.raises(ValueError, match="buffer"):
        npz.read("a", SHAPE)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (header("x" * 100_000, b"\2\0"), "damaged: EOF: reading array header, expected 100001 bytes got 4084"),
        (b"\x93NUMPY\2\0\xff\xff\xff\x7f" + bytes(100), "damaged: EOF: reading array header, expected 2147483647"),
        (b"\x93NUMPY\1\0", "damaged: EOF: reading array header length"),
        (b"PK", "damaged: EOF: reading magic string"),
        (b"", "damaged: EOF: reading magic string"),
        (header("{}", b"\4\0"), "damaged: npy version (4, 0)"),
        (header("(" * 4000), "damaged: "),
        (described(shape="(-3, -3, 4, 8)"), "has a of shape [-3, -3, 4, 8], expected [3, 3, 4, 8]"),
        (described(shape="(3, 3, 0, 8)"), "has a of shape [3, 3, 0, 8], expected [3, 3, 4, 8]"),
        (described(shape="()"), "has a of shape [], expected [3, 3, 4, 8]"),
        (described(shape="[3, 3, 4, 8]"), "damaged: shape is not valid: [3, 3, 4, 8]"),
        (described(shape="(3, 3, 4, 8.0)"), "damaged: shape is not valid: (3, 3, 4, 8.0)"),
        (described(shape="288"), "damaged: shape is not valid: 288"),
        (described("'<f16'"), "16"),  # which not all processors have
        (described("'<c8'"), "has complex64 as a, not floating-point numbers of 16 to 64 bits"),
        (described("[('x', '<f4')]"), "has [('x', '<f4')] as a, not floating-point numbers of 16 to 64 bits"),
        (described("('<f4', (9999,))"), "not floating-point numbers of 16 to 64 bits"),
        (described("'|O'"), "has pickled objects as a, which could run code and are refused"),
        (described("'<f8'"), f"has {len(described()):,} bytes as a, expected {len(described()) + VALUES.nbytes:,}"),
    ],
    ids=lambda value: value[-40:] if isinstance(value, str) else "",
)
def test_headers_that_are_not_believed(tmp_path: Path, data: bytes, fault: str) -> None:
    assert fault in refusal(write(tmp_path / "w.npz", data))


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        (zipfile.ZIP_BZIP2, "has a compressed in another way than numpy.savez_compressed does"),
        (zipfile.ZIP_LZMA, "has a compressed in another way than numpy.savez_compressed does"),
        (None, "has a encrypted"),
    ],
)
def test_ways_of_packing_that_are_refused(tmp_path: Path, method: int | None, fault: str) -> None:
    def encrypt(member: zipfile.ZipInfo) -> None:
        member.flag_bits |= 1

    lie = encrypt if method is None else None
    assert refusal(write(tmp_path / "w.npz", npy_bytes(VALUES), method or zipfile.ZIP_STORED, lie)) == fault


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_arrays_of_one_name(tmp_path: Path) -> None:
    path = write(tmp_path / "w.npz", npy_bytes(VALUES))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a.npy", npy_bytes(2 * VALUES))
    assert refusal(path) == "has two arrays of one name"


def test_a_directory_of_a_million_arrays(tmp_path: Path) -> None:
    entries, end = b"PK\1\2" + bytes(42), struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 46_000_000, 0, 0)
    (tmp_path / "w.npz").write_bytes(entries * 1_000_000 + end)
    assert refusal(tmp_path / "w.npz") == "damaged: its directory takes 46,000,000 bytes"


def test_the_format_of_numpy_is_the_one_that_is_described() -> None:
    assert npy.read_magic(io.BytesIO(npy_bytes(VALUES))) == (1, 0)
    assert len(npy_bytes(VALUES)) - VALUES.nbytes == 128
