"""Weights files of every layout, written by other programs or by hand, never by what is tested."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.io

__all__ = [
    "TORCH_16", "TORCH_19", "Call", "Global", "blue_first", "layers_of", "pickled", "torch_state", "write_keras",
    "write_mat", "write_npy", "write_old_pth", "write_pth", "write_safetensors",
]  # fmt: skip

#: Numbers of the layers of VGG16 and VGG19 among the ``features`` of torchvision's models.
TORCH_16 = {"conv1_1": 0, "conv1_2": 2, "conv2_1": 5, "conv2_2": 7, "conv3_1": 10, "conv4_1": 17, "conv5_3": 28}
TORCH_19 = {"conv1_1": 0, "conv1_2": 2, "conv2_1": 5, "conv3_4": 16, "conv4_1": 19, "conv5_4": 34}

Arrays = dict[str, Any]


def layers_of(arrays: Arrays) -> list[str]:
    return [key[:-2] for key in arrays if key.endswith("_W")]


def blue_first(arrays: Arrays) -> Arrays:
    """The same with red and blue swapped at the input."""
    kernel = arrays["conv1_1_W"]
    swapped = np.stack([kernel[:, :, 2], kernel[:, :, 1], kernel[:, :, 0]], axis=2)
    return {**arrays, "conv1_1_W": swapped}


def write_keras(path: Path, arrays: Arrays, old: bool = True, **how: Any) -> Path:
    """As Keras 1 wrote the published files, or as Keras 2 writes those of a model."""
    swapped = blue_first(arrays) if "conv1_1_W" in arrays else arrays
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"input_1"]
        file.create_group("input_1")
        for layer in layers_of(arrays):
            name = f"block{layer[4]}_conv{layer[6]}"
            group = file.create_group(name)
            for kind, stem in (("W", "kernel"), ("b", "bias")):
                key = f"{name}_{kind}_1:0" if old else f"{name}/{stem}:0"
                group.create_dataset(key, data=swapped[f"{layer}_{kind}"], **how)
            file.create_group(f"block{layer[4]}_pool{layer[6]}")
    return path


def write_npy(path: Path, arrays: Arrays) -> Path:
    swapped = blue_first(arrays) if "conv1_1_W" in arrays else arrays
    np.save(path, {layer: [swapped[f"{layer}_W"], swapped[f"{layer}_b"]] for layer in layers_of(arrays)})  # type: ignore[arg-type]
    return path


def write_mat(path: Path, arrays: Arrays, fields: bool = False, inside: bool = False, compress: bool = True) -> Path:
    """As MatConvNet publishes networks: a cell array, in a struct or not, with a cell or two fields for the arrays."""
    cells = np.empty((1, 2 * len(layers_of(arrays))), object)
    for number, layer in enumerate(layers_of(arrays)):
        kernel, bias = arrays[f"{layer}_W"], arrays[f"{layer}_b"]
        pair = np.empty((1, 2), object)
        pair[0, 0], pair[0, 1] = kernel, bias[None]
        held = {"filters": kernel, "biases": bias[:, None]} if fields else {"weights": pair}
        cells[0, 2 * number] = {**held, "pad": np.ones((1, 4)), "type": "conv", "name": layer}
        cells[0, 2 * number + 1] = {"type": "relu", "name": f"relu{layer[4:]}"}
    meta = {"classes": {"name": "tench", "number": np.arange(3)}}
    net = {"net": {"layers": cells}} if inside else {"layers": cells}
    scipy.io.savemat(path, {**meta, **net}, do_compression=compress)
    return path


def torch_state(arrays: Arrays, numbers: dict[str, int]) -> Arrays:
    state = {}
    for layer in layers_of(arrays):
        state[f"features.{numbers[layer]}.weight"] = np.einsum("hwio->oihw", arrays[f"{layer}_W"])
        state[f"features.{numbers[layer]}.bias"] = arrays[f"{layer}_b"]
    return state


def write_safetensors(path: Path, tensors: Arrays) -> Path:
    head: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    names, data = {"float16": "F16", "float32": "F32", "float64": "F64"}, b""
    for name, array in tensors.items():
        begin, data = len(data), data + np.ascontiguousarray(array).tobytes()
        head[name] = {"dtype": names[str(array.dtype)], "shape": list(array.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


class Global:
    """What is pickled as a name alone, which need not exist."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Call:
    """What is pickled as a call of such a name."""

    def __init__(self, module: str, name: str, *arguments: Any) -> None:
        self.function, self.arguments = Global(module, name), arguments


class Persistent(tuple[Any, ...]):
    """What is pickled as an identifier of something outside."""


class Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]
    """Pickles these three without calling or importing anything."""

    def persistent_id(self, value: Any) -> Any:
        return tuple(value) if isinstance(value, Persistent) else None

    def save(self, value: Any, save_persistent_id: bool = True) -> None:
        if isinstance(value, Global):
            self.write(b"c" + f"{value.module}\n{value.name}\n".encode())
        elif isinstance(value, Call):
            self.save(value.function)
            self.save(value.arguments)
            self.write(b"R")
        else:
            super().save(value, save_persistent_id)


def pickled(value: Any) -> bytes:
    Pickler(stream := io.BytesIO(), protocol=2).dump(value)
    return stream.getvalue()


def torch_pickle(tensors: Arrays, device: str = "cpu", legacy: bool = False) -> Any:
    """What ``torch.save`` pickles of a state dict."""
    pairs: OrderedDict[str, Any] = OrderedDict()
    for number, (name, array) in enumerate(tensors.items()):
        kind = {"float16": "Half", "float32": "Float", "float64": "Double", "int64": "Long"}[str(array.dtype)]
        storage = Persistent(
            ("storage", Global("torch", f"{kind}Storage"), str(number), device, array.size, *[None] * legacy)
        )
        strides = tuple(step // array.itemsize for step in np.ascontiguousarray(array).strides)
        pairs[name] = Call("torch._utils", "_rebuild_tensor_v2", storage, 0, array.shape, strides, False, OrderedDict())
    return pairs


def write_pth(path: Path, tensors: Arrays) -> Path:
    """As PyTorch writes since version 1.6."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(torch_pickle(tensors)))
        archive.writestr("archive/byteorder", "little")
        for number, array in enumerate(tensors.values()):
            archive.writestr(f"archive/data/{number}", np.ascontiguousarray(array).tobytes())
        archive.writestr("archive/version", "3\n")
    return path


def write_old_pth(path: Path, tensors: Arrays) -> Path:
    """As PyTorch wrote before."""
    about = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    keys = [str(number) for number in range(len(tensors))]
    data = [pickled(value) for value in (0x1950A86A20F9469CFC6C, 1001, about, torch_pickle(tensors, legacy=True), keys)]
    data += [struct.pack("<q", array.size) + np.ascontiguousarray(array).tobytes() for array in tensors.values()]
    path.write_bytes(b"".join(data))
    return path
