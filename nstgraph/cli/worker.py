"""The command ``nstgraph worker``."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from nstgraph.cli import running
from nstgraph.cli.exit_codes import command
from nstgraph.cli.printing import to_stderr

__all__ = ["app"]

app = typer.Typer()


@command(app)
def worker(
    bind: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT", help="Where to listen; a loopback address is reached by none but this machine."
        ),
    ] = "127.0.0.1:2222",
    threads: Annotated[
        int, typer.Option(metavar="N", min=0, help="Cores to compute with.", show_default="all of them")
    ] = 0,
) -> None:
    """Compute tiles for other machines, until Ctrl-C: on these, nstgraph stylize --workers HOST:PORT.

    It is a TensorFlow server, which has no password: whoever reaches it can run what he likes with your rights. On a
    network that others share, keep the loopback address and tunnel: ssh -L 2222:127.0.0.1:2222 HOST. See SECURITY.md.
    """
    from nstgraph.workers.address import Address

    address = Address.read(bind)
    running.import_tensorflow()
    from nstgraph.workers.server import serve

    server = serve(address, threads)
    to_stderr(f"computing for nstgraph stylize --workers {address}; Ctrl-C ends it")
    if not address.is_loopback:
        to_stderr("warning: TensorFlow's servers have no password; let none but your own machines reach this one")
    while server is not None:
        time.sleep(0.5)  # `join` would not hear Ctrl-C, nor would a longer sleep if another thread takes the signal
