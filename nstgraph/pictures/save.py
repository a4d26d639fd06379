"""Pictures out: to files, in the format of the extension, and to Pillow images."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from nstgraph.errors import PictureError
from nstgraph.files import beside, check_target

__all__ = ["check_writable_format", "save", "to_pil"]

_WRITABLE = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
_WITHOUT_ALPHA = ("JPEG", "BMP")
# The JPEG format counts to 65535, but libjpeg stops here.
_LONGEST_SIDE = {"JPEG": 65500, "WEBP": 16383}


def check_writable_format(path: str | os.PathLike[str]) -> str:
    """Pillow's name for the format that the extension of ``path`` stands for, e.g. "PNG".

    Raises:
        PictureError: the extension is missing or not one that can be written.
    """
    suffix = Path(path).suffix
    if suffix.lower() not in _WRITABLE:
        found = f"the extension {suffix!r}" if suffix else "a name without extension"
        raise PictureError(f"cannot write {path}: {found} is not one of {', '.join(_WRITABLE)}; rename it")
    return _WRITABLE[suffix.lower()]


def to_pil(image: np.ndarray, alpha: np.ndarray | None = None) -> Image.Image:
    """An image in mode "RGB", or "RGBA" with alpha, clipped and rounded to 8 bits.

    Args:
        image: [1, height, width, 3], float, 0..255.
        alpha: [height, width], float, 0..1.
    """
    planes = image[0]
    if alpha is not None:
        planes = np.concatenate([planes, 255 * alpha[:, :, np.newaxis]], axis=2)
    return Image.fromarray(np.clip(np.rint(planes), 0, 255).astype(np.uint8))


def save(
    path: str | os.PathLike[str],
    image: np.ndarray,
    *,
    alpha: np.ndarray | None = None,
    metadata: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a picture, in the format of the extension: PNG, JPEG, WebP, TIFF or BMP.

    Args:
        image: [1, height, width, 3], float, 0..255; clipped and rounded to 8 bits.
        alpha: [height, width], float, 0..1. JPEG and BMP have none: there the picture is laid over white.
        metadata: written to PNG (one text chunk for each; keys are 1 to 79 Latin-1 characters) and TIFF (as
            JSON in ImageDescription); the other formats go without.

    Returns:
        ``path``. A file that was there is replaced once the new one is complete, and kept after any error.

    Raises:
        PictureError: the format cannot be written or cannot hold a picture this large, or writing failed.
        ConfigError: see ``nstgraph.files.check_target``.
    """
    target = Path(path)
    form = check_writable_format(target)
    height, width = image.shape[1:3]
    limit = _LONGEST_SIDE.get(form)
    if limit is not None and max(height, width) > limit:
        raise PictureError(
            f"cannot write {target}: {width} x {height} is too large for {form}, "
            f"which has at most {limit} pixels a side; choose .png"
        )
    if alpha is not None and form in _WITHOUT_ALPHA:
        cover = np.clip(alpha, 0, 1)[np.newaxis, :, :, np.newaxis]
        image, alpha = np.clip(image, 0, 255) * cover + 255 * (1 - cover), None
    try:
        check_target(target, overwrite=overwrite)
        with beside(target) as temporary:
            to_pil(image, alpha).save(temporary, form, **_options(form, metadata or {}))
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        message = f"cannot write {target} ({reason}); free some space or choose another folder"
        raise PictureError(message) from error
    return target


def _options(form: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    if form == "JPEG":
        return {"quality": 95, "subsampling": 0}
    if form == "WEBP":
        return {"quality": 95}
    if form == "PNG":
        chunks = PngImagePlugin.PngInfo()
        for key, value in metadata.items():
            # Pillow makes it an iTXt chunk when it does not fit into Latin-1.
            chunks.add_text(key, value)
        return {"pnginfo": chunks}
    if form == "TIFF" and metadata:
        return {"tiffinfo": {270: json.dumps(dict(metadata))}}
    return {}
