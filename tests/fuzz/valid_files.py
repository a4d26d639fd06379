"""Small valid files, of every kind that is read: what the damaged ones are made from."""

from __future__ import annotations

import io
import json
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, features

from nstgraph import tf
from nstgraph.pictures.formats import FORMATS
from nstgraph.pictures.save import encode

sys.path.append(str(Path(__file__).parents[1] / "networks"))  # which the processes of cases have not
from written_weights import (
    TORCH_16,
    torch_state,
    write_keras,
    write_mat,
    write_npy,
    write_old_pth,
    write_pth,
    write_safetensors,
)

__all__ = [
    "RECORD",
    "SETTINGS",
    "SIDES",
    "TOML",
    "carrying",
    "networks",
    "other_weights",
    "pictures",
    "settings",
    "tiff",
    "weights",
]

#: Width and height of the pictures, which nothing else in them equals.
SIDES = (53, 37)

_PIXELS = np.random.default_rng(0).integers(0, 256, (SIDES[1], SIDES[0], 4), dtype=np.uint8)

#: What a picture carries.
SETTINGS = json.dumps({
    "loss": "0.25*content:layer=conv3_1 style:layers=conv1_1+conv2_1", "size": 96, "style_scale": 1.5, "tile": 64,
    "init": "noise", "seed": 7, "bounds": True, "weights": None, "network": None, "weights_sha256": "0" * 64,
    "nstgraph": "0.1.0", "tensorflow": "2.16.1", "scipy": "1.11.0", "stages": ["96x72"],
})  # fmt: skip

#: What a picture says of what it was made from.
RECORD = json.dumps({
    "content": {"path": "photo.jpg", "sha256": "1" * 64}, "styles": [{"path": None, "sha256": "2" * 64}],
    "starts": [{"path": "../start.png", "sha256": "3" * 64}], "plugins": [{"path": "/a/mine.py", "sha256": "4" * 64}],
    "changed_weights": [[0, {"tv": 0.5}], [3, {"tv": 1}]], "steps_taken": 5, "resumed": False,
})  # fmt: skip

#: A file of settings.
TOML = """
# of a series
size = 96
style_scale = 1.5
tile = 64
loss = ["0.25*content:layer=conv3_1", 'style:layers=conv1_1+conv2_1']
init = "noise"
seed = 7
bounds = true

[outputs]
compare = true
"""

#: What follows the first picture of an animation.
_OTHERS = [Image.fromarray(255 - _PIXELS[:, :, :3]), Image.fromarray(_PIXELS[::-1, :, :3])]


def pictures() -> list[tuple[str, bytes]]:
    """The extension and the bytes of each picture."""
    color, clear = Image.fromarray(_PIXELS[:, :, :3]), Image.fromarray(_PIXELS)
    grey, deep = color.convert("L"), Image.fromarray(_PIXELS[:, :, 0].astype(np.uint16) * 257)
    floats, few = Image.fromarray(_PIXELS[:, :, 0].astype(np.float32)), color.quantize(32)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = Image.Exif()
    turned[274] = 6
    several = {"save_all": True}
    made = [
        ("png", color, {"exif": turned}), ("png", clear, {"icc_profile": profile}), ("png", grey.convert("1"), {}),
        ("png", few, {"transparency": bytes(range(32))}), ("png", deep, {}), ("png", color, several),
        ("jpg", color, {"exif": turned}), ("jpg", color, {"progressive": True, "icc_profile": profile}),
        ("jpg", color.convert("CMYK"), {}), ("jpg", grey, {"restart_marker_blocks": 2}), ("mpo", color, several),
        ("webp", color, {"exif": turned}), ("webp", clear, {"lossless": True}), ("webp", clear, {}),
        ("webp", color, several),
        ("tif", color, {}), ("tif", clear, {"compression": "tiff_lzw", "icc_profile": profile}),
        ("tif", grey, {"compression": "packbits"}), ("tif", color, {"compression": "jpeg"}),
        ("tif", grey.convert("1"), {"compression": "group4"}), ("tif", floats, {"compression": "tiff_adobe_deflate"}),
        ("tif", deep, {}), ("tif", color.convert("YCbCr"), {"compression": "jpeg"}), ("tif", color, several),
        ("bmp", color, {}), ("bmp", few, {}), ("bmp", clear, {}),
        ("gif", few, {}), ("gif", few, {**several, "transparency": 3}),
        ("jp2", color, {}), ("jp2", deep, {}), ("j2k", clear, {"tile_size": (32, 32)}),
        ("ppm", color, {}), ("pgm", deep, {}), ("pbm", grey.convert("1"), {}), ("pfm", floats, {}),
        ("tga", clear, {"compression": "tga_rle"}), ("tga", few, {}),
    ]  # fmt: skip
    if features.check("avif"):
        made += [("avif", clear, {"speed": 10, "exif": turned}), ("avif", color, {**several, "speed": 10})]
    plain = b"P3\n%d %d\n255\n" % SIDES + b" ".join(b"%d" % value for value in _PIXELS[:, :, :3].reshape(-1))
    own = [("ppm", plain), ("tif", tiff(SIDES, (64, 48))), ("tif", tiff(SIDES, (64, 48), compression=8))]
    return [(extension, _encoded(image, extension, how)) for extension, image, how in made] + own


