from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nstgraph.locks import FileLock

HOLD = """
import sys
from nstgraph.locks import FileLock
print(FileLock(sys.argv[1]).acquire(), flush=True)
sys.stdin.read()
"""

#: Takes the lock a hundred times; whoever holds it makes a file that nobody else may have made meanwhile.
COMPETE = """
import os, sys
from nstgraph.locks import FileLock
times = 0
while times < 100:
    with FileLock(sys.argv[1]) as held:
        if held:
            os.close(os.open(sys.argv[1] + ".marker", os.O_CREAT | os.O_EXCL))
            os.unlink(sys.argv[1] + ".marker")
            times += 1
"""


def process(program: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def held_elsewhere(path: Path) -> bool:
    """Whether another thread fails to get the lock."""
    result = list[bool]()

    def attempt() -> None:
        with FileLock(path) as held:
            result.append(not held)

    (thread := threading.Thread(target=attempt)).start()
    thread.join()
    return result[0]


def test_one_holds_it_at_a_time(tmp_path: Path) -> None:
    with FileLock(path := tmp_path / "lock") as held:
        assert held and held_elsewhere(path) and path.read_bytes() == b""
        with FileLock(path) as second, FileLock(tmp_path / "other") as other:
            assert (second, other) == (False, True)
        assert held_elsewhere(path)
    assert list(tmp_path.iterdir()) == [] and not held_elsewhere(path)


def test_it_is_held_beyond_a_block_until_it_is_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    lock = FileLock("lock")
    assert lock.acquire() and not lock.acquire()
    monkeypatch.chdir("/")
    assert held_elsewhere(tmp_path / "lock")
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == [] and lock.acquire()
    lock.release()


def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path: Path) -> None:
    with process(HOLD, path := tmp_path / "lock") as other:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        assert held_elsewhere(path)
        other.kill()
    assert path.exists() and not held_elsewhere(path) and not path.exists()


def test_processes_that_take_turns_are_never_in_it_together(tmp_path: Path) -> None:
    others = [process(COMPETE, tmp_path / "lock") for _ in range(4)]
    for other in others:
        other.communicate(timeout=60)
    assert [other.returncode for other in others] == [0] * 4 and list(tmp_path.iterdir()) == []


def test_a_lock_file_removed_by_hand_leaves_the_next_one_alone(tmp_path: Path) -> None:
    with FileLock(path := tmp_path / "lock"):
        path.unlink()
        (second := FileLock(path)).acquire()
    assert path.exists() and held_elsewhere(path)
    second.release()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes and pipes")
def test_the_file_is_the_user_s_alone_and_never_a_link_or_a_pipe(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock"):
        assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder", "none/lock"):
        with pytest.raises(OSError, match=name):
            FileLock(tmp_path / name).acquire()
    assert {path.name for path in tmp_path.iterdir()} == {"link", "pipe", "folder"}
