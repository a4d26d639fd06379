"""The page's server: on this machine alone, unless a host and a password are given."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nstgraph.errors import ConfigError, NstgraphError
from nstgraph.web.guard import Guard
from nstgraph.web.run_pictures import answer
from nstgraph.web.upload import MOST_BYTES

__all__ = ["check_gradio", "check_host", "serving"]

#: Seconds that open connections have when the server ends.
_GRACE = 1

#: Names the folder of Gradio's files.
_FOLDER = "GRADIO_TEMP_DIR"

#: Of uvicorn: it writes nothing, and trusts no header that only a proxy should send.
_SETTINGS: dict[str, Any] = {
    "log_level": "critical",
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,
    "timeout_graceful_shutdown": _GRACE,
}


def check_host(host: str, password: str | None) -> None:
    """Check that a page is served to other machines with a password only.

    Raises:
        ConfigError: the host is not one of loopback, and there is no password.
    """
    if not _is_loopback(host) and password is None:
        raise ConfigError(f"{host} may be reached by other machines: give a password (--password-file), or no --host")


def check_gradio() -> None:
    """Import Gradio.

    Raises:
        ConfigError: it is not there.
    """
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        raise ConfigError("the page needs Gradio: python -m pip install 'nstgraph[web]'") from error


@contextlib.contextmanager
def serving(studio: Any, host: str = "127.0.0.1", port: int = 7860, password: str | None = None) -> Iterator[str]:
    """Serve the page in a thread of its own while the block runs.

    Meanwhile the process's GRADIO_TEMP_DIR names the server's folder: Gradio looks there whenever it copies a control.

    Args:
        studio: what paints (`nstgraph.web.painting.Studio`), or shows what is painted elsewhere.
        host: a name or number of this machine; other machines reach it only if it is not one of loopback.
        port: 0 takes any that is free.
        password: that a browser must send; needed unless ``host`` is loopback.

    Yields:
        The page's address, which answers.

    Raises:
        ConfigError: Gradio is missing, there is no password for other machines, or the address cannot be had.
    """
    check_host(host, password)
    check_gradio()
    with contextlib.closing(_socket(host, port)) as listening, _temporary_folder() as folder:
        port = listening.getsockname()[1]
        make = lambda: Guard(_application(studio, folder), folder, _names(host, port), password)  # noqa: E731
        with _running(make, listening):
            yield f"http://{_shown(host)}:{port}/"


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine's own name, or number, for itself, which no other machine reaches."""
    return host in ("localhost", "::1") or (host.startswith("127.") and host.replace(".", "").isdecimal())


def _socket(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ConfigError(f"{host}:{port} is no address of this machine: {error}") from error
    try:
        if os.name == "posix":  # where it lets a port be taken again at once, and never one that is in use
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        raise ConfigError(f"{host}:{port} cannot be had ({error}); choose another --port, or 0 for any free") from error
    return listening


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder that others cannot look into, as Gradio's own."""
    folder = Path(tempfile.mkdtemp(prefix="nstgraph-web-")).resolve()
    before = os.environ.get(_FOLDER)
    os.environ[_FOLDER] = str(folder)
    try:
        yield folder
    finally:
        if before is None:
            del os.environ[_FOLDER]
        else:
            os.environ[_FOLDER] = before
        shutil.rmtree(folder, ignore_errors=True)


def _names(host: str, port: int) -> frozenset[str]:
    if not _is_loopback(host):
        return frozenset()  # its names are the network's; the password is sent to none but this server
    names = {_shown(host), "127.0.0.1", "localhost", "[::1]"}
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _application(studio: Any, folder: Path) -> Any:
    """Gradio's application with the page, whose files are in the folder alone, and the pictures of runs."""
    import fastapi
    import gradio

    from nstgraph.web.look import STYLE, theme
    from nstgraph.web.page import page

    app = fastapi.FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    def picture(run: str, kind: str) -> fastapi.Response:
        status, body, headers = answer(studio, run, kind)
        return fastapi.Response(body, status, headers)

    app.add_api_route("/runs/{run}/{kind}", picture)
    blocks = page(studio, folder)
    gradio.mount_gradio_app(
        app,
        blocks,
        "/",
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=MOST_BYTES,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css=STYLE,
    )
    return app


@contextlib.contextmanager
def _running(make: Callable[[], Any], listening: socket.socket) -> Iterator[None]:
    """Make an application in a thread of its own, within the loop that Gradio binds it to, and run it there."""
    servers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    async def run() -> None:
        try:
            import uvicorn

            settings = uvicorn.Config(make(), log_config=None, ws="none", **_SETTINGS)
            server = uvicorn.Server(settings)
        except BaseException as error:  # whatever it is, whoever waits for the server has to be told
            servers.put(error)
            raise
        servers.put(server)
        await server.serve([listening])

    def thread_run() -> None:
        with contextlib.suppress(Exception):  # which whoever waits has been given
            asyncio.run(run())

    thread = threading.Thread(target=thread_run, name="nstgraph-web", daemon=True)
    thread.start()
    server = servers.get()
    if isinstance(server, BaseException):
        thread.join()
        raise server
    try:
        while not server.started:
            if not thread.is_alive():
                raise NstgraphError("the page's server does not begin; is Gradio installed whole?")
            time.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        thread.join(_GRACE + 5)
