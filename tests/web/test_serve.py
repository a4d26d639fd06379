"""The page's server, asked by HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import socket
import stat
import tempfile
import threading
import urllib.parse
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason="the page needs Gradio: pip install 'nstgraph[web]'")

from nstgraph.errors import ConfigError
from nstgraph.web.serve import check_gradio, check_host, serving
from nstgraph.web.studio import Studio


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    studio = Studio(tmp_path_factory.mktemp("studio"))
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def address(studio):
    with serving(studio, port=0) as address:
        yield address


@pytest.fixture(scope="module")
def asked(address):
    """Function of a request that gives the status, headers and body of its answer."""
    return lambda *given, **more: _asked(address, *given, **more)


def _asked(address, method="GET", path="/", body=None, headers=()):
    parts = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def _uploaded(asked, data, name="a.png"):
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    body = head.encode() + data + b"\r\n--x--\r\n"
    return asked("POST", "/gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=x"})


def test_the_page_is_there_with_its_policy(asked):
    status, headers, body = asked()
    assert status == 200 and b"nstgraph" in body
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "server" not in headers


def test_what_the_page_is_told_names_no_telemetry_and_no_functions_to_call(asked):
    config = json.loads(asked(path="/config")[2])
    assert config["analytics_enabled"] is False and not any("http" in sheet for sheet in config["stylesheets"])
    assert not json.loads(asked(path="/gradio_api/info")[2])["named_endpoints"]


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/monitoring", "/gradio_api/file=/etc/passwd"])
def test_what_gradio_and_its_server_offer_besides_is_not_there(asked, path):
    assert asked(path=path)[0] == 404


def test_by_a_strangers_name_nothing_is_answered(asked):
    assert asked(headers={"Host": "evil.example"})[0] == 421


def test_an_upload_lies_in_the_servers_own_folder_and_can_be_had_from_there(asked):
    status, _, body = _uploaded(asked, b"some bytes", "../../etc/a b.png")
    (path,) = json.loads(body)
    assert status == 200 and Path(path).parents[1].name.startswith("nstgraph-web-")
    assert asked(path=f"/gradio_api/file={urllib.parse.quote(path)}")[::2] == (200, b"some bytes")
    assert stat.S_IMODE(Path(path).parents[1].stat().st_mode) == 0o700 or os.name != "posix"


def test_a_path_that_climbs_out_of_the_folder_is_refused(asked):
    (path,) = json.loads(_uploaded(asked, b"some bytes")[2])
    assert asked(path=f"/gradio_api/file={Path(path).parent}/../../../etc/passwd")[0] == 404


@pytest.mark.parametrize("named", ["/etc/passwd", "http://127.0.0.1:1/a.png", __file__])
def test_no_event_takes_a_path_of_the_server_or_an_address(asked, named):
    payload = {"data": [{"path": named, "meta": {"_type": "gradio.FileData"}}], "fn_index": 0, "session_hash": "s"}
    for path, status in (("/gradio_api/queue/join", 400), ("/gradio_api/run/predict", 404)):
        assert asked("POST", path, json.dumps(payload), {"Content-Type": "application/json"})[0] == status


def test_an_upload_of_200_megabytes_is_refused_before_it_is_read(address):
    parts = urllib.parse.urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), 60) as connection:
        head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: 200000000\r\n\r\n"
        connection.sendall(head.encode())
        answer = connection.makefile("rb").read()
    assert b" 413 " in answer.splitlines()[0]
    assert b"that is more than the 160 MB that this page takes at once" in answer


def test_a_file_of_more_than_40_megabytes_is_refused(asked):
    status, _, body = _uploaded(asked, bytes(41_000_000))
    assert status == 413 and b"maximum allowed size" in body
    assert asked()[0] == 200


def test_pictures_of_runs_that_do_not_exist_are_not_there(asked):
    for path in ("/runs/x/picture.png", "/runs/../etc/passwd", "/runs/x/close", "/runs/x/%2e%2e%2fpicture.png"):
        assert asked(path=path)[0] == 404


def test_with_a_password_nothing_is_answered_without_it(studio):
    with serving(studio, port=0, password="brush") as address:
        for path in ("/", "/config", "/runs/x/picture.png", "/gradio_api/info"):
            assert _asked(address, path=path)[0] == 401
        token = base64.b64encode(b"me:brush").decode()
        assert _asked(address, headers={"Authorization": f"Basic {token}"})[0] == 200


def test_a_port_in_use_is_one_line(studio, address):
    port = urllib.parse.urlsplit(address).port
    with (
        pytest.raises(ConfigError, match=f"127.0.0.1:{port} cannot be had .*choose another --port"),
        serving(studio, port=port),
    ):
        pass


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.7", "::::", "a" * 300])
def test_an_address_that_is_not_this_machines_is_one_line(studio, host):
    with (
        pytest.raises(ConfigError, match=r"is no address of this machine|cannot be had"),
        serving(studio, host, 0, "brush"),
    ):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "studio.local", "127.evil.example", ""])
def test_other_machines_need_a_password(host):
    with pytest.raises(ConfigError, match="give a password"):
        check_host(host, None)
    check_host(host, "brush")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
def test_this_machine_needs_none(host):
    check_host(host, None)


def test_the_process_is_as_it_was_and_nothing_is_left(studio):
    def folders():
        return set(Path(tempfile.gettempdir()).glob("nstgraph-web-*"))

    def threads():
        return [thread.name for thread in threading.enumerate()].count("nstgraph-web")

    before = dict(os.environ), signal.getsignal(signal.SIGINT), folders(), threads()
    with serving(studio, port=0) as address:
        assert len(folders() - before[2]) == 1
    assert (dict(os.environ), signal.getsignal(signal.SIGINT)) == before[:2] and folders() <= before[2]
    assert threads() == before[3]
    with pytest.raises(OSError):
        _asked(address)


def test_without_gradio_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gradio", None)
    with pytest.raises(ConfigError, match=r"the page needs Gradio: .*nstgraph\[web\]"):
        check_gradio()
