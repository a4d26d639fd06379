from __future__ import annotations

import contextlib
import hashlib
import io
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from nstgraph.errors import WeightsError
from nstgraph.locks import FileLock
from nstgraph.networks import fetch_weights as module
from nstgraph.networks import http_request
from nstgraph.networks.find_weights import find_weights
from nstgraph.networks.weights_file import WeightsFile

#: Of the servers here; whoever is told of it by the variable SSL_CERT_FILE believes them to be localhost.
CERTIFICATE = Path(__file__).with_name("localhost.pem")


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        site, asked = self.server, self.headers["Range"]
        site.requests.append(asked)
        start = int(asked[6:-1]) if asked and site.mode != "no ranges" else 0
        with contextlib.suppress(OSError):  # the client may have had enough
            if site.mode == "missing":
                self.send_error(404, "Not\x1b[2J Found")
            elif site.location and self.path != "/elsewhere":
                self.send_response(302)
                self.send_header("Location", site.location)
                self.end_headers()
                self.go_on_for_ever()
            elif start and start >= len(site.body):
                self.send_error(416)
            else:
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
        elif site.mode not in ("no length", "endless"):
            self.send_header("Content-Length", str(size - start))
        self.end_headers()
        if chunked:  # one chunk, and no end
            self.wfile.write(b"10000\r\n" + site.body[:0x10000] + b"\r\n")
        elif site.mode == "drip":
            for place in range(start, size, 100):
                self.wfile.write(site.body[place : place + 100])
                time.sleep(0.02)
        else:
            self.wfile.write(site.body[start : size // 2 if site.mode in ("cut", "stall") else size])
        if site.mode == "stall":
            self.connection.recv(1)
        if site.mode == "endless":
            self.go_on_for_ever()

    def go_on_for_ever(self) -> None:
        while True:
            self.wfile.write(bytes(1 << 16))
            self.server.wasted += 1 << 16

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Site(ThreadingHTTPServer):
    """A local server; ``mode`` says how it misbehaves, ``requests`` has the Range header of each request."""

    daemon_threads = False  # so that closing the server waits for its sockets to be closed

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.body, self.mode, self.location, self.wasted, self.requests = body, "", "", 0, list[Any]()
        self.url = f"https://127.0.0.1:{self.server_port}/w.npz"
        self.digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        self.size = len(body)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # of a client that does not trust it

    def __enter__(self) -> Site:
        threading.Thread(target=self.serve_forever, args=(0.01,)).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


@contextlib.contextmanager
def published(site: Site, url: str = "") -> Iterator[None]:
    """As if ``vgg16-frossard`` was what the site had when it was started."""
    file = module.FILES["vgg16-frossard"]._replace(url=url or site.url, size=site.size, digest=site.digest)
    with mock.patch.dict(module.FILES, {"vgg16-frossard": file, "small": file._replace(filename="w.npz")}):
        yield


def fetch(site: Site, folder: Path | None = None, *, name: str = "small", url: str = "", progress: Any = None) -> Path:
    with published(site, url):
        return module.fetch(name, folder, progress=progress)


def refused(site: Site, folder: Path, **how: Any) -> str:
    with pytest.raises(WeightsError) as raised:
        fetch(site, folder, **how)
    assert str(raised.value).isprintable()  # one line, too
    return str(raised.value)


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


@pytest.fixture
def site(vgg_arrays: Any) -> Iterator[Site]:
    np.savez(stream := io.BytesIO(), **vgg_arrays("conv1_1", "conv1_2"))
    with Site(stream.getvalue()) as site:
        yield site


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_whole_file(site: Site, tmp_path: Path) -> None:
    calls, folder = list[Any](), tmp_path / "new" / "folder"
    path, size = fetch(site, folder, progress=lambda *c: calls.append(c)), len(site.body)
    assert path == folder / "w.npz" and contents(folder) == {"w.npz": site.body}
    assert calls[0] == (0, size) and calls[-1] == (size, size) and sorted(calls) == calls
    assert fetch(site, folder) == path
    assert site.requests == [None]  # nothing asked for the second time


def test_into_the_cache(vgg16_npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NSTGRAPH_WEIGHTS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with Site(vgg16_npz.read_bytes()) as site:
        path = fetch(site, name="vgg16-frossard")
    assert path == tmp_path / "nstgraph" / "vgg16_weights.npz"
    assert find_weights().path == path and find_weights().sha256 == WeightsFile(vgg16_npz).sha256
    path.unlink()  # 59 MB


@pytest.mark.parametrize("then", ["", "no ranges"])
def test_broken_connection_is_continued(site: Site, tmp_path: Path, then: str) -> None:
    site.mode, size, half = "cut", len(site.body), len(site.body) // 2
    assert refused(site, tmp_path) == (
        f"{site.url} broke off after {half:,} of {size:,} bytes (connection closed); run again to continue, "
        f"or download it by hand to {tmp_path / 'w.npz'}"
    )
    assert contents(tmp_path) == {"w.npz.part": site.body[:half]}
    site.mode, calls = then, list[Any]()
    fetch(site, tmp_path, progress=lambda *call: calls.append(call))
    assert contents(tmp_path) == {"w.npz": site.body}
    assert site.requests == [None, f"bytes={half}-"]
    assert calls[0] == (0 if then else half, size) and calls[-1] == (size, size)


def test_unknown_length(site: Site, tmp_path: Path) -> None:
    site.mode, size = "chunked", f"{len(site.body):,}"
    assert f"after 65,536 of {size} bytes (Incomplete" in refused(site, tmp_path)
    assert contents(tmp_path) == {"w.npz.part": site.body[:0x10000]}
    (tmp_path / "w.npz.part").unlink()
    site.mode = "no length"
    fetch(site, tmp_path)
    assert contents(tmp_path) == {"w.npz": site.body}


def test_other_digests(site: Site, tmp_path: Path) -> None:
    site.digest = f"md5:{hashlib.md5(site.body).hexdigest()}"
    assert contents(fetch(site, tmp_path).parent) == {"w.npz": site.body}
    site.digest = f"md5:{hashlib.md5(b'else').hexdigest()}"
    assert "sent something else than w.npz" in refused(site, tmp_path / "other")


@pytest.mark.parametrize(("part", "mode"), [(b"x" * 1000, ""), (b"PK", "shifted"), (b"", "")])
def test_useless_part_is_started_anew(site: Site, tmp_path: Path, part: bytes, mode: str) -> None:
    (tmp_path / "w.npz.part").write_bytes(part)
    site.mode = mode
    fetch(site, tmp_path)
    assert contents(tmp_path) == {"w.npz": site.body}
    assert site.requests == ([f"bytes={len(part)}-", None] if part else [None])


@pytest.mark.parametrize("more", [0, 1_000_000])
def test_part_that_is_too_long_to_be_continued(site: Site, tmp_path: Path, more: int) -> None:
    (tmp_path / "w.npz.part").write_bytes(bytes(len(site.body) + more))
    fetch(site, tmp_path)
    assert contents(tmp_path) == {"w.npz": site.body} and site.requests == [None]


def test_something_else_is_neither_installed_nor_kept(site: Site, tmp_path: Path) -> None:
    (tmp_path / "w.npz").write_bytes(b"damaged")
    site.body = site.body[:5000] + b"?" + site.body[5001:]
    assert refused(site, tmp_path) == (
        f"{site.url} sent something else than w.npz as it was published; try again later, "
        f"or download it by hand to {tmp_path / 'w.npz'}"
    )
    assert contents(tmp_path) == {"w.npz": b"damaged"} and site.requests == [None]


def test_another_length_is_refused_before_it_is_downloaded(site: Site, tmp_path: Path) -> None:
    (tmp_path / "w.npz.part").write_bytes(site.body[:1000])
    size, site.body = len(site.body), site.body + b"more"
    assert f"sent {size + 4} bytes, not the {size} published; try again later" in refused(site, tmp_path)
    assert contents(tmp_path) == {"w.npz.part": site.body[:1000]}


def test_a_body_without_end_is_read_to_the_file_s_end(site: Site, tmp_path: Path) -> None:
    site.mode = "endless"
    fetch(site, tmp_path)
    assert contents(tmp_path) == {"w.npz": site.body}
    (tmp_path / "w.npz").unlink()
    site.body = bytes(5000)
    assert "sent something else" in refused(site, tmp_path) and contents(tmp_path) == {}
    assert site.wasted < 50_000_000  # what fits in the buffers of a connection


def test_a_body_that_drips_is_cut_off_and_kept(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    site.mode = "drip"
    assert "bytes (too slow); run again to continue" in refused(site, tmp_path)
    (kept,) = contents(tmp_path).values()
    assert 0 < len(kept) < 20_000 and site.body.startswith(kept)
    site.mode = ""
    fetch(site, tmp_path)
    assert contents(tmp_path) == {"w.npz": site.body}


def test_a_server_that_says_no_more(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_request, "_TIMEOUT", 0.3)
    site.mode = "stall"
    assert "timed out); run again to continue" in refused(site, tmp_path)
    assert contents(tmp_path) == {"w.npz.part": site.body[: len(site.body) // 2]}


def test_damaged_file_is_replaced_and_finished_part_only_moved(site: Site, tmp_path: Path) -> None:
    (tmp_path / "w.npz").write_bytes(site.body[:-1])
    fetch(site, tmp_path)
    assert contents(tmp_path) == {"w.npz": site.body} and site.requests == [None]
    (tmp_path / "w.npz").rename(tmp_path / "w.npz.part")
    fetch(site, tmp_path)
    assert contents(tmp_path) == {"w.npz": site.body} and site.requests == [None]


def test_sound_weights_of_somebody_s_own_are_not_replaced(site: Site, tmp_path: Path, arrays: Any) -> None:
    np.savez(tmp_path / "w.npz", **{key: 2 * array for key, array in arrays.items()})
    before = contents(tmp_path)
    message = f"{tmp_path / 'w.npz'} holds other weights than those published; move it or choose another folder"
    assert refused(site, tmp_path) == message
    assert contents(tmp_path) == before and site.requests == []


@pytest.mark.parametrize(
    ("mode", "reason"), [("missing", "(HTTP 404 Not\\x1b[2J Found); try again later"), ("page", "sent a web page")]
)
def test_refusals_cost_nothing(site: Site, tmp_path: Path, mode: str, reason: str) -> None:
    (tmp_path / "w.npz").write_bytes(b"damaged")
    (tmp_path / "w.npz.part").write_bytes(site.body[:1000])
    before, site.mode = contents(tmp_path), mode
    message = refused(site, tmp_path)
    assert message.startswith(site.url) and reason in message
    assert message.endswith(f"by hand to {tmp_path / 'w.npz'}")
    assert contents(tmp_path) == before


def test_redirections_are_followed(site: Site, tmp_path: Path) -> None:
    for location in ("/elsewhere", site.url.replace("w.npz", "elsewhere")):
        site.location = location
        fetch(site, tmp_path)
        assert contents(tmp_path) == {"w.npz": site.body}
        (tmp_path / "w.npz").unlink()
    assert site.wasted < 50_000_000  # the redirections' own bodies never end


@pytest.mark.parametrize(
    ("location", "fault"),
    [
        ("http://127.0.0.1:1/w.npz", "leads to http://127.0.0.1:1/w.npz, which is not HTTPS"),
        ("file:///etc/passwd", "leads to file:///etc/passwd, which is not HTTPS"),
        ("ftp://localhost/w\x1b[2J.npz", "leads to ftp://localhost/w\\x1b[2J.npz, which is not HTTPS"),
        ("//[", "cannot be reached ("),
        ("https://two words/w.npz", "cannot be reached ("),
        ("/w.npz", "leads from one address to the next"),
    ],
)
def test_redirections_that_are_not(site: Site, tmp_path: Path, location: str, fault: str) -> None:
    site.location = location
    assert refused(site, tmp_path).startswith(f"{site.url} {fault}") and len(site.requests) <= 6
    assert contents(tmp_path) == {}


def test_https_of_a_server_that_is_trusted_alone(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = site.url.replace("https", "http")
    assert f"leads to {plain}, which is not HTTPS" in refused(site, tmp_path, url=plain)
    assert "nonsense leads to nonsense, which is not HTTPS" in refused(site, tmp_path, url="nonsense")
    monkeypatch.delenv("SSL_CERT_FILE")
    assert "CERTIFICATE_VERIFY_FAILED" in refused(site, tmp_path) and site.requests == []


def test_no_network(site: Site, tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{taken.getsockname()[1]}/w.npz"
        message = refused(site, tmp_path, url=url)
    assert message.startswith(f"{url} cannot be reached (") and str(tmp_path / "w.npz") in message
    assert contents(tmp_path) == {}


def test_ctrl_c_leaves_the_part(site: Site, tmp_path: Path) -> None:
    def stop(received: int, total: int) -> None:
        if received:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(site, tmp_path, progress=stop)
    (kept,) = contents(tmp_path).values()
    assert kept and site.body.startswith(kept)
    fetch(site, tmp_path)
    assert contents(tmp_path) == {"w.npz": site.body} and site.requests == [None, f"bytes={len(kept)}-"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such links and pipes")
@pytest.mark.parametrize("kind", ["link", "dangling link", "second name", "pipe"])
def test_part_that_is_no_file_of_one_s_own(site: Site, tmp_path: Path, kind: str) -> None:
    (folder := tmp_path / "folder").mkdir()
    victim, part = tmp_path / "victim", folder / "w.npz.part"
    victim.write_text("precious")
    if kind == "pipe":
        os.mkfifo(part)
    elif kind == "second name":
        part.hardlink_to(victim)
    else:
        part.symlink_to(victim if kind == "link" else tmp_path / "nowhere")
    message = f"{part} is a link, no file, or another user's; remove it and run again"
    assert refused(site, folder) == message
    assert victim.read_text() == "precious" and not (tmp_path / "nowhere").exists() and site.requests == []


def test_one_process_at_a_time(site: Site, tmp_path: Path) -> None:
    message = f"{tmp_path / 'w.npz'} is being downloaded by another process; wait for it and run again"
    with FileLock(tmp_path / "w.npz.lock"):
        assert refused(site, tmp_path) == message and site.requests == []
    fetch(site, tmp_path)
    assert contents(tmp_path) == {"w.npz": site.body}


FETCH = """
import sys
from pathlib import Path
from nstgraph.errors import WeightsError
from nstgraph.networks import fetch_weights
url, size, digest, folder = sys.argv[1:]
fetch_weights.FILES["small"] = fetch_weights.Download(url, "w.npz", int(size), digest)
print("ready", flush=True)
sys.stdin.readline()
try:
    fetch_weights.fetch("small", Path(folder))
except WeightsError as error:
    print(error)
"""


def test_three_processes_at_once_end_in_one_good_file(site: Site, tmp_path: Path) -> None:
    site.mode, site.body, folder = "drip", site.body[:5_000], tmp_path / "folder"  # which takes a second
    site.size, site.digest = len(site.body), f"sha256:{hashlib.sha256(site.body).hexdigest()}"
    command = [sys.executable, "-c", FETCH, site.url, str(site.size), site.digest, str(folder)]
    with contextlib.ExitStack() as stack:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        others = [stack.enter_context(subprocess.Popen(command, **pipes)) for _ in range(3)]
        assert [other.stdout.readline() for other in others] == ["ready\n"] * 3
        for other in others:
            other.stdin.write("\n")
            other.stdin.flush()
        said = [other.communicate(timeout=60) for other in others]
    busy = f"{folder / 'w.npz'} is being downloaded by another process; wait for it and run again\n"
    assert sorted(said) in ([("", "")] * n + [(busy, "")] * (3 - n) for n in (1, 2, 3))
    assert contents(folder) == {"w.npz": site.body} and site.requests == [None]


def test_unknown_name_and_unusable_folders(site: Site, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no weights file is called 'vgg166'; did you mean 'vgg16'\?"):
        fetch(site, tmp_path, name="vgg166")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WeightsError, match=r"cannot write .*file/w\.npz \(.*\); make room or choose"):
        fetch(site, tmp_path / "file")
    (tmp_path / "w.npz").mkdir()
    with pytest.raises(WeightsError, match=r"cannot write .*w\.npz: it is a folder"):
        fetch(site, tmp_path)
    assert site.requests == []
