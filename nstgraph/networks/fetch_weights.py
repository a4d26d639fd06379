"""Downloading a weights file, whole or not at all.

Bytes are collected in ``<file>.part`` beside the target, where an interrupted download waits to be continued.
The publisher gives no checksum, so what has arrived is judged by its length, by its structure and by the zip
checksums of all its convolutions. Only then does it take the target's place.
"""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple

from nstgraph.errors import WeightsError
from nstgraph.messages import did_you_mean
from nstgraph.networks.find_weights import cache_dir
from nstgraph.networks.vgg_layers import VGG16
from nstgraph.networks.weights_file import WeightsFile

__all__ = ["FILES", "Download", "Progress", "fetch"]

Progress = Callable[[int, int | None], None]

_TIMEOUT = 30.0  # seconds without a single byte
_CHUNK = 1 << 16


class Download(NamedTuple):
    """A file that can be fetched: its address, its name on disk and the layers it must turn out to have."""

    url: str
    filename: str
    layers: tuple[str, ...]


FILES = {
    "vgg16": Download(
        "https://www.cs.toronto.edu/~frossard/vgg16/vgg16_weights.npz", "vgg16_weights.npz", tuple(VGG16.kernels)
    ),
}


class _Failed(Exception):
    """No file, for a reason that lies with the network or the server. The message ends with what may help."""


def fetch(name: str, folder: Path | None = None, *, progress: Progress | None = None) -> Path:
    """Download one of ``FILES`` unless it is there already, continuing an attempt that broke off.

    Args:
        name: key of ``FILES``.
        folder: where to put the file, created if need be; by default ``cache_dir()``.
        progress: called with the bytes received, earlier attempts included, and the size of the whole file in
            bytes, or None where the server does not tell.

    Returns:
        The file's path. A damaged file that stood there is replaced, once its replacement is complete.

    Raises:
        WeightsError: an unknown name, no connection or one that broke off, a server that sends something
            else, or a folder that cannot be written to. What a broken connection brought is kept.
    """
    if name not in FILES:
        raise WeightsError(f"no weights file is called {name!r}{did_you_mean(name, FILES)}")
    file = FILES[name]
    target = (cache_dir() if folder is None else Path(folder)) / file.filename
    part = target.with_name(f"{file.filename}.part")
    if os.path.isdir(target):
        raise WeightsError(f"cannot write {target}: it is a folder; choose another folder to put the file in")
    if _complete(target, file):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if not _complete(part, file):  # it is, if a call was stopped between the last byte and the move
            _download(part, file, progress or (lambda received, total: None))
        os.replace(part, target)
    except _Failed as error:
        raise WeightsError(f"{error}, or download it by hand to {target}") from error
    except OSError as error:
        reason = error.strerror or error
        raise WeightsError(f"cannot write {target} ({reason}); make room or choose another folder") from error
    return target


def _complete(path: Path, file: Download) -> bool:
    try:
        weights = WeightsFile(path)
        weights.require(file.layers)
        for layer in weights.layers:
            weights.read(layer)
    except WeightsError:
        return False
    return True


def _download(part: Path, file: Download, progress: Progress) -> None:
    continued = _receive(file.url, part, progress)
    if continued and not _complete(part, file):  # its beginning may be from before the file changed
        part.unlink()
        _receive(file.url, part, progress)
    if not _complete(part, file):
        part.unlink()
        raise _Failed(f"{file.url} sent something that is not a complete {file.filename}; try again later")


def _receive(url: str, part: Path, progress: Progress) -> bool:
    """Download to the end of the file; true if that continued what ``part`` held."""
    response, start, total = _request(url, part.stat().st_size if part.exists() else 0)
    received = start
    with response, part.open("ab" if start else "wb") as stream:
        progress(received, total)
        while True:
            try:
                chunk = response.read(_CHUNK)
            except (OSError, HTTPException) as error:
                raise _cut(url, received, total, error) from error
            if not chunk:
                break
            stream.write(chunk)
            received += len(chunk)
            progress(received, total)
    if total is not None and received < total:
        raise _cut(url, received, total, "connection closed")
    return start > 0


def _cut(url: str, received: int, total: int | None, reason: object) -> _Failed:
    whole = "an unknown number of" if total is None else f"{total:,}"
    return _Failed(f"{url} broke off after {received:,} of {whole} bytes ({reason}); run again to continue")


def _request(url: str, start: int) -> tuple[Any, int, int | None]:
    """Ask for the bytes from ``start`` on, or all of them if the server will not have that.

    Returns:
        The response, the position in the file of its first byte (0 or ``start``), the file's size if known.
    """
    headers = {"Range": f"bytes={start}-"} if start else {}
    try:
        response = urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and start:
            return _request(url, 0)
        answer = f"HTTP {error.code} {error.reason}"
        raise _Failed(f"{url} cannot be fetched ({answer}); try again later") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        raise _Failed(f"{url} cannot be reached ({reason}); check the connection and run again") from error
    if response.headers.get_content_type() == "text/html":  # a hotel's log-in page must not cost the part
        response.close()
        raise _Failed(f"{url} sent a web page; open it in a browser to see why")
    if response.status != 206:
        length = response.headers.get("Content-Length", "")
        return response, 0, int(length) if length.isdecimal() else None
    span = re.match(r"bytes (\d+)-\d+/(\d+|\*)$", response.headers.get("Content-Range", ""))
    if span and int(span[1]) == start:
        return response, start, None if span[2] == "*" else int(span[2])
    response.close()
    if start:
        return _request(url, 0)
    raise _Failed(f"{url} sent a piece of the file that was not asked for; try again later")
