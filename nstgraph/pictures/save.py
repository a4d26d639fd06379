"""Pictures out: to files, in the format of the extension, or to bytes."""

from __future__ import annotations

import io
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from nstgraph.arrays import Array
from nstgraph.files import writing
from nstgraph.pictures.deep_png import deep_png
from nstgraph.pictures.formats import FORMATS, Format, check_encoding, check_holds, format_of
from nstgraph.pictures.profile import from_srgb, srgb_profile

__all__ = ["encode", "save"]


def save(
    path: str | os.PathLike[str],
    image: Array,
    *,
    alpha: Array | None = None,
    metadata: Mapping[str, str] | None = None,
    profile: bytes | None = None,
    depth: int = 8,
    quality: int | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a picture, in the format of the extension: PNG, JPEG, WebP, TIFF or BMP; arguments as for `encode`.

    Returns:
        ``path``. A file that was there is replaced once the new one is complete, and kept after any error.

    Raises:
        OutputError: the format cannot be written, not in that depth or quality, or cannot hold a picture this large;
            the file exists and ``overwrite`` is false, its folder does not, or writing failed.
    """
    target = Path(path)
    check_encoding(target, depth, quality)
    check_holds(target, (image.shape[1], image.shape[2]))
    data = encode(
        image, format_of(target), alpha=alpha, metadata=metadata, profile=profile, depth=depth, quality=quality
    )
    with writing(target, overwrite=overwrite) as file:
        file.write(data)
    return target


def encode(
    image: Array,
    form: Format = FORMATS[0],
    *,
    alpha: Array | None = None,
    metadata: Mapping[str, str] | None = None,
    profile: bytes | None = None,
    depth: int = 8,
    quality: int | None = None,
) -> bytes:
    """A picture as the bytes of a file; a PNG unless another format is given.

    Args:
        image: [1, height, width, 3], float, 0..255; clipped and rounded.
        form: one of ``FORMATS`` that can be written.
        alpha: [height, width], float, 0..1. Where the format has none, the picture is laid over white.
        metadata: goes into PNG (one text chunk for each; keys are 1 to 79 Latin-1 characters) and TIFF (as
            JSON in ImageDescription); the other formats go without.
        profile: the colour profile (ICC) that the picture is to have. It is converted into it, and carries it; where
            that cannot be, as in 16 bits, it stays in sRGB, and carries sRGB's. BMP carries none, and is sRGB.
        depth: bits a channel: 8, or 16 where the format has them.
        quality: 1..100, of formats that are lossy; None is 95.
    """
    planes = image[0]
    if alpha is not None and not form.alpha:
        cover = np.clip(alpha, 0, 1)[:, :, np.newaxis]
        planes = np.clip(planes, 0, 255) * cover + 255 * (1 - cover)
    elif alpha is not None:
        planes = np.concatenate([planes, 255 * alpha[:, :, np.newaxis]], axis=2)
    if depth == 16:
        deep = np.rint(np.clip(planes, 0, 255) * np.float32(257)).astype(np.uint16)
        return deep_png(deep, _chunks(metadata or {}, None if profile is None else srgb_profile()))
    pixels = Image.fromarray(np.clip(np.rint(planes), 0, 255).astype(np.uint8))
    options = {**form.options, **_about(form, metadata or {})}
    if profile is not None and form.profile:
        pixels, options["icc_profile"] = from_srgb(pixels, profile)
    if quality is not None:
        options["quality"] = quality
    # By way of memory: Pillow takes a file that was cut short by a full disk for a good one.
    buffer = io.BytesIO()
    pixels.save(buffer, form.name, **options)
    return buffer.getvalue()


def _about(form: Format, metadata: Mapping[str, str]) -> dict[str, Any]:
    if form.name == "PNG":
        return {"pnginfo": _texts(metadata)}
    if form.name == "TIFF" and metadata:
        return {"tiffinfo": {270: json.dumps(dict(metadata))}}
    return {}


def _texts(metadata: Mapping[str, str]) -> PngImagePlugin.PngInfo:
    chunks = PngImagePlugin.PngInfo()
    for key, value in metadata.items():
        # Pillow makes it an iTXt chunk when it does not fit into Latin-1.
        chunks.add_text(key, value)
    return chunks


def _chunks(metadata: Mapping[str, str], profile: bytes | None) -> list[tuple[bytes, bytes]]:
    """What Pillow would put before the pixels of a PNG."""
    texts = [(name, content) for name, content, *_ in _texts(metadata).chunks]
    return texts if profile is None else [(b"iCCP", b"ICC Profile\0\0" + zlib.compress(profile)), *texts]
