"""The command ``nstgraph web``."""

from __future__ import annotations

import contextlib
import time
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nstgraph.cli import options, running
from nstgraph.cli.exit_codes import command
from nstgraph.cli.interruptions import deaf
from nstgraph.cli.printing import to_stderr, to_stdout
from nstgraph.user_folders import state_folder

if TYPE_CHECKING:
    from nstgraph.web.studio import Studio

__all__ = ["app"]

app = typer.Typer()


@command(app)
def web(
    host: Annotated[
        str,
        typer.Option(metavar="HOST", help="Address to listen at; one that other machines reach needs --password-file."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", min=0, max=65535, help="Port; 0 is any that is free.")] = 7860,
    password_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="File with the password that a browser must give, as its only line."),
    ] = None,
    queue: Annotated[int, typer.Option(metavar="N", min=1, max=1000, help="Pictures that may wait at most.")] = 8,
    folder: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where pictures are kept.", show_default="web in the state folder"),
    ] = None,
    plugin: options.Plugins = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Paint, watch and keep pictures on a page in the browser, until Ctrl-C.

    The page is on this machine alone, and asks nothing of the internet. Pictures that are not done when the command
    ends are gone on with when it starts again.
    """
    from nstgraph.web.password import read_password
    from nstgraph.web.serve import check_gradio, check_host, serving

    password = None if password_file is None else read_password(password_file)
    check_host(host, password)
    check_gradio()
    options.load_plugins(plugin)
    running.import_tensorflow()
    from nstgraph.web.studio import Studio

    folder = folder if folder is not None else state_folder() / "web"
    studio = Studio(folder, queue)
    with _closed(studio), serving(studio, host, port, password) as address:
        to_stdout(f"{address}\n")
        to_stderr(f"pictures are kept in {folder}; Ctrl-C ends the page")
        if password is not None:
            to_stderr("warning: the password is sent as it is; on a network that others share, use a tunnel: ssh -L")
        if open_browser:
            webbrowser.open(address)
        while True:
            time.sleep(0.5)  # a longer sleep would not hear Ctrl-C if another thread takes the signal


@contextlib.contextmanager
def _closed(studio: Studio) -> Iterator[None]:
    """Keep what is on its way before the command ends."""
    try:
        yield
    finally:
        with deaf():
            studio.close()
