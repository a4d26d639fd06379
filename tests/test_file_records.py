"""Files that are known by their hashes: where they are looked for, and what is passed over."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from nstgraph.errors import ConfigError
from nstgraph.file_records import FileRecord
from nstgraph.hashes import hash_of, with_hash

SHA256 = hashlib.sha256(b"picture").hexdigest()


def test_a_file_is_found_at_its_path_then_beside_the_result_then_here(empty_folder: Path) -> None:
    result, first = empty_folder / "results", empty_folder / "first"
    for folder in (result, first):
        folder.mkdir()
    places = [first / "a.png", result / "a.png", empty_folder / "a.png"]
    for path in places:
        path.write_bytes(b"picture")
    record = FileRecord("first/a.png", SHA256)
    for place in places:
        found = record.find(result)
        assert found is not None and found.resolve() == place
        place.write_bytes(b"another")
    assert record.find(result) is None
    (empty_folder / "a.png").write_bytes(b"picture")
    assert record.find() == Path("a.png") == FileRecord(r"C:\pictures\a.png", SHA256).find()


@pytest.mark.parametrize("path", [None, "//machine/share/a.png", r"\\machine\share\a.png", "a\0b", ".", "..", "fifo"])
def test_what_is_never_looked_at(empty_folder: Path, path: str | None) -> None:
    (empty_folder / "a.png").write_bytes(b"picture")
    os.mkfifo("fifo")
    assert FileRecord(path, SHA256).find() is None


@pytest.mark.parametrize(
    "record",
    [None, 3, [], {}, {"path": "a"}, {"path": "a", "sha256": SHA256, "x": 1}, {"path": "", "sha256": SHA256},
     {"path": "a", "sha256": SHA256.upper()}, {"path": "a", "sha256": None}, {"path": ["a"], "sha256": SHA256}],
)  # fmt: skip
def test_what_is_no_record(record: Any) -> None:
    with pytest.raises(ConfigError, match="the record of the photo "):
        FileRecord.read(record, "the photo")


def test_a_record_is_read_back() -> None:
    for path in (None, "a b.png"):
        assert FileRecord.read(FileRecord(path, SHA256).as_json(), "it") == FileRecord(path, SHA256)
    assert str(FileRecord("a.png", SHA256)) == f"a.png (SHA-256 {SHA256[:12]}...)"


def test_files_that_cannot_be_read_or_are_too_large_are_passed_over(
    empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = empty_folder / "a.png"
    path.write_bytes(b"picture")
    assert hash_of(path) == SHA256 and with_hash(SHA256, [Path("gone"), path]) == path
    monkeypatch.setattr("nstgraph.hashes._LARGEST", 6)
    assert with_hash(SHA256, [path]) is None
