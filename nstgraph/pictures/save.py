"""Pictures out: to files, in the format of the extension, or to bytes."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from nstgraph.arrays import Array
from nstgraph.errors import OutputError
from nstgraph.files import writing
from nstgraph.pictures.formats import FORMATS, Format, format_of

__all__ = ["encode", "save"]


def save(
    path: str | os.PathLike[str],
    image: Array,
    *,
    alpha: Array | None = None,
    metadata: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a picture, in the format of the extension: PNG, JPEG, WebP, TIFF or BMP; arguments as for `encode`.

    Returns:
        ``path``. A file that was there is replaced once the new one is complete, and kept after any error.

    Raises:
        OutputError: the format cannot be written or cannot hold a picture this large, the file exists and
            ``overwrite`` is false, its folder does not, or writing failed.
    """
    target = Path(path)
    form = format_of(target)
    longest = max(image.shape[1:3])
    if form.longest is not None and longest > form.longest:
        raise OutputError(
            f"cannot write {target}: {longest} pixels on a side are too many for {form.name}, which has at most "
            f"{form.longest}; choose .png"
        )
    with writing(target, overwrite=overwrite) as file:
        file.write(encode(image, form, alpha=alpha, metadata=metadata))
    return target


def encode(
    image: Array, form: Format = FORMATS[0], *, alpha: Array | None = None, metadata: Mapping[str, str] | None = None
) -> bytes:
    """A picture as the bytes of a file; a PNG unless another format is given.

    Args:
        image: [1, height, width, 3], float, 0..255; clipped and rounded to 8 bits.
        form: one of ``FORMATS`` that can be written.
        alpha: [height, width], float, 0..1. Where the format has none, the picture is laid over white.
        metadata: goes into PNG (one text chunk for each; keys are 1 to 79 Latin-1 characters) and TIFF (as
            JSON in ImageDescription); the other formats go without.
    """
    planes = image[0]
    if alpha is not None and not form.alpha:
        cover = np.clip(alpha, 0, 1)[:, :, np.newaxis]
        planes = np.clip(planes, 0, 255) * cover + 255 * (1 - cover)
    elif alpha is not None:
        planes = np.concatenate([planes, 255 * alpha[:, :, np.newaxis]], axis=2)
    pixels = Image.fromarray(np.clip(np.rint(planes), 0, 255).astype(np.uint8))
    # By way of memory: Pillow takes a file that was cut short by a full disk for a good one.
    buffer = io.BytesIO()
    pixels.save(buffer, form.name, **form.options, **_about(form, metadata or {}))
    return buffer.getvalue()


def _about(form: Format, metadata: Mapping[str, str]) -> dict[str, Any]:
    if form.name == "PNG":
        chunks = PngImagePlugin.PngInfo()
        for key, value in metadata.items():
            # Pillow makes it an iTXt chunk when it does not fit into Latin-1.
            chunks.add_text(key, value)
        return {"pnginfo": chunks}
    if form.name == "TIFF" and metadata:
        return {"tiffinfo": {270: json.dumps(dict(metadata))}}
    return {}
