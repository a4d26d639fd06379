"""What several test modules share.

Weight files in the keys and shapes of the published vgg16_weights.npz, colour profiles,
working folders in which no weights are found but the embedded ones, a registry of a test's own,
smooth pictures, and objectives of any loss.
"""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from nstgraph import tf
from nstgraph.graph.objective import Objective
from nstgraph.graph.style_graph import StyleGraph
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.losses.loss_text import parse_loss
from nstgraph.losses.registry import Registry, registry
from nstgraph.networks.weights_file import WeightsFile, embedded
from nstgraph.pictures.resize import resize
from nstgraph.workers.address import Address
from nstgraph.workers.server import serve

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line does; for the processes that run the tests

# Input and output channels, written out rather than taken from the code under test.
CONVOLUTIONS = {
    "conv1_1": (3, 64), "conv1_2": (64, 64),
    "conv2_1": (64, 128), "conv2_2": (128, 128),
    "conv3_1": (128, 256), "conv3_2": (256, 256), "conv3_3": (256, 256),
    "conv4_1": (256, 512), "conv4_2": (512, 512), "conv4_3": (512, 512),
    "conv5_1": (512, 512), "conv5_2": (512, 512), "conv5_3": (512, 512),
}  # fmt: skip

Arrays = dict[str, npt.NDArray[np.float32]]


def _arrays(*names: str) -> Arrays:
    """He-initialised kernels [3, 3, in, out] and small biases [out]; the same at each call."""
    generator = np.random.default_rng(16)
    arrays: Arrays = {}
    for name in names:
        fan_in, out = CONVOLUTIONS[name]
        kernel = generator.standard_normal((3, 3, fan_in, out), dtype=np.float32)
        arrays[f"{name}_W"] = kernel * np.float32(np.sqrt(2 / (9 * fan_in)))
        arrays[f"{name}_b"] = generator.standard_normal(out, dtype=np.float32) * np.float32(0.01)
    return arrays


@pytest.fixture(scope="session", autouse=True)
def _fonts_are_listed_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keras imports matplotlib, where it is installed, which would leave a list of fonts in each test's cache."""
    os.environ["MPLCONFIGDIR"] = str(tmp_path_factory.mktemp("matplotlib"))


@pytest.fixture(scope="session", autouse=True)
def _modules_are_not_collected(_fonts_are_listed_elsewhere: None) -> None:
    """Let collections, of which every closed stylizer makes one, pass over what TensorFlow's import has made."""
    tf.Graph()  # which imports it
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def vgg_arrays() -> Callable[..., Arrays]:
    """Function of layer names that gives the arrays of a small weights file, by key."""
    return _arrays


