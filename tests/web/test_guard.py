"""What stands before the page, without the page."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from nstgraph.web.guard import POLICY, Guard

HOST = "127.0.0.1:7860"


async def _reads_all(scope, receive, send):
    """An application that answers with the number of bytes that it was sent."""
    size, more = 0, scope["method"] == "POST"
    while more:
        message = await receive()
        size, more = size + len(message["body"]), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"Referrer-Policy", b"unsafe-url")]})
    await send({"type": "http.response.body", "body": b"%d" % size})


@pytest.fixture
def asked(tmp_path):
    """Function of a request that gives the status, headers and body of its answer."""

    def ask(method="GET", path="/", headers=(), parts=(b"",), password=None, hosts=(HOST,)):
        guard = Guard(_reads_all, tmp_path, frozenset(hosts), password)
        given = {"host": HOST, **dict(headers)}
        pairs = [(name.encode(), value.encode()) for name, value in given.items()]
        waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        waiting[-1]["more_body"] = False
        sent = []

        async def receive():
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        asyncio.run(guard({"type": "http", "method": method, "path": path, "headers": pairs}, receive, send))
        answer = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], answer, b"".join(message["body"] for message in sent[1:])

    return ask


def test_every_answer_says_what_a_browser_may_do_with_it(asked):
    for path in ("/", "/no-such-thing"):
        _, headers, _ = asked(path=path)
        assert headers["content-security-policy"] == POLICY
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"


def test_the_policy_names_no_other_host():
    assert "http" not in POLICY and "*" not in POLICY


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1", "127.0.0.1:80", ""])
def test_by_another_name_it_is_not_known(asked, host):
    assert asked(headers={"host": host})[0] == 421


def test_where_others_may_ask_any_name_will_do(asked):
    assert asked(headers={"host": "studio.local:7860"}, hosts=())[0] == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:5000", "null", "http://localhost:7860"])
def test_requests_of_other_pages_are_refused(asked, origin):
    assert asked("POST", "/gradio_api/upload", {"origin": origin})[0] == 403
    assert asked(headers={"origin": origin})[0] == 403


def test_requests_of_the_page_itself_pass(asked):
    assert asked("POST", "/gradio_api/upload", {"origin": f"http://{HOST}"}, (b"ab", b"c"))[::2] == (200, b"3")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/gradio_api/proxy=http://10.0.0.1/"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=http://10.0.0.1/"),
        ("GET", "/file=/etc/passwd"),
        ("GET", "/docs"),
        ("GET", "/monitoring"),
        ("GET", "/gradio_api/deep_link"),
        ("POST", "/gradio_api/run/predict"),
        ("POST", "/gradio_api/vibe-edit"),
        ("POST", "/gradio_api/component_server"),
        ("POST", "/"),
        ("PUT", "/gradio_api/upload"),
        ("OPTIONS", "/"),
    ],
)
def test_what_the_page_does_not_need_is_not_there(asked, method, path):
    assert asked(method, path)[0] == 404


def test_files_of_its_folder_are_there(asked, tmp_path):
    (tmp_path / "a b.png").write_bytes(b"picture")
    assert asked(path=f"/gradio_api/file={tmp_path}/a b.png")[0] == 200


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[" * 100_000, b"\xff", b'{"data": [{"path": "/etc/passwd"}]}'])
def test_choices_that_cannot_be_read_or_name_a_file_are_refused(asked, body):
    assert asked("POST", "/gradio_api/queue/join", parts=(body,))[0] == 400


def test_choices_are_passed_on_whole(asked):
    body = json.dumps({"data": ["x" * 1000, 512]}).encode()
    assert asked("POST", "/gradio_api/queue/join", parts=(body[:10], body[10:]))[::2] == (200, b"%d" % len(body))


@pytest.mark.parametrize(("path", "most"), [("/gradio_api/queue/join", 8), ("/gradio_api/upload", 160)])
def test_more_than_is_taken_is_refused_as_it_is_said_or_as_it_comes(asked, path, most):
    status, _, body = asked("POST", path, {"content-length": str(most * 1_000_000 + 1)})
    assert (status, body) == (413, b"that is more than the %d MB that this page takes at once\n" % most)
    megabyte = bytes(1_000_000)
    assert asked("POST", path, parts=[megabyte] * (most + 1))[0] == 413


def _basic(text):
    return {"authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


def test_the_password_is_asked_for_and_any_user_may_give_it(asked):
    status, headers, _ = asked(password="brush: stroke é")
    assert status == 401 and headers["www-authenticate"].startswith("Basic ")
    assert asked(headers=_basic("anyone:brush: stroke é"), password="brush: stroke é")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [_basic("anyone:stroke"), _basic("brush"), _basic("brush:"), {"authorization": "Basic %%"}, {"authorization": "x"}],
)
def test_a_wrong_password_is_answered_late(asked, headers, monkeypatch):
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    monkeypatch.setattr("nstgraph.web.guard.asyncio.sleep", sleep)
    assert asked(headers=headers, password="brush")[0] == 401
    assert waited == [1.0]
