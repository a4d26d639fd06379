"""Addresses are host and port, and tell whether somebody listens."""

from __future__ import annotations

import pytest

from nstgraph.errors import ConfigError
from nstgraph.workers.address import Address


@pytest.mark.parametrize("text", ["localhost:2222", "10.0.0.2:1", "studio-2.example.org:65535", "[::1]:2222"])
def test_an_address_is_read_and_written(text):
    assert str(Address.read(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "host", ":2222", "host:", "host:0", "host:65536", "host:22x", "a b:2", "::1:2222", "http://host:22", "h:١"],
)
def test_what_is_no_address_is_refused_with_an_example(text):
    with pytest.raises(ConfigError, match=r"is no address; write HOST:PORT, such as 127\.0\.0\.1:2222"):
        Address.read(text)


@pytest.mark.parametrize(
    ("text", "own"),
    [("127.0.0.1:1", True), ("localhost:1", True), ("[::1]:1", True), ("0.0.0.0:1", False), ("10.0.0.2:1", False)],
)
def test_only_loopback_is_reached_by_nobody_else(text, own):
    assert Address.read(text).is_loopback is own


def test_who_has_ended_refuses_and_who_only_keeps_silent_does_not(silent, free_port):
    assert Address("127.0.0.1", free_port()).refuses()
    assert not Address.read(silent).refuses()
