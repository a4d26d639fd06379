"""What a safetensors file may claim, and what is believed of it."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_weights import write_safetensors

from nstgraph.networks.weight_formats.arrays import Fault
from nstgraph.networks.weight_formats.safetensors import is_safetensors, safetensors_arrays

VALUES = np.random.default_rng(1).standard_normal((3, 4))


def write(path: Path, header: Any, data: bytes = bytes(96)) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_tensors_by_name(tmp_path: Path, kind: str) -> None:
    tensors = {"b": np.zeros(5, kind), "a": VALUES.astype(kind)}
    path = write_safetensors(tmp_path / "w", tensors)
    assert is_safetensors(path.read_bytes()[:512], path.stat().st_size)
    arrays = safetensors_arrays(path)
    assert set(arrays.keys) == {"a", "b"} and arrays.check("a", (3, 4)) == kind
    np.testing.assert_array_equal(arrays.read("a", (3, 4)), VALUES.astype(kind).astype(np.float32))


def entry(**changed: Any) -> dict[str, Any]:
    return {"a": {"dtype": "F32", "shape": [3, 4], "data_offsets": [0, 48], **changed}}


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (entry(dtype="BF16"), "has BF16 as a, not floating-point"),
        (entry(shape=[4, 3]), "has a of shape [4, 3], expected [3, 4]"),
        (entry(data_offsets=[0, 40]), "has 40 bytes as a, expected 48"),
        (entry(data_offsets=[60, 108]), "is cut short, or damaged in a"),
        (entry(data_offsets=[48, 0]), "is cut short, or damaged in a"),
        (entry(data_offsets=[-8, 40]), "is cut short, or damaged in a"),
        (entry(shape=[3.0, 4]), "is cut short, or damaged in a"),
        ([1], "has a header that is no table"),
        (b'{"a": 1, "a": 2}', "has two tensors of one name"),
        (b"[" * 100_000, None),
        (b"{" + b" " * 2_000_000, "has a header of 2,000,001 bytes"),
        (b'{"a": 1}', None),
    ],
)
def test_claims(tmp_path: Path, header: Any, fault: str | None) -> None:
    with pytest.raises(Exception) as raised:
        safetensors_arrays(write(tmp_path / "w", header)).read("a", (3, 4))
    assert fault is None or (raised.type is Fault and fault in str(raised.value))


def test_what_is_not_taken_for_one() -> None:
    head = struct.pack("<Q", 100) + b'{"'
    assert is_safetensors(head, 200)
    assert not is_safetensors(head, 107) and not is_safetensors(head[:8], 200) and not is_safetensors(b"x" * 20, 200)