def _encoded(image: Image.Image, extension: str, how: dict[str, Any]) -> bytes:
    stream = io.BytesIO()
    stream.name = f"a.{extension}"
    # Copies, as saving leaves settings behind in an image.
    image.copy().save(stream, **how, append_images=[other.copy() for other in _OTHERS] if "save_all" in how else [])
    return stream.getvalue()


def settings() -> list[tuple[str, bytes]]:
    """The extension and the bytes of pictures that carry `SETTINGS`."""
    return [(extension, carrying(extension, SETTINGS)) for extension in ("png", "tif")]


def carrying(extension: str, text: str) -> bytes:
    """A picture that carries a text as settings."""
    (form,) = [form for form in FORMATS if f".{extension}" in form.suffixes]
    return encode(_PIXELS[np.newaxis, :, :, :3], form, metadata={"Software": "nstgraph", "nstgraph": text})


def tiff(size: tuple[int, int], tile: tuple[int, int], compression: int = 1, data: bytes = bytes(100)) -> bytes:
    """A grey TIFF in tiles, each of which is ``data``, compressed or not; width and height come first."""
    across, down = (-(-whole // part) for whole, part in zip(size, tile, strict=True))
    count = across * down
    tags = [(256, size[0]), (257, size[1]), (258, 8), (259, compression), (262, 1), (277, 1), (322, tile[0]),
            (323, tile[1]), (324, 0), (325, 0)]  # fmt: skip
    after = 8 + 2 + 12 * len(tags) + 4
    table, end = b"", after + 8 * count
    for tag, value in tags:
        if tag < 324:
            table += struct.pack("<HHII", tag, 4, 1, value)
        else:  # offsets, then lengths
            single = end if tag == 324 else len(data)
            table += struct.pack("<HHII", tag, 4, count, single if count == 1 else after + 4 * count * (tag - 324))
    places = struct.pack(f"<{2 * count}I", *[end] * count, *[len(data)] * count)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + table + bytes(4) + places + data


def weights() -> list[bytes]:
    """Weights files of one and of two layers, compressed and not, in several types of numbers."""
    chance = np.random.default_rng(1)
    arrays = {"conv1_1_W": chance.standard_normal((3, 3, 3, 64)), "conv1_1_b": chance.standard_normal(64)}
    more = {"conv1_2_W": np.zeros((3, 3, 64, 64), np.float16), "conv1_2_b": np.zeros(64, np.float16)}
    files = []
    for save, given in [(np.savez, arrays), (np.savez_compressed, arrays), (np.savez_compressed, {**arrays, **more})]:
        for kind in (np.float16, np.float32):
            stream = io.BytesIO()
            save(stream, **{name: array.astype(kind) for name, array in given.items()})
            files.append(stream.getvalue())
    return files


def other_weights() -> list[bytes]:
    """Weights files of one layer in each format but npz."""
    chance = np.random.default_rng(2)
    kernel, bias = (chance.standard_normal(shape).astype(np.float32) for shape in ((3, 3, 3, 64), (64,)))
    arrays = {"conv1_1_W": kernel, "conv1_1_b": bias}
    state = torch_state(arrays, TORCH_16)
    writers: list[Callable[[Path], Path]] = [
        lambda path: write_keras(path, arrays),
        lambda path: write_npy(path, arrays),
        lambda path: write_mat(path, arrays),
        lambda path: write_mat(path, arrays, compress=False),
        lambda path: write_safetensors(path, state),
        lambda path: write_pth(path, state),
        lambda path: write_old_pth(path, state),
    ]
    with tempfile.TemporaryDirectory() as folder:
        return [write(Path(folder, "w.npy")).read_bytes() for write in writers]


def networks() -> list[bytes]:
    """Frozen graphs: of convolutions, pools and what else networks compute."""
    return [_frozen(pool, channels) for pool in (tf.nn.max_pool2d, tf.nn.avg_pool2d) for channels in (2, 5)]


def _frozen(pool: Any, channels: int) -> bytes:
    random = np.random.default_rng(channels)
    with tf.Graph().as_default() as graph:
        maps = tf.placeholder(tf.float32, [1, None, None, 3], "photo") - np.float32([123.68, 116.779, 103.939])
        for name in ("a", "b", "c"):
            kernel = random.standard_normal((3, 3, int(maps.shape[-1]), channels)).astype(np.float32)
            maps = tf.nn.conv2d(maps, tf.constant(kernel), 1, "SAME", name=f"{name}/convolution")
            maps = tf.nn.relu(tf.nn.bias_add(maps, np.zeros(channels, np.float32)), name=f"{name}/relu")
            parts = tf.split(maps, 2, axis=1) if name == "b" and channels == 2 else [maps]
            maps = pool(tf.concat(parts, 1), 2, 2, "SAME", name=f"{name}/pool")
        return bytes(graph.as_graph_def().SerializeToString())
