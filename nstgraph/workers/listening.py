"""Where a server can be reached. TensorFlow's listens on every network of the machine, whatever address it is given.

Linux lets any process put a filter on its own listening sockets (socket(7), SO_ATTACH_FILTER; bpf(4) of BSD has the
instructions), by which a packet to another address is dropped before anyone sees it.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from nstgraph.errors import ConfigError
from nstgraph.workers.address import Address

__all__ = ["check_free", "limit"]

_SO_ATTACH_FILTER = 26

#: Instructions: load a byte or a word of the packet, keep some bits, compare, end.
_BYTE, _WORD, _AND, _EQUAL, _END = 0x30, 0x20, 0x54, 0x15, 0x06

#: Offset at which the packet's IP header begins, for the kernel.
_IP_HEADER = -0x100000 & 0xFFFFFFFF

_PASS, _DROP = 0xFFFFFFFF, 0


def check_free(address: Address) -> None:
    """Raise ConfigError unless an address is this machine's, and nobody listens there.

    Servers of TensorFlow would share a port, and each get some of the connections.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(address.bare, address.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # where connections are still being closed
            trial.bind(place)
    except OSError as error:
        raise ConfigError(f"cannot listen at {address} ({error.strerror}); choose another --bind") from error


def limit(address: Address) -> None:
    """Let the listening sockets of this process at a port be reached at one address alone.

    Args:
        address: the address; of 0.0.0.0 and [::], all are left as they are.

    Raises:
        ConfigError: this is not Linux, or the kernel refuses.
    """
    if address.is_everywhere:
        return
    try:
        program = b"".join(_program(_numbers(address)))
        sockets = list(_listening(address.port))
        if not sockets:
            raise OSError(0, "the socket is not found")
        code = ctypes.create_string_buffer(program)
        for one in sockets:
            with one:
                one.setsockopt(
                    socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", len(program) // 8, ctypes.addressof(code))
                )
    except OSError as error:
        raise ConfigError(
            f"TensorFlow's server listens on every network of this machine, and cannot be kept to {address} here "
            f"({error.strerror}); if none but your own machines reach it: --bind 0.0.0.0:{address.port}"
        ) from error


def _numbers(address: Address) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    found = socket.getaddrinfo(address.bare, address.port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]


def _program(numbers: Sequence[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> Iterator[bytes]:
    """A filter that lets packets to these addresses pass."""
    for number in numbers:
        offset = 16 if number.version == 4 else 24
        words = struct.unpack(f"!{len(number.packed) // 4}I", number.packed)
        left = 2 * len(words) + 1  # instructions of this address after the first comparison
        yield _instruction(_BYTE, _IP_HEADER)
        yield _instruction(_AND, 0xF0)
        yield _instruction(_EQUAL, number.version << 4, otherwise=left)
        for i, word in enumerate(words):
            yield _instruction(_WORD, _IP_HEADER + offset + 4 * i)
            yield _instruction(_EQUAL, word, otherwise=left - 2 * i - 2)
        yield _instruction(_END, _PASS)
    yield _instruction(_END, _DROP)


def _instruction(code: int, number: int, otherwise: int = 0) -> bytes:
    return struct.pack("HBBI", code, 0, otherwise, number)


def _listening(port: int) -> Iterator[socket.socket]:
    """Copies of this process's sockets that listen at a port."""
    if sys.platform != "linux":
        raise OSError(0, "this is not Linux")
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.fstat(int(entry.name)).st_mode):
                one = socket.socket(fileno=os.dup(int(entry.name)))
                listens = one.family in (socket.AF_INET, socket.AF_INET6) and one.getsockname()[1] == port
                if listens and one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    yield one
                else:
                    one.close()
