"""A server listens where it is told and nowhere else, if it can."""

from __future__ import annotations

import contextlib
import socket
import sys

import pytest

from nstgraph.errors import ConfigError
from nstgraph.workers.address import Address
from nstgraph.workers.listening import limit
from nstgraph.workers.server import serve


def test_an_address_that_is_in_use_or_not_of_this_machine_is_refused_in_a_line(servers):
    for address in (Address.read(servers[0]), Address("203.0.113.7", 2222)):
        with pytest.raises(ConfigError, match=f"cannot listen at {address} .*; choose another --bind") as caught:
            serve(address)
        assert "\n" not in str(caught.value)


def _other_addresses():
    """Addresses of this machine beside loopback."""
    found = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((far, 9))  # which sends nothing, and tells from where it would be sent
            found.append(asking.getsockname()[0])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="filters of sockets are Linux's")
def test_a_server_on_loopback_is_reached_by_nobody_else(servers):
    port = Address.read(servers[0]).port
    assert reached("127.0.0.1", port)
    assert not any(reached(host, port) for host in [*_other_addresses(), "127.0.0.2", "::1"])


@pytest.mark.skipif(sys.platform != "linux", reason="filters of sockets are Linux's")
@pytest.mark.parametrize(("host", "open_to"), [("127.0.0.2", {"127.0.0.2"}), ("[::1]", {"::1"}), ("0.0.0.0", None)])
def test_the_address_decides_who_reaches_a_server(host, open_to, free_port):
    port = free_port()
    with socket.socket(socket.AF_INET6) as listening:  # as TensorFlow listens
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(("::", port))
        listening.listen()
        limit(Address(host, port))
        hosts = {"127.0.0.1", "127.0.0.2", "::1", *_other_addresses()}
        assert {one for one in hosts if reached(one, port)} == (hosts if open_to is None else open_to)


def test_where_it_cannot_be_limited_it_is_said_what_that_means(free_port, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    port = free_port()
    with pytest.raises(ConfigError, match=rf"cannot be kept to 127.0.0.1:{port} here .*--bind 0\.0\.0\.0:{port}"):
        limit(Address("127.0.0.1", port))


def reached(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), 0.3).close()
    except OSError:
        return False
    return True
