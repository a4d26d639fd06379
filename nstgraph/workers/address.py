"""The address of a server, and how long to wait for it."""

from __future__ import annotations

import re
import socket
from typing import NamedTuple

from nstgraph.errors import ConfigError
from nstgraph.messages import shown

__all__ = ["PATIENCE", "Address"]

#: Seconds that a server may take for an answer, unless it is told.
PATIENCE = 60.0


class Address(NamedTuple):
    """Host, a name or number, and port; ``str`` gives HOST:PORT."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Address:
        """The address that is written so; IPv6 numbers in brackets.

        Raises:
            ConfigError: it is none.
        """
        match = re.fullmatch(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})", text)
        if match is None or not 0 < int(match[2]) < 1 << 16:
            raise ConfigError(f"{shown(text)} is no address; write HOST:PORT, such as 127.0.0.1:2222")
        return cls(match[1], int(match[2]))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def bare(self) -> str:
        """The host without the brackets of IPv6."""
        return self.host.strip("[]")

    @property
    def is_everywhere(self) -> bool:
        """Whether it stands for all addresses of a machine."""
        return self.bare in ("0.0.0.0", "::")

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine's own, which no other one reaches."""
        return self.host in ("localhost", "[::1]") or self.host.startswith("127.")

    def refuses(self, seconds: float = 1.0) -> bool:
        """Whether nobody takes connections there, as when a process has ended; one that was stopped still does."""
        try:
            socket.create_connection((self.bare, self.port), seconds).close()
        except OSError as error:
            return not isinstance(error, TimeoutError)
        return False
