"""The command line as a terminal starts it."""

from __future__ import annotations

import sys

__all__ = ["NSTGRAPH"]

#: Starts it. A process that was started in the background ignores Ctrl-C; this one hears it, whoever started the tests.
NSTGRAPH = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import nstgraph.__main__ as c; c.main()",
]
