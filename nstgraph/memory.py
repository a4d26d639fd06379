"""Memory: how much is free, and how much this process holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available_memory", "peak_memory", "process_memory"]

#: Assumed to be free where the system does not tell.
_UNKNOWN = 4 * 2**30

#: Limits of a control group, what it uses, and the parts of its use that Linux takes back when memory is needed.
_VERSION_2 = (("memory.max", "memory.high"), "memory.current", ("active_file", "inactive_file", "slab_reclaimable"))
_VERSION_1 = (("memory.limit_in_bytes",), "memory.usage_in_bytes", ("total_active_file", "total_inactive_file"))

#: Limits of a process itself (``ulimit -v`` and ``-d``), and what counts towards them.
_OF_A_PROCESS = (("Max address space", "VmSize"), ("Max data size", "VmData"))

#: Address space that a run takes beyond the memory that it holds: heaps of threads, and gaps.
_RESERVED = 2**28


def available_memory(root: Path = Path("/")) -> int:
    """Bytes that this process may still take without swapping, or being stopped by its container's limit.

    Args:
        root: where the folders ``proc`` and ``sys`` are.
    """
    return max(0, min([*_free(root), *_left_in_groups(root), *_left_to_process(root)], default=_UNKNOWN))


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


def _left_to_process(root: Path) -> Iterator[int]:
    """What the limits of this process itself leave."""
    try:
        lines = (root / "proc/self/limits").read_text().splitlines()
    except OSError:
        return
    held = _table(root / "proc/self/status")
    for name, used in _OF_A_PROCESS:
        for line in lines:
            soft = line.removeprefix(name).split()[0] if line.startswith(name) else ""
            if soft.isdecimal() and used in held:
                yield int(soft) - held[used] * 1024 - _RESERVED


def _left_in_groups(root: Path) -> Iterator[int]:
    """What the limits of this process's control group, and of those above it, leave."""
    try:
        groups = [line.split(":", 2)[1:] for line in (root / "proc/self/cgroup").read_text().splitlines()]
        mounts = [line.split() for line in (root / "proc/self/mountinfo").read_text().splitlines()]
    except OSError:
        return
    for words in mounts:
        kind, _, options = words[words.index("-") + 1 :][:3]
        if kind not in ("cgroup", "cgroup2"):
            continue
        name, files = ("", _VERSION_2) if kind == "cgroup2" else ("memory", _VERSION_1)
        top, mount = words[3], root / words[4].lstrip("/")
        for controllers, path in groups:
            if name in controllers.split(",") and (not name or name in options.split(",")):
                # A container may see its own group at the top, or be told of one that it does not see.
                inside = "" if ".." in path.split("/") else path.removeprefix(top).strip("/")
                for folder in [parent for parent in (mount / inside / "x").parents if parent.is_relative_to(mount)]:
                    yield from _left_in_group(folder, *files)


def _left_in_group(folder: Path, limits: tuple[str, ...], used: str, reclaimable: tuple[str, ...]) -> Iterator[int]:
    parts = _table(folder / "memory.stat")
    for limit in limits:
        try:
            left = int((folder / limit).read_text()) - int((folder / used).read_text())
        except (OSError, ValueError):  # no such group, or "max"
            continue
        yield left + sum(parts.get(name, 0) for name in reclaimable)


def _table(path: Path) -> dict[str, int]:
    """Whole numbers by name, from a file with one of each a line."""
    try:
        lines = [line.replace(":", " ").split() for line in path.read_text().splitlines()]
    except OSError:
        return {}
    return {words[0]: int(words[1]) for words in lines if len(words) > 1 and words[1].isdecimal()}
