"""HDF5 files as h5py and Keras write them, and what of others is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nstgraph.networks.weight_formats.arrays import Fault
from nstgraph.networks.weight_formats.hdf5 import hdf5_arrays
from nstgraph.networks.weights_file import WeightsFile

VALUES = np.random.default_rng(1).standard_normal((3, 3, 4, 8))


def write(path: Path, sets: dict[str, Any], **how: Any) -> Path:
    with h5py.File(path, "w", **how) as file:
        for name, given in sets.items():
            file.create_dataset(name, **given) if isinstance(given, dict) else file.create_dataset(name, data=given)
    return path


@pytest.mark.parametrize("kind", ["<f2", "<f4", ">f4", "<f8", ">f8"])
def test_arrays_by_path(tmp_path: Path, kind: str) -> None:
    stored = VALUES.astype(kind)
    arrays = hdf5_arrays(write(tmp_path / "w.h5", {"a": stored, "b/c/d:0": stored[0], "b/e": np.arange(3)}))
    assert set(arrays.keys) == {"a", "b/c/d:0", "b/e"}
    assert arrays.check("a", VALUES.shape) == np.dtype(kind).newbyteorder("=").name
    np.testing.assert_array_equal(arrays.read("a", VALUES.shape), stored.astype(np.float32))
    np.testing.assert_array_equal(arrays.read("b/c/d:0", VALUES.shape[1:]), stored[0].astype(np.float32))
    with pytest.raises(Fault, match="as b/e, not floating-point numbers"):
        arrays.read("b/e", (3,))


def test_groups_of_many_members_and_attributes(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", {f"group {n}/x": np.float32([n]) for n in range(300)})
    with h5py.File(path, "a") as file:
        for n in range(50):
            file["group 7"].attrs[f"name {n}"] = "x" * 100
    arrays = hdf5_arrays(path)
    assert len(arrays.keys) == 300
    assert all(arrays.read(f"group {n}/x", (1,)) == [n] for n in range(300))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"data": VALUES, "compression": "gzip"}, "has compressed numbers as a, not"),
        ({"data": VALUES, "chunks": (1, 3, 4, 8)}, "has numbers in pieces, or in another file, as a, not"),
        ({"shape": VALUES.shape, "dtype": "f4", "external": [("other", 0, 4 * VALUES.size)]}, "in another file, as a"),
        ({"shape": VALUES.shape, "dtype": "f4"}, "is cut short in a|has 0 bytes as a"),
        ({"data": VALUES.astype(np.complex64)}, "has a type of class 6 as a"),
        ({"data": "text"}, "has a type of class 9 as a|class 3 as a"),
        ({"data": VALUES[0]}, r"has a of shape \[3, 4, 8\], expected"),
    ],
)
def test_what_is_refused(tmp_path: Path, given: Any, fault: str) -> None:
    arrays = hdf5_arrays(write(tmp_path / "w.h5", {"a": given}))
    with pytest.raises(Fault, match=fault):
        arrays.read("a", VALUES.shape)


def test_links_are_not_followed(tmp_path: Path) -> None:
    other = write(tmp_path / "other.h5", {"x": VALUES})
    path = write(tmp_path / "w.h5", {"a/x": VALUES})
    with h5py.File(path, "a") as file:
        file["soft"] = h5py.SoftLink("/a/x")
        file["self"] = h5py.SoftLink("/")
    assert set(hdf5_arrays(path).keys) == {"a/x"}
    with h5py.File(path, "a") as file:
        file["a/outside"] = h5py.ExternalLink(str(other), "x")
    try:  # h5py may write the whole group in another way
        assert "a/outside" not in hdf5_arrays(path).keys
    except Fault as fault:
        assert "unusual" in str(fault)


def test_a_group_that_holds_itself_ends(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", {"a/x": VALUES})
    with h5py.File(path, "a") as file:
        file["a/again"] = file["/"]  # a hard link
        file["a/more"] = file["/"]
    with pytest.raises(Fault, match="has groups in an endless number"):
        hdf5_arrays(path)


def test_other_versions(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=r"is an HDF5 file of version [23], where Keras writes 0"):
        hdf5_arrays(write(tmp_path / "w.h5", {"a": VALUES}, libver="latest"))
    with pytest.raises(Fault, match="is cut short"):
        (tmp_path / "w.h5").write_bytes((tmp_path / "w.h5").read_bytes()[:90])
        hdf5_arrays(tmp_path / "w.h5")


def test_a_file_that_is_cut_short(tmp_path: Path) -> None:
    path = write(tmp_path / "w.h5", {"a": VALUES})
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(Fault, match="is cut short in a"):
        hdf5_arrays(path).read("a", VALUES.shape)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning", "ignore:You are saving")
def test_what_keras_itself_writes(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    layer = keras.layers.Conv2D(64, 3, name="block1_conv1", bias_initializer="normal")
    model = keras.Sequential([keras.layers.Input((8, 8, 3)), layer, keras.layers.MaxPooling2D(name="block1_pool")])
    model.save(tmp_path / "w.h5")
    kernel, bias = WeightsFile(tmp_path / "w.h5").read("conv1_1")
    np.testing.assert_array_equal(kernel[:, :, ::-1], layer.get_weights()[0])
    np.testing.assert_array_equal(bias, layer.get_weights()[1])
