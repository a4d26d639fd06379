"""What is found out about the machine that the tests run on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from nstgraph import tf
from nstgraph.config import PRECISIONS
from nstgraph.planning import machine
from nstgraph.planning.machine import Product, available_memory, native_precision, process_memory

STATM = Path("/proc/self/statm")
on_linux = pytest.mark.skipif(not STATM.exists(), reason="only Linux tells what a process holds now")


def test_some_memory_is_free_but_not_more_than_there_is():
    free = available_memory()
    assert type(free) is int
    assert free > 50e6
    if hasattr(os, "sysconf"):
        assert free < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@on_linux
def test_what_others_hold_is_not_available():
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    # What they give back between the two looks is allowed for.
    assert available_memory() < int(lines["MemAvailable"].split()[0]) * 1024 + 2e9


def test_a_process_holds_at_least_its_interpreter_and_numpy():
    assert type(process_memory()) is int
    assert 20e6 < process_memory() < 100e9


@on_linux
def test_memory_that_is_touched_counts_and_memory_given_back_does_not():
    before = process_memory()
    untouched = np.empty(25_000_000)
    reserved = process_memory()
    untouched[:] = 1
    touched = process_memory()
    del untouched
    after = process_memory()
    assert reserved - before < 50e6
    assert touched - before == pytest.approx(200e6, abs=20e6)
    assert touched - after == pytest.approx(200e6, abs=20e6)


@pytest.mark.parametrize("precision", PRECISIONS[1:])
def test_a_product_has_a_rate_and_gives_its_session_back(precision):
    with Product(precision, 64) as product:
        rates = [product() for _ in range(3)]
        assert product.gflop == pytest.approx(2 * 64**3 / 1e9)
        assert all(0 < rate < 1e6 for rate in rates)
    with pytest.raises((RuntimeError, tf.errors.CancelledError), match="closed"):
        product()


def test_the_native_precision_is_one_of_two_and_measured_once(monkeypatch):
    first = native_precision()
    assert first in ("float32", "bfloat16")

    def measured_again(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(machine, "Product", measured_again)
    assert native_precision() == first