@pytest.fixture(scope="session")
def vgg16_npz(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file with all 13 convolutions (59 MB) and small stand-ins for the dense layers."""
    path = tmp_path_factory.mktemp("vgg16") / "vgg16_weights.npz"
    dense = {f"fc{i}_{kind}": np.zeros((4, 4)[: 2 if kind == "W" else 1]) for i in (6, 7, 8) for kind in "Wb"}
    np.savez(path, **_arrays(*CONVOLUTIONS), **dense)
    yield path
    path.unlink()  # pytest keeps the folders of its last three runs


_WIDE_XYZ = {"r": (0.6097, 0.3111, 0.0195), "g": (0.2053, 0.6257, 0.0609), "b": (0.1492, 0.0632, 0.7446)}
_XYZ = {"r": (0.4361, 0.2225, 0.0139), "g": (0.3851, 0.7169, 0.0971), "b": (0.1431, 0.0606, 0.7141)}
_LINEAR = b"curv" + bytes(8)


def _profile(space: bytes, pcs: bytes, tags: dict[bytes, bytes]) -> bytes:
    """A small ICC v2 profile, put together by hand."""
    table, data, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(data), b"test", 0x02100000, b"scnr", space, pcs)
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3I", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + table + data


def _swapped_linear_rgb() -> bytes:
    """Red and green change places, and values are linear light."""
    tags = {f"{c}TRC".encode(): _LINEAR for c in "rgb"}
    for channel, primary in zip("rgb", "grb", strict=True):
        values = struct.pack(">3i", *(round(65536 * v) for v in _XYZ[primary]))
        tags[f"{channel}XYZ".encode()] = b"XYZ " + bytes(4) + values
    return _profile(b"RGB ", b"XYZ ", tags)


def _wide_gamut() -> bytes:
    """The primaries of Adobe RGB, and a gamma of 2.2."""
    tags = {f"{c}TRC".encode(): b"curv" + bytes(4) + struct.pack(">IH", 1, 563) for c in "rgb"}
    for channel, primary in _WIDE_XYZ.items():
        tags[f"{channel}XYZ".encode()] = b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * v) for v in primary))
    return _profile(b"RGB ", b"XYZ ", tags)


def _cyan_only_cmyk() -> bytes:
    """Cyan darkens to black; the other three inks are invisible."""
    ramp = bytes(range(256))
    corners = b"".join(bytes([0 if cyan else 255, 128, 128]) for cyan in (0, 1) for _ in range(8))
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + 4 * ramp + corners + 3 * ramp
    return _profile(b"CMYK", b"Lab ", {b"A2B0": lut})


@pytest.fixture(scope="session")
def icc_profiles() -> dict[str, bytes]:
    """Colour profiles by name, the last two of them broken."""
    return {
        "wide gamut RGB": _wide_gamut(),
        "swapped linear RGB": _swapped_linear_rgb(),
        "linear grey": _profile(b"GRAY", b"XYZ ", {b"kTRC": _LINEAR}),
        "cyan-only CMYK": _cyan_only_cmyk(),
        "cut short": _swapped_linear_rgb()[:140],
        "nonsense": b"nonsense",
    }


def _save_picture(path: str | Path, width: int, height: int, mode: str = "RGB") -> None:
    """A PNG file of 12 random colours blown up, which depend on the width; its name may end in anything."""
    colours = np.random.default_rng(width).integers(0, 256, (3, 4, len(mode)), dtype=np.uint8)
    Image.fromarray(colours).resize((width, height)).save(path, "PNG")


@pytest.fixture(scope="session")
def save_picture() -> Callable[..., None]:
    """Function of path, width, height and mode that writes a picture."""
    return _save_picture


@pytest.fixture
def empty_folder(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, empty; no weights are found but the embedded ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NSTGRAPH_WEIGHTS", raising=False)
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    return tmp_path


@pytest.fixture
def picture_folder(empty_folder: Path) -> Iterator[Path]:
    """The same with two pictures; the loss term redness of a test's plugin goes with the test."""
    _save_picture(empty_folder / "c.png", 48, 36)
    _save_picture(empty_folder / "s.png", 40, 40)
    yield empty_folder
    registry.remove("redness")


@pytest.fixture(scope="session")
def core() -> list[str]:
    """Names of the loss terms that come with nstgraph."""
    plugins = ["histogram", "laplacian", "luminance", "temporal"]
    return sorted(
        [*plugins, "coherence", "content", "moments", "palette", "photo_colors", "pixel_range", "style", "tv"]
    )


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry in the place of the global one; it goes with the test."""
    own = Registry()
    for module in ("registry", "loss_text"):
        monkeypatch.setattr(f"nstgraph.losses.{module}.registry", own)
    return own


@pytest.fixture(scope="session")
def smooth_picture() -> Callable[..., npt.NDArray[np.float32]]:
    """Function of height, width and seed that gives a picture as photos are: smooth, with some noise."""

    def picture(height: int, width: int, seed: int) -> npt.NDArray[np.float32]:
        random = np.random.default_rng(seed)
        smooth = resize(random.uniform(0, 255, (1, 6, 8, 3)).astype(np.float32), height, width)
        return (smooth + random.normal(0, 20, smooth.shape)).astype(np.float32)

    return picture


@pytest.fixture(scope="session")
def objective_of() -> Callable[..., Objective]:
    """Function that builds an objective from a loss's text, or from the function of one term, probe."""

    def build(loss: str | Callable[..., Any], **options: Any) -> Objective:
        built = parse_loss(loss) if isinstance(loss, str) else Loss(LossTerm("probe", loss, "test")().terms)
        return Objective(StyleGraph(WeightsFile(embedded()), **options), built)

    return build


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives a port of this machine that nobody uses."""

    def free_port() -> int:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            return int(listening.getsockname()[1])

    return free_port


@pytest.fixture(scope="session")
def servers(free_port: Callable[[], int]) -> list[str]:
    """Addresses of two servers in this process, which are there until it ends."""
    ports = [free_port() for _ in range(2)]
    for port in ports:
        serve(Address("127.0.0.1", port))
    return [f"127.0.0.1:{port}" for port in ports]


@pytest.fixture
def files_end_at() -> Callable[[int], AbstractContextManager[None]]:
    """Function that gives a context in which no file of this process grows beyond so many bytes, as on a full disk."""
    resource = pytest.importorskip("resource", reason="needs the limits of Unix")

    @contextlib.contextmanager
    def files_end_at(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return files_end_at
