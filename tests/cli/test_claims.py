"""What a user's runs share: names of files, and memory."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from nstgraph.cli.claims import claim, claim_memory
from nstgraph.planning.plan import Plan, Stage

OTHER = """
import contextlib, sys, pathlib
from nstgraph.cli.claims import claim, claim_memory
from nstgraph.planning.plan import Plan, Stage
with contextlib.ExitStack() as claims:
    print(claim(pathlib.Path("a.png"), claims), flush=True)
    claim_memory(lambda reserved: print(reserved, flush=True) or Plan("float32", (Stage(1, 1, 1, memory=5e9),)), claims)
    sys.stdin.read()
"""


@contextlib.contextmanager
def another_run():
    with subprocess.Popen(
        [sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process, process.stdout.readline().strip(), float(process.stdout.readline())
        process.kill()


def planned(memory, seen):
    def plan(reserved):
        seen.append(reserved)
        return Plan("float32", (Stage(1, 1, 1, memory=memory),))

    return plan


def test_a_file_is_one_run_s_until_that_ends_however_it_does(empty_folder):
    with contextlib.ExitStack() as claims, another_run() as (process, first, _):
        assert first == "True" and not claim(Path("sub/../a.png"), claims) and claim(Path("b.png"), claims)
        process.kill()
        process.wait()
        assert claim(Path("a.png"), claims)
    locks = Path(os.environ["XDG_STATE_HOME"], "nstgraph", "locks")
    assert list(locks.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the system does not tell what others hold")
def test_runs_that_start_together_share_what_is_free(empty_folder):
    seen = []
    with contextlib.ExitStack() as claims:
        claim_memory(planned(9e9, seen), claims)
        with another_run() as (process, _, reserved):
            assert 7e9 < reserved < 9e9  # what this process has taken already is not free anyway
            claim_memory(planned(1.0, seen), claims)
            process.kill()
            process.wait()
            claim_memory(planned(2.0, seen), claims)
    assert seen[0] == 0 and seen[1] - seen[2] > 4e9 and 7e9 < seen[2] < 9e9
    folder = Path(os.environ["XDG_STATE_HOME"], "nstgraph", "memory")
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="the system does not tell what others hold")
def test_a_run_on_another_machine_that_shares_the_home_takes_nothing_from_this_one(empty_folder, monkeypatch):
    seen = []
    with contextlib.ExitStack() as claims:
        claim_memory(planned(9e9, seen), claims)
        for node in ("another-host", "../*", platform.node()):
            monkeypatch.setattr("platform.node", lambda node=node: node)
            claim_memory(planned(1e9, seen), claims)
    assert seen[:3] == [0, 0, 0] and 7e9 < seen[3] < 9e9


def test_where_nothing_can_be_written_nothing_is_claimed(empty_folder, monkeypatch):
    (empty_folder / "file").write_text("x")
    monkeypatch.setenv("XDG_STATE_HOME", str(empty_folder / "file"))
    seen = []
    with contextlib.ExitStack() as claims:
        assert claim(Path("a.png"), claims) and claim(Path("a.png"), claims)
        claim_memory(planned(1e9, seen), claims)
    assert seen == [0.0]
