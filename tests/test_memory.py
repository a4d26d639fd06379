"""What is found out about the machine that the tests run on."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from nstgraph.memory import available_memory, process_memory

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


def written(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MACHINE = {"proc/meminfo": "MemTotal: 9000000 kB\nMemAvailable:    4000000 kB\n"}
STAT = "anon 100\nfile 800000000\ninactive_file 500000000\nactive_file 200000000\nslab_reclaimable 30000000\nshmem 7\n"


def test_the_page_cache_of_a_control_group_can_be_had(tmp_path):
    """Linux counts files that it holds in memory as used, and gives that memory back when it is asked for."""
    group = {"memory.max": "2000000000\n", "memory.current": "1900000000\n", "memory.stat": STAT}
    files = {f"sys/fs/cgroup/{name}": text for name, text in group.items()}
    root = written(tmp_path, {**MACHINE, "proc/self/cgroup": "0::/\n", **files})
    assert available_memory(root) == 2_000_000_000 - (1_900_000_000 - 730_000_000)


def test_the_tightest_of_a_process_s_groups_counts(tmp_path):
    inner = {"memory.max": "max\n", "memory.current": "5\n"}
    outer = {"memory.max": "1000\n", "memory.current": "300\n"}
    files = {f"sys/fs/cgroup/a/b/{name}": text for name, text in inner.items()}
    files |= {f"sys/fs/cgroup/a/{name}": text for name, text in outer.items()}
    root = written(tmp_path, {**MACHINE, "proc/self/cgroup": "0::/a/b\n", **files})
    assert available_memory(root) == 700


def test_control_groups_of_the_first_version(tmp_path):
    group = {
        "memory.limit_in_bytes": "5000\n", "memory.usage_in_bytes": "4000\n",
        "memory.stat": "cache 900\ninactive_file 1\ntotal_inactive_file 600\ntotal_active_file 100\n",
    }  # fmt: skip
    files = {f"sys/fs/cgroup/memory/job/{name}": text for name, text in group.items()}
    root = written(tmp_path, {**MACHINE, "proc/self/cgroup": "5:cpu:/job\n4:memory:/job\n", **files})
    assert available_memory(root) == 1700


def test_without_groups_all_that_is_free_can_be_had(tmp_path):
    assert available_memory(written(tmp_path, MACHINE)) == 4_000_000 * 1024
