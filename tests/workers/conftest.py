"""Servers that the tests of workers share."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from foreground import NSTGRAPH


@pytest.fixture
def silent() -> Iterator[str]:
    """An address at which connections are taken, and nothing is ever said."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def worker_processes(
    tmp_path: Path, free_port: Callable[[], int]
) -> Iterator[Callable[[int], list[tuple[str, subprocess.Popen[str]]]]]:
    """Starts so many ``nstgraph worker`` in processes of their own; gives address and process of each."""
    with contextlib.ExitStack() as ending:

        def start(count: int) -> list[tuple[str, subprocess.Popen[str]]]:
            started = []
            for _ in range(count):
                address = f"127.0.0.1:{free_port()}"
                command = [*NSTGRAPH, "worker", "--bind", address]
                process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
                ending.callback(_end, process)
                started.append((address, process))
            for address, process in started:
                assert process.stderr is not None
                assert re.search(re.escape(address), process.stderr.readline())
            return started

        yield start


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGCONT)
    process.wait()
    assert process.stderr is not None
    process.stderr.close()
