"""Memory: how much is free, and how much this process holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available_memory", "peak_memory", "process_memory"]

#: Assumed to be free where the system does not tell.
_UNKNOWN = 4 * 2**30

#: A control group's limit, what it uses, and the parts of its use that Linux takes back when memory is needed.
_VERSION_2 = ("memory.max", "memory.current", ("active_file", "inactive_file", "slab_reclaimable"))
_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", ("total_active_file", "total_inactive_file"))


def available_memory(root: Path = Path("/")) -> int:
    """Bytes that this process may still take without swapping, or being stopped by its container's limit.

    Args:
        root: where the folders ``proc`` and ``sys`` are.
    """
    return max(0, min([*_free(root), *_left_in_groups(root)], default=_UNKNOWN))


def process_memory(process: int | None = None) -> int:
    """Bytes of memory that a process holds now.

    Args:
        process: its number; None for this one.

    Returns:
        Where the system does not tell, the most that this one has held, or 0 for another.
    """
    try:
        pages = int(Path(f"/proc/{process or 'self'}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return peak_memory() if process is None else 0


def peak_memory() -> int:
    """Most bytes of memory that this process has held."""
    # Unlike what `getrusage` tells, this does not begin with the parent's peak.
    held = _table(Path("/proc/self/status")).get("VmHWM")
    if held is not None:
        return held * 1024
    try:
        import resource
    except ImportError:  # Windows
        return 2**30
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if os.uname().sysname == "Darwin" else peak * 1024


def _free(root: Path) -> Iterator[int]:
    free = _table(root / "proc/meminfo").get("MemAvailable")
    if free is not None:
        yield free * 1024
        return
    try:  # half of what is built in, where the system does not say what is free
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return


def _left_in_groups(root: Path) -> Iterator[int]:
    """What the limits of this process's control group, and of those above it, leave."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        mount = root / "sys/fs/cgroup" / controllers
        files = _VERSION_1 if controllers else _VERSION_2
        for folder in (mount / path.lstrip("/") / "x").parents:
            yield from _left_in_group(folder, *files)
            if folder == mount:
                break


def _left_in_group(folder: Path, limit: str, used: str, reclaimable: tuple[str, ...]) -> Iterator[int]:
    try:
        left = int((folder / limit).read_text()) - int((folder / used).read_text())
    except (OSError, ValueError):  # no such group, or "max"
        return
    parts = _table(folder / "memory.stat")
    yield left + sum(parts.get(name, 0) for name in reclaimable)


def _table(path: Path) -> dict[str, int]:
    """Whole numbers by name, from a file with one of each a line."""
    try:
        lines = [line.replace(":", " ").split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}
