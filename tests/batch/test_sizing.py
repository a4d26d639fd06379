"""How many workers there is room for."""

from __future__ import annotations

import pytest

from nstgraph.batch.sizing import workers_at_most, workers_that_fit

GB = 1e9


@pytest.mark.parametrize(
    ("pictures", "cores", "free", "workers"),
    [
        (100, 1, 64 * GB, 1),
        (100, 2, 64 * GB, 2),
        (100, 3, 64 * GB, 2),
        (100, 16, 64 * GB, 8),
        (100, 16, 4 * GB, 3),
        (100, 2, 1.5 * GB, 1),
        (3, 16, 64 * GB, 1),
        (8, 16, 64 * GB, 4),
    ],
)
def test_workers_are_as_many_as_cores_memory_and_pictures_allow(pictures, cores, free, workers):
    assert workers_at_most(pictures, cores, free) == workers


@pytest.mark.parametrize(
    ("needed", "free", "workers"), [(3 * GB, 10 * GB, 3), (8 * GB, 10 * GB, 1), (20 * GB, 10 * GB, 1)]
)
def test_workers_fit_beside_each_other(needed, free, workers):
    assert workers_that_fit(needed, free) == workers


def test_what_is_not_known_is_small():
    assert workers_that_fit(0.0, 10 * GB) == 9
