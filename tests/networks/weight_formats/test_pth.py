"""State dicts as PyTorch saves them, and what of others is refused."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from written_weights import Call, pickled, write_old_pth, write_pth

from nstgraph.networks.weight_formats.arrays import Fault
from nstgraph.networks.weight_formats.pth import BEGINNING, pth_arrays

RANDOM = np.random.default_rng(1)
TENSORS = {
    "features.0.weight": RANDOM.standard_normal((6, 3, 3, 3)).astype(np.float32),
    "features.0.bias": RANDOM.standard_normal(6).astype(np.float16),
    "double": RANDOM.standard_normal((2, 5)),
    "steps": np.array([7]),
}


@pytest.mark.parametrize("write", [write_pth, write_old_pth])
def test_tensors_by_name(tmp_path: Path, write: Callable[..., Path]) -> None:
    path = write(tmp_path / "w.pth", TENSORS)
    assert path.read_bytes().startswith(BEGINNING) == (write is write_old_pth)
    arrays = pth_arrays(path)
    assert set(arrays.keys) == set(TENSORS)
    for name in ("features.0.weight", "features.0.bias", "double"):
        assert arrays.check(name, TENSORS[name].shape) == str(TENSORS[name].dtype)
        np.testing.assert_array_equal(arrays.read(name, TENSORS[name].shape), TENSORS[name].astype(np.float32))
    with pytest.raises(Fault, match="has long as steps, not floating-point"):
        arrays.read("steps", (1,))


@pytest.mark.parametrize("old", [False, True])
def test_what_pytorch_itself_writes(tmp_path: Path, old: bool) -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch, the extra train")
    whole = torch.arange(40, dtype=torch.float32)
    tensors = {name: torch.tensor(array) for name, array in TENSORS.items()}
    state = {**tensors, "view": whole[8:20].view(3, 4), "whole": torch.nn.Parameter(whole)}
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
    state |= {f"model.{name}": value for name, value in model.state_dict().items()}
    torch.save(state, tmp_path / "w.pth", _use_new_zipfile_serialization=not old)
    arrays = pth_arrays(tmp_path / "w.pth")
    assert set(arrays.keys) == set(state)
    for name in state.keys() - {"steps"}:
        expected = state[name].detach().numpy()
        np.testing.assert_array_equal(arrays.read(name, expected.shape), expected.astype(np.float32))
    torch.save(model.state_dict(), tmp_path / "w.pth", _use_new_zipfile_serialization=not old)
    assert set(pth_arrays(tmp_path / "w.pth").keys) == {"0.weight", "0.bias"}
    torch.save({"x": whole.view(8, 5).t()}, tmp_path / "w.pth", _use_new_zipfile_serialization=not old)
    with pytest.raises(Fault, match="numbers are not in order"):
        pth_arrays(tmp_path / "w.pth")
    torch.save(model, tmp_path / "w.pth", _use_new_zipfile_serialization=not old)
    with pytest.raises(Fault, match=r"could run code and is refused|no weights need"):
        pth_arrays(tmp_path / "w.pth")


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(path: Path, changed: dict[str, bytes | None], **how: Any) -> Path:
    kept = {name: data for name, data in {**members(path), **changed}.items() if data is not None}
    with zipfile.ZipFile(path, "w", **how) as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(Fault) as raised:
        pth_arrays(path).read("features.0.weight", (6, 3, 3, 3))
    return str(raised.value)


def test_zips_that_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    assert "numbers are missing" in refusal(rewritten(write_pth(path, TENSORS), {"archive/data/0": None}))
    assert "of another length" in refusal(rewritten(write_pth(path, TENSORS), {"archive/data/0": bytes(7)}))
    assert "compressed" in refusal(rewritten(write_pth(path, TENSORS), {}, compression=zipfile.ZIP_DEFLATED))
    longer = bytes(300_000)
    assert "has a pickle of 300,000 bytes" in refusal(rewritten(write_pth(path, TENSORS), {"archive/data.pkl": longer}))
    code = {"features.0.weight": Call("os", "system", "touch sprung")}
    assert "os.system" in refusal(rewritten(write_pth(path, TENSORS), {"archive/data.pkl": pickled(code)}))
    assert "holds no state dict" in refusal(rewritten(write_pth(path, TENSORS), {"archive/data.pkl": pickled([1])}))
    swapped = {"archive/byteorder": b"big", "archive/data/0": TENSORS["features.0.weight"].astype(">f4").tobytes()}
    arrays = pth_arrays(rewritten(write_pth(path, TENSORS), swapped))
    np.testing.assert_array_equal(arrays.read("features.0.weight", (6, 3, 3, 3)), TENSORS["features.0.weight"])


def test_old_files_that_are_refused(tmp_path: Path) -> None:
    data = write_old_pth(tmp_path / "w.pth", {"features.0.weight": TENSORS["features.0.weight"]}).read_bytes()
    (tmp_path / "w.pth").write_bytes(data[:-10])
    assert refusal(tmp_path / "w.pth") == "is cut short in features.0.weight"
    (tmp_path / "w.pth").write_bytes(data.replace(b"OrderedDict", b"OrderedDuck"))
    assert "asks for collections.OrderedDuck" in refusal(tmp_path / "w.pth")
    (tmp_path / "w.pth").write_bytes(data.replace(b"K\xa2", b"K\xa1"))  # of 162 numbers
    assert "larger than its numbers" in refusal(tmp_path / "w.pth")


@pytest.mark.parametrize("storage", [1, ("storage",), ("module", 1, 2, 3, 4), ("storage", 1, "0", "cpu", 4)])
def test_storages_that_are_none(tmp_path: Path, storage: Any) -> None:
    path = write_pth(tmp_path / "w.pth", TENSORS)
    state = {"a": Call("torch._utils", "_rebuild_tensor_v2", storage, 0, (1,), (1,), False, None)}
    with pytest.raises(Fault, match="a tensor that is damaged"):
        pth_arrays(rewritten(path, {"archive/data.pkl": pickled(state)}))
    data = pickled(storage)[:-1] + b"Q."
    with pytest.raises(Exception, match=r"a storage that is damaged|subscript|not enough values"):
        pth_arrays(rewritten(path, {"archive/data.pkl": data}))


def test_a_directory_that_claims_too_much(tmp_path: Path) -> None:
    path = write_pth(tmp_path / "w.pth", TENSORS)
    data = bytearray(path.read_bytes())
    end = data.rindex(b"PK\5\6")
    data[end + 12 : end + 16] = struct.pack("<I", 2**31)
    path.write_bytes(bytes(data))
    with pytest.raises(zipfile.BadZipFile):
        pth_arrays(path)
