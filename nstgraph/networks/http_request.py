"""Asking a server for a file that is known, over HTTPS alone, in words that are safe to show."""

from __future__ import annotations

import re
from http.client import HTTPException, HTTPResponse
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from nstgraph.messages import one_line

__all__ = ["Download", "Failed", "request"]

_TIMEOUT = 30.0  # seconds without a single byte
_REDIRECTS = 5


class Download(NamedTuple):
    """A file that can be fetched: its address, its name on disk, and what it must turn out to be."""

    url: str
    filename: str
    size: int  # in bytes
    digest: str  # what its bytes give, after the name of the algorithm: "sha256:..." or "md5:..."


class Failed(Exception):
    """No file, for a reason that lies with the network or the server. The message ends with what may help."""


def request(file: Download, start: int) -> tuple[HTTPResponse, int]:
    """Ask for the bytes of a file from ``start`` on, or all of them if the server will not have that.

    Returns:
        The response, and the position in the file of its first byte, 0 or ``start``.

    Raises:
        Failed: there is no answer, or none that can be the file.
    """
    response = _open(file.url, start)
    if response is None:
        return request(file, 0)
    if response.headers.get_content_type() == "text/html":  # a hotel's log-in page must not cost what has arrived
        response.close()
        raise Failed(f"{file.url} sent a web page; open it in a browser to see why")
    if response.status != 206:
        length = response.headers.get("Content-Length", str(file.size))
        if length == str(file.size):
            return response, 0
        response.close()
        raise Failed(f"{file.url} sent {one_line(length)} bytes, not the {file.size} published; try again later")
    span = response.headers.get("Content-Range", "")
    if start and re.fullmatch(rf"bytes {start}-\d+/({file.size}|\*)", span):
        return response, start
    response.close()
    if start:
        return request(file, 0)
    raise Failed(f"{file.url} sent a piece of the file that was not asked for; try again later")


def _open(url: str, start: int) -> HTTPResponse | None:
    """The answer to a request, through at most five other addresses; None if there is nothing from ``start`` on."""
    headers = {"Range": f"bytes={start}-"} if start else {}
    place, location = url, ""
    for _ in range(1 + _REDIRECTS):
        try:
            place = urljoin(place, location)
            if urlsplit(place).scheme != "https":
                raise Failed(f"{url} leads to {one_line(place)}, which is not HTTPS; try again later")
            response: HTTPResponse = _opener().open(Request(place, headers=headers), timeout=_TIMEOUT)
            return response
        except HTTPError as error:
            error.close()
            if error.code == 416 and start:
                return None
            location = error.headers.get("Location", "") if error.code in (301, 302, 303, 307, 308) else ""
            if not location:
                answer = one_line(f"HTTP {error.code} {error.reason}")
                raise Failed(f"{url} cannot be fetched ({answer}); try again later") from error
        except (OSError, HTTPException, ValueError) as error:
            reason = one_line(str(getattr(error, "reason", error)))
            raise Failed(f"{url} cannot be reached ({reason}); check the connection and run again") from error
    raise Failed(f"{url} leads from one address to the next; try again later")


def _opener() -> OpenerDirector:
    """What opens HTTPS and nothing else; urllib's own would read a redirection's whole page, however long."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPSHandler(), HTTPDefaultErrorHandler(), HTTPErrorProcessor()):
        opener.add_handler(handler)
    return opener
