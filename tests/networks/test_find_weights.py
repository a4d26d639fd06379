"""Where weights files are looked for, and in which order."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nstgraph.errors import WeightsError
from nstgraph.networks.find_weights import candidates, find_weights

KERAS = "vgg{}_weights_tf_dim_ordering_tf_kernels_notop.h5"


def save(path: Path, arrays: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **arrays)
    return path


def test_places_in_order(empty_folder: Path, arrays: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_weights().source == "the embedded weights"
    cached = save(empty_folder / "cache" / "nstgraph" / "vgg16_weights.npz", arrays)
    assert find_weights().path == cached
    save(empty_folder / "vgg" / "vgg16_weights.npz", arrays)
    assert find_weights().path == Path("vgg", "vgg16_weights.npz")
    monkeypatch.setenv("NSTGRAPH_WEIGHTS", "")
    assert find_weights().path == Path("vgg", "vgg16_weights.npz")
    monkeypatch.setenv("NSTGRAPH_WEIGHTS", str(save(empty_folder / "variable.npz", arrays)))
    assert find_weights().path == empty_folder / "variable.npz"
    assert find_weights(str(save(empty_folder / "given.npz", arrays))).path == empty_folder / "given.npz"
    cached.unlink()
    assert [(place.path.name, place.exists) for place in candidates("none.npz")] == [
        ("none.npz", False), ("variable.npz", True), ("vgg16_weights.npz", True),
        ("vgg16_weights.npz", False), (KERAS.format(16), False), (KERAS.format(19), False), ("compact_vgg.npz", True),
    ]  # fmt: skip


def test_order_in_the_cache(empty_folder: Path, arrays: Any) -> None:
    cache = empty_folder / "cache" / "nstgraph"
    cache.mkdir(parents=True)
    for name in (KERAS.format(19), KERAS.format(16), "vgg16_weights.npz"):
        save(cache / "w.npz", arrays).rename(cache / name)
        assert find_weights().path == cache / name


def test_named_and_damaged_files_are_not_passed_over(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match=r"^none\.npz does not exist"):
        find_weights("none.npz")
    (empty_folder / "vgg").mkdir()
    (empty_folder / "vgg" / "vgg16_weights.npz").write_bytes(b"PK")
    with pytest.raises(WeightsError, match=r"vgg16_weights\.npz is cut short"):
        find_weights()
    monkeypatch.setenv("NSTGRAPH_WEIGHTS", "gone.npz")
    with pytest.raises(WeightsError, match=r"^\$NSTGRAPH_WEIGHTS names gone\.npz, which does not exist"):
        find_weights()


def test_weights_that_nobody_asked_for_are_said_to_be_so(empty_folder: Path, arrays: Any) -> None:
    unasked = "found in the folder vgg here, unasked; --weights, or weights= in Python, chooses another file"
    path = save(empty_folder / "vgg" / "vgg16_weights.npz", arrays)
    assert find_weights().source == f"{Path('vgg', 'vgg16_weights.npz')}, {unasked}"
    assert find_weights(path).source == str(path)  # somebody did
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conv1_1_W.npy", b"")
        archive.writestr("conv1_1_b.npy", b"")
    with pytest.raises(WeightsError, match=rf"vgg16_weights\.npz is damaged in conv1_1 .* \({re.escape(unasked)}\)$"):
        find_weights()
    with pytest.raises(WeightsError, match=r"fetch vgg16$"):
        find_weights(path)
