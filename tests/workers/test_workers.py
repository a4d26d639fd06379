"""Which workers are there is known before the work."""

from __future__ import annotations

import numpy as np
import pytest

import nstgraph as nst
from nstgraph.errors import ConfigError
from nstgraph.workers import worker


def test_addresses_may_come_one_by_one_or_in_one_text():
    assert nst.Workers("a:1,b:2").addresses == nst.Workers("a:1", " b:2").addresses == (("a", 1), ("b", 2))
    assert len(nst.Workers()) == 0


@pytest.mark.parametrize(
    ("given", "patience", "message"),
    [
        (["a:1,a:1"], 60.0, "a:1 is given twice"),
        (["a:1,"], 60.0, "is no address"),
        (["a:1"], 0.5, "the time that a worker may take is 0.5; choose a number from 1.0"),
        (["a:1"], float("nan"), "is nan; choose"),
    ],
)
def test_wrong_ones_are_refused(given, patience, message):
    with pytest.raises(ConfigError, match=message):
        nst.Workers(*given, patience=patience)


def test_those_that_do_not_answer_are_left_out_and_named(servers, silent, free_port, monkeypatch):
    monkeypatch.setattr(worker, "_QUICK", 1.0)  # seconds to wait for the silent one
    notes = []
    dead = f"127.0.0.1:{free_port()}"
    there = nst.Workers(*servers, silent, dead, patience=7).answering(notes.append)
    assert [str(address) for address in there.addresses] == servers
    assert there.patience == 7
    assert notes == [f"worker {address} does not answer, and is left out" for address in (silent, dead)]


def test_if_none_answers_it_is_said_how_to_start_one(free_port):
    dead = f"127.0.0.1:{free_port()}"
    with pytest.raises(ConfigError, match=f"no worker answers at {dead}; start one there: nstgraph worker --bind"):
        nst.stylize(np.zeros((40, 48, 3)), np.zeros((40, 40, 3)), workers=nst.Workers(dead))
