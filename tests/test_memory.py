"""What is found out about the machine that the tests run on."""

from __future__ import annotations

import os
import subprocess
import sys
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


MEMORY = {"proc/meminfo": "MemTotal: 9000000 kB\nMemAvailable:    4000000 kB\n"}
MOUNTED = "24 20 0:22 {top} {folder} rw,nosuid shared:4 - {kind} cgroup rw,{controllers}\n"
TMPFS = "23 20 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
STAT = "anon 100\nfile 800000000\ninactive_file 500000000\nactive_file 200000000\nslab_reclaimable 30000000\nshmem 7\n"


def version_2(top="/", folder="/sys/fs/cgroup"):
    """A machine on which control groups of the second version are mounted."""
    mount = MOUNTED.format(top=top, folder=folder, kind="cgroup2", controllers="nsdelegate")
    return {**MEMORY, "proc/self/mountinfo": TMPFS + mount}


def version_1(top="/", folder="/sys/fs/cgroup/memory", controllers="memory"):
    """The same with the first version, where each controller is mounted by itself."""
    cpu = MOUNTED.format(top="/", folder="/sys/fs/cgroup/cpu", kind="cgroup", controllers="cpu,cpuacct")
    memory = MOUNTED.format(top=top, folder=folder, kind="cgroup", controllers=controllers)
    return {**MEMORY, "proc/self/mountinfo": TMPFS + cpu + memory}


def group(folder, limit, used, stat="", high="max"):
    files = {"memory.max": limit, "memory.high": high, "memory.current": used, "memory.stat": stat}
    return {f"{folder}/{name}": f"{value}\n" for name, value in files.items()}


def group_1(folder, limit, used, stat=""):
    files = {"memory.limit_in_bytes": limit, "memory.usage_in_bytes": used, "memory.stat": stat}
    return {f"{folder}/{name}": f"{value}\n" for name, value in files.items()}


def available(root, *machine, **own):
    files = {f"proc/self/{name}": text for name, text in own.items()}
    return available_memory(written(root, {name: text for part in (*machine, files) for name, text in part.items()}))


def test_the_page_cache_of_a_control_group_can_be_had(tmp_path):
    """Linux counts files that it holds in memory as used, and gives that memory back when it is asked for."""
    own = group("sys/fs/cgroup", 2_000_000_000, 1_900_000_000, STAT)
    assert available(tmp_path, version_2(), own, cgroup="0::/\n") == 2_000_000_000 - (1_900_000_000 - 730_000_000)


def test_the_tightest_of_a_process_s_groups_counts(tmp_path):
    groups = group("sys/fs/cgroup/a/b", "max", 5), group("sys/fs/cgroup/a", 1000, 300)
    beside = group("sys/fs/cgroup/a/c", 10, 10), group("sys/fs", 10, 10)
    assert available(tmp_path, version_2(), *groups, *beside, cgroup="0::/a/b\n") == 700


def test_above_its_high_mark_a_group_is_slowed_down(tmp_path):
    assert available(tmp_path, version_2(), group("sys/fs/cgroup/a", 1000, 300, high=900), cgroup="0::/a\n") == 600


@pytest.mark.parametrize(
    ("top", "path"),
    [("/", "/"), ("/docker/1", "/docker/1"), ("/", "/docker/1"), ("/", "/../.."), ("/", "/../2")],
    ids=["a name space of its own", "a part is mounted", "the path is the host's", "above", "beside"],
)
def test_the_group_of_a_container_is_at_the_mount_itself(tmp_path, top, path):
    here, elsewhere = group("sys/fs/cgroup", 1000, 400), group("sys/fs/2", 10, 10)
    assert available(tmp_path, version_2(top), here, elsewhere, cgroup=f"0::{path}\n") == 600


def test_below_the_part_that_is_mounted_there_are_groups_too(tmp_path):
    groups = group("sys/fs/cgroup", 1000, 100), group("sys/fs/cgroup/job", 800, 200)
    assert available(tmp_path, version_2("/docker/1"), *groups, cgroup="0::/docker/1/job\n") == 600


def test_groups_are_found_where_they_are_mounted(tmp_path):
    own = group("run/groups/a", 1000, 100)
    assert available(tmp_path, version_2(folder="/run/groups"), own, cgroup="0::/a\n") == 900


@pytest.mark.parametrize("controllers", ["memory", "hugetlb,memory"])
def test_control_groups_of_the_first_version(tmp_path, controllers):
    stat = "cache 900\ninactive_file 1\ntotal_inactive_file 600\ntotal_active_file 100\n"
    own = group_1("sys/fs/cgroup/memory/job", 5000, 4000, stat)
    lines = f"5:cpu,cpuacct:/other\n4:{controllers}:/job\n"
    assert available(tmp_path, version_1(controllers=controllers), own, cgroup=lines) == 1700


def test_of_both_versions_the_one_with_the_memory_counts(tmp_path):
    """A hybrid: the second version is mounted, too, but only names processes there."""
    both = version_1()
    unified = MOUNTED.format(top="/", folder="/sys/fs/cgroup/unified", kind="cgroup2", controllers="nsdelegate")
    both["proc/self/mountinfo"] += unified
    own = group_1("sys/fs/cgroup/memory/job", 5000, 4000)
    assert available(tmp_path, both, own, cgroup="4:memory:/job\n1:name=systemd:/x\n0::/x\n") == 1000


def test_without_groups_all_that_is_free_can_be_had(tmp_path):
    assert available_memory(written(tmp_path, MEMORY)) == 4_000_000 * 1024


LIMITS = """Limit                     Soft Limit           Hard Limit           Units
Max data size             {data:<20} unlimited            bytes
Max address space         {space:<20} unlimited            bytes
"""


@pytest.mark.parametrize(
    ("data", "space", "left"),
    [
        ("unlimited", "unlimited", 4_000_000 * 1024),
        ("unlimited", 3_000_000_000, 3_000_000_000 - 1_000_000 * 1024 - 2**28),
        (2_000_000_000, 3_000_000_000, 2_000_000_000 - 700_000 * 1024 - 2**28),
        ("unlimited", 1_200_000_000, 0),
    ],
)
def test_limits_of_the_process_itself(tmp_path, data, space, left):
    status = "VmPeak: 2000000 kB\nVmSize: 1000000 kB\nVmData: 700000 kB\n"
    assert available(tmp_path, MEMORY, limits=LIMITS.format(data=data, space=space), status=status) == left


@on_linux
def test_a_limit_of_address_space_is_seen():
    code = """
import resource
from nstgraph.memory import available_memory
_, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (1_500_000_000, hard))
print(available_memory())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.5e9 < int(done.stdout) < 1.5e9 - 2**28
