from __future__ import annotations

import contextlib
import io
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from nstgraph.errors import WeightsError
from nstgraph.networks import fetch_weights as module
from nstgraph.networks.fetch_weights import Download
from nstgraph.networks.find_weights import find_weights
from nstgraph.networks.weights_file import WeightsFile


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        site, asked = self.server, self.headers["Range"]
        site.requests.append(asked)
        start = int(asked[6:-1]) if asked and site.mode != "no ranges" else 0
        if site.mode == "missing":
            self.send_error(404)
        elif start and start >= len(site.body):
            self.send_error(416)
        else:
            with contextlib.suppress(ConnectionError):  # the client may have had enough
                self.answer(site, start)

    def answer(self, site: Site, start: int) -> None:
        chunked = site.mode == "chunked"
        self.protocol_version = "HTTP/1.1" if chunked else "HTTP/1.0"
        self.close_connection = True
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", "text/html" if site.mode == "page" else "application/octet-stream")
        size = len(site.body)
        if start:
            self.send_header("Content-Range", f"bytes {start + (site.mode == 'shifted')}-{size - 1}/{size}")
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif site.mode != "no length":
            self.send_header("Content-Length", str(size - start))
        self.end_headers()
        if chunked:  # one chunk, and no end
            self.wfile.write(b"10000\r\n" + site.body[:0x10000] + b"\r\n")
        else:
            self.wfile.write(site.body[start : size // 2 if site.mode == "cut" else size])

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Site(ThreadingHTTPServer):
    """A local server; ``mode`` says how it misbehaves, ``requests`` has the Range header of each request."""

    daemon_threads = False  # so that closing the server waits for its sockets to be closed

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.mode, self.requests = body, "", list[Any]()
        self.url = f"http://127.0.0.1:{self.server_port}/w.npz"

    def __enter__(self) -> Site:
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


def fetch(name: str, folder: Path | None = None, *, url: str, progress: Any = None) -> Path:
    """Fetch a file from another address than its own."""
    elsewhere = {name: module.FILES[name]._replace(url=url)} if name in module.FILES else {}
    with mock.patch.dict(module.FILES, elsewhere):
        return module.fetch(name, folder, progress=progress)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setitem(module.FILES, "small", Download("not used", "w.npz", ("conv1_1", "conv1_2")))


@pytest.fixture
def site(vgg_arrays: Any) -> Iterator[Site]:
    np.savez(stream := io.BytesIO(), **vgg_arrays("conv1_1", "conv1_2"))
    with Site(stream.getvalue()) as site:
        yield site


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_whole_file(site: Site, tmp_path: Path) -> None:
    calls, folder = list[Any](), tmp_path / "new" / "folder"
    path, size = fetch("small", folder, url=site.url, progress=lambda *c: calls.append(c)), len(site.body)
    assert path == folder / "w.npz" and contents(folder) == {"w.npz": site.body}
    assert calls == [(min(n, size), size) for n in range(0, size + 0xFFFF, 0x10000)]
    assert fetch("small", folder, url=site.url) == path
    assert site.requests == [None]  # nothing asked for the second time


def test_into_the_cache(vgg16_npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NSTGRAPH_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with Site(vgg16_npz.read_bytes()) as site:
        path = fetch("vgg16", url=site.url)
    assert path == tmp_path / "nstgraph" / "vgg16_weights.npz"
    assert find_weights().path == path and find_weights().sha256 == WeightsFile(vgg16_npz).sha256
    path.unlink()  # 59 MB


@pytest.mark.parametrize("then", ["", "no ranges"])
def test_broken_connection_is_continued(site: Site, tmp_path: Path, then: str) -> None:
    site.mode, size, half = "cut", len(site.body), len(site.body) // 2
    with pytest.raises(WeightsError) as raised:
        fetch("small", tmp_path, url=site.url)
    assert str(raised.value) == (
        f"{site.url} broke off after {half:,} of {size:,} bytes (connection closed); run again to continue, "
        f"or download it by hand to {tmp_path / 'w.npz'}"
    )
    assert contents(tmp_path) == {"w.npz.part": site.body[:half]}
    site.mode, calls = then, list[Any]()
    fetch("small", tmp_path, url=site.url, progress=lambda *call: calls.append(call))
    assert contents(tmp_path) == {"w.npz": site.body}
    assert site.requests == [None, f"bytes={half}-"]
    assert calls[0] == (0 if then else half, size) and calls[-1] == (size, size)


def test_unknown_length(site: Site, tmp_path: Path) -> None:
    site.mode, calls = "chunked", list[Any]()
    with pytest.raises(WeightsError, match=r"after 65,536 of an unknown number of bytes \(Incomplete"):
        fetch("small", tmp_path, url=site.url)
    assert contents(tmp_path) == {"w.npz.part": site.body[:0x10000]}
    (tmp_path / "w.npz.part").unlink()
    site.mode = "no length"
    fetch("small", tmp_path, url=site.url, progress=lambda *call: calls.append(call))
    assert contents(tmp_path) == {"w.npz": site.body} and calls[-1] == (len(site.body), None)


@pytest.mark.parametrize(("part", "mode"), [(b"x" * 1000, ""), (b"x" * 1_000_000, ""), (b"PK", "shifted"), (b"", "")])
def test_useless_part_is_started_anew(site: Site, tmp_path: Path, part: bytes, mode: str) -> None:
    (tmp_path / "w.npz.part").write_bytes(part)
    site.mode = mode
    fetch("small", tmp_path, url=site.url)
    assert contents(tmp_path) == {"w.npz": site.body}
    assert site.requests == ([f"bytes={len(part)}-", None] if part else [None])


@pytest.mark.parametrize("name", ["small", "vgg16"])
def test_something_else_in_its_place(site: Site, tmp_path: Path, name: str) -> None:
    target = tmp_path / module.FILES[name].filename
    target.write_bytes(b"damaged")
    if name == "small":  # for vgg16 the file is sound, but lacks layers
        site.body = site.body[:5000] + b"?" + site.body[5001:]
    with pytest.raises(WeightsError, match=f"sent something that is not a complete {target.name}; .*by hand"):
        fetch(name, tmp_path, url=site.url)
    assert contents(tmp_path) == {target.name: b"damaged"} and site.requests == [None]


def test_damaged_file_is_replaced_and_finished_part_only_moved(site: Site, tmp_path: Path) -> None:
    (tmp_path / "w.npz").write_bytes(site.body[:-1])
    fetch("small", tmp_path, url=site.url)
    assert contents(tmp_path) == {"w.npz": site.body} and site.requests == [None]
    (tmp_path / "w.npz").rename(tmp_path / "w.npz.part")
    fetch("small", tmp_path, url=site.url)
    assert contents(tmp_path) == {"w.npz": site.body} and site.requests == [None]


@pytest.mark.parametrize(("mode", "reason"), [("missing", "HTTP 404 Not Found"), ("page", "sent a web page")])
def test_refusals_cost_nothing(site: Site, tmp_path: Path, mode: str, reason: str) -> None:
    (tmp_path / "w.npz").write_bytes(b"damaged")
    (tmp_path / "w.npz.part").write_bytes(site.body[:1000])
    before, site.mode = contents(tmp_path), mode
    with pytest.raises(WeightsError) as raised:
        fetch("small", tmp_path, url=site.url)
    assert str(raised.value).startswith(site.url) and reason in str(raised.value)
    assert str(raised.value).endswith(f"by hand to {tmp_path / 'w.npz'}")
    assert contents(tmp_path) == before


def test_no_network(tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/w.npz"
        with pytest.raises(WeightsError) as raised:
            fetch("small", tmp_path, url=url)
    assert str(raised.value).startswith(f"{url} cannot be reached (") and "\n" not in str(raised.value)
    assert str(tmp_path / "w.npz") in str(raised.value) and contents(tmp_path) == {}
    with pytest.raises(WeightsError, match=r"^nonsense cannot be reached"):
        fetch("small", tmp_path, url="nonsense")


def test_ctrl_c_leaves_the_part(site: Site, tmp_path: Path) -> None:
    def stop(received: int, total: int | None) -> None:
        if received:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("small", tmp_path, url=site.url, progress=stop)
    assert contents(tmp_path) == {"w.npz.part": site.body[:0x10000]}
    fetch("small", tmp_path, url=site.url)
    assert contents(tmp_path) == {"w.npz": site.body} and site.requests == [None, "bytes=65536-"]


def test_unknown_name_and_unusable_folders(site: Site, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no weights file is called 'vgg61'; did you mean 'vgg16'\?"):
        fetch("vgg61", tmp_path, url=site.url)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"cannot write .*file/w\.npz \(.*\); make room or choose"):
        fetch("small", tmp_path / "file", url=site.url)
    (tmp_path / "w.npz").mkdir()
    with pytest.raises(WeightsError, match=r"cannot write .*w\.npz: it is a folder"):
        fetch("small", tmp_path, url=site.url)
    assert site.requests == []
