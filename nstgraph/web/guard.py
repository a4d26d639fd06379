"""What stands between a network and the page: who may ask, for what, and how much is read of it."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

from nstgraph.web.named_files import names_other_files
from nstgraph.web.upload import MOST_BYTES

__all__ = ["POLICY", "Guard"]

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

#: Gradio's page is put together by scripts within it and functions made of text; all else comes from this server.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)

_HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}

#: All that the page asks for, by method. Gradio answers more: it fetches addresses, keeps links, edits programs.
_FILE, _JOIN, _UPLOAD = "/gradio_api/file=", "/gradio_api/queue/join", "/gradio_api/upload"
_PAGES = ("/", "/config", "/theme.css", "/favicon.ico", "/gradio_api/info", "/gradio_api/startup-events")
_STREAMS = ("/gradio_api/queue/data", "/gradio_api/upload_progress")
_BELOW = ("/assets/", "/static/", "/runs/", "/gradio_api/heartbeat/", _FILE)
_POSTED = (_JOIN, _UPLOAD, "/gradio_api/reset", "/gradio_api/cancel")

#: Bytes of a request: of what is chosen on the page with a mask drawn on it, and of some pictures sent at once.
_MOST_CHOSEN, _MOST_SENT = 8_000_000, 4 * MOST_BYTES

#: Bytes of a body that is read though its request is refused.
_SMALL = 65_536

#: Seconds that a wrong password takes.
_DELAY = 1.0


class _TooLarge(Exception):
    """More has come than is taken."""


class Guard:
    """An ASGI application before another: nothing passes that it does not know.

    Args:
        app: the other application.
        folder: where its uploads and its pictures are; a request that names another file is refused.
        hosts: names that the page is asked for by, with the port; empty for any. With names of this machine alone, a
            stranger's page cannot reach the server by a name of its own that leads here.
        password: that a browser must send, whoever the user is; None for none.
    """

    def __init__(self, app: App, folder: Path, hosts: frozenset[str], password: str | None) -> None:
        self._app, self._folder, self._hosts = app, folder, hosts
        self._password = None if password is None else password.encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or let it pass."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(send))

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _read_off(receive, headers)
            await _say(send, *refusal)
        elif not self._knows_password(headers):
            await _read_off(receive, headers)
            if "authorization" in headers:
                await asyncio.sleep(_DELAY)
            await _say(send, 401, "this page has a password", {"www-authenticate": 'Basic realm="nstgraph"'})
        else:
            await self._pass_on(scope, headers, receive, send)

    def _refusal(self, scope: Message, headers: dict[str, str]) -> tuple[int, str] | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._hosts and host not in self._hosts:
            return 421, "this page is not known by that name; use the address that was printed"
        if origin is not None and origin.partition("://")[2] != host:
            return 403, "requests of other pages are not answered"
        method, path = scope["method"], scope["path"]
        if method == "POST" and path in _POSTED:
            return None
        known = path in _PAGES + _STREAMS or path.startswith(_BELOW)
        if method not in ("GET", "HEAD") or not known or (path.startswith(_FILE) and not self._is_ours(path)):
            return 404, "there is nothing here"
        return None

    def _is_ours(self, path: str) -> bool:
        return not names_other_files({"path": unquote(path.removeprefix(_FILE))}, self._folder)

    def _knows_password(self, headers: dict[str, str]) -> bool:
        if self._password is None:
            return True
        kind, _, sent = headers.get("authorization", "").partition(" ")
        try:
            _, _, password = base64.b64decode(sent, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        return kind.lower() == "basic" and hmac.compare_digest(password, self._password)

    async def _pass_on(self, scope: Message, headers: dict[str, str], receive: Receive, send: Send) -> None:
        most = _MOST_SENT if scope["path"] == _UPLOAD else _MOST_CHOSEN
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if _number(headers.get("content-length", "0")) > most:
                raise _TooLarge
            passed: Receive | None = _counted(receive, most)
            if scope["path"] == _JOIN:
                passed = await self._looked_through(_counted(receive, most))
            if passed is None:
                await _say(send, 400, "a request may name no file but those that the page has sent")
            else:
                await self._app(scope, passed, noted)
        except _TooLarge:
            if not begun:
                await _say(send, 413, f"that is more than the {most / 1e6:.0f} MB that this page takes at once")

    async def _looked_through(self, receive: Receive) -> Receive | None:
        """The same request once more; None if it cannot be read, or names a file that is not the page's own."""
        body = bytearray()
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message["type"] == "http.request" and message.get("more_body", False)
        try:
            refused = names_other_files(json.loads(body), self._folder)
        except (ValueError, RecursionError):
            return None
        return None if refused else _again(bytes(body), receive)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 20 else 0  # what is no number, the server itself refuses


async def _read_off(receive: Receive, headers: dict[str, str]) -> None:
    """Read a small body that is not wanted, without which the answer might be lost with the connection."""
    more = 0 < _number(headers.get("content-length", "0")) <= _SMALL
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)


def _again(body: bytes, receive: Receive) -> Receive:
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


def _counted(receive: Receive, most: int) -> Receive:
    so_far = 0

    async def counting() -> Message:
        nonlocal so_far
        message = await receive()
        so_far += len(message.get("body", b""))
        if so_far > most:
            raise _TooLarge
        return message

    return counting


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
            theirs = [pair for pair in message.get("headers", []) if pair[0].decode("latin-1").lower() not in _HEADERS]
            message = {**message, "headers": [*theirs, *ours]}
        await send(message)

    return sending


async def _say(send: Send, status: int, line: str, headers: dict[str, str] | None = None) -> None:
    given = {"content-type": "text/plain; charset=utf-8", "connection": "close", **(headers or {})}
    pairs = [(name.encode(), value.encode()) for name, value in given.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": f"{line}\n".encode()})
