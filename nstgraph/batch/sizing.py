"""How many workers a machine has room for: by its cores, by its memory, and by what there is to do."""

from __future__ import annotations

__all__ = ["workers_at_most", "workers_that_fit"]

#: Bytes that a process takes for the smallest pictures, most of them TensorFlow's own.
_SMALLEST = 1.0e9

#: Share of the free memory that is planned for; predictions are right within a tenth.
_SHARE = 0.9

#: Pictures that a worker is to have at least: starting one takes as long as a small picture or two.
_PICTURES = 2


def workers_at_most(pictures: int, cores: int, free: float) -> int:
    """Workers for so many pictures, before it is known how much memory one takes; 1 if one process does as well.

    Small pictures gain more from a second process than from a second thread, and large ones gain little from either
    once all cores are busy. Each worker has as many threads as a run by itself, so there are two cores for each where
    there are more than two.

    Args:
        pictures: how many are to be made.
        cores: that the process may use.
        free: bytes of memory that are free.
    """
    return max(1, min(pictures // _PICTURES, max(min(cores, 2), cores // 2), int(_SHARE * free // _SMALLEST)))


def workers_that_fit(needed: float, free: float) -> int:
    """Workers that have room beside each other, each of which takes ``needed`` bytes of those that are free."""
    return max(1, int(_SHARE * free // max(needed, _SMALLEST)))
