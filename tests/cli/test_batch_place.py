"""Where a batch's pictures are made: what cannot be is said before any work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nstgraph.cli.batch_place import Place
from nstgraph.errors import ClusterError, ConfigError


@pytest.mark.parametrize(
    ("workers", "scheduler", "said"),
    [
        (0, None, "--workers is 0; choose a number from 1"),
        (-3, None, "--workers is -3"),
        (None, "nonsense", "--scheduler is 'nonsense'; give an address, such as tcp://host:8786"),
        (None, "http://host:8786", "give an address"),
        (2, "tcp://host:8786", "choose one of them"),
    ],
)
def test_wrong_places_are_said(workers, scheduler, said):
    with pytest.raises(ConfigError, match=said):
        Place(workers, scheduler, ())


@pytest.mark.parametrize(("workers", "scheduler"), [(2, None), (None, "tcp://host:8786")])
def test_without_dask_what_is_missing_is_named_and_one_process_does(monkeypatch, workers, scheduler):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'nstgraph\[cluster\]'"):
        Place(workers, scheduler, ())
    for alone in (None, 1):
        with Place(alone, None, ()).opened([], lambda job: None, lambda line: None) as make:
            assert list(make([], lambda job: None)) == []


def test_a_scheduler_that_does_not_answer_is_said(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("nstgraph.batch.cluster._FIRST_WORD", 0.5)
    place = Place(None, "tcp://127.0.0.1:1", (Path("none.py"),))
    with (
        pytest.raises(ClusterError, match="no scheduler answers at tcp:"),
        place.opened([], lambda job: None, lambda line: None),
    ):
        pass
