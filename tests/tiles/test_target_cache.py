"""Arrays come back from the cache as they were, wherever they are kept."""

from __future__ import annotations

import gc
import tempfile
import warnings

import ml_dtypes
import numpy as np
import pytest

from nstgraph.tiles.target_cache import KEEPS, TargetCache

LISTS = [
    [np.arange(24, dtype=np.float32).reshape(1, 2, 4, 3), np.array(7, np.int32)],
    [np.ones((2, 5), ml_dtypes.bfloat16) * 3, np.linspace(0, 1, 9).astype(np.float16), np.float32(2.5)],
    [np.zeros((0, 4), np.float32), np.array([[True, False]])],
    [],
]


class Maker:
    """Gives the lists, and remembers which were asked for."""

    def __init__(self):
        self.made = []

    def __call__(self, number):
        self.made.append(number)
        return LISTS[number]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where temporary folders are made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("keep", KEEPS)
def test_lists_come_back_as_they_were_in_any_order(folder, keep):
    cache = TargetCache(keep, Maker())
    for number in (1, 3, 0, 2, 1):
        assert len(cache[number]) == len(LISTS[number])
        for array, original in zip(cache[number], LISTS[number], strict=True):
            assert np.shape(array) == np.shape(original)
            assert array.dtype == original.dtype
            np.testing.assert_array_equal(array, original)


@pytest.mark.parametrize(("keep", "made"), [("memory", [2]), ("disk", [2]), ("recompute", [2, 2])])
def test_lists_are_made_when_asked_for_and_once_unless_they_are_to_be_recomputed(folder, keep, made):
    maker = Maker()
    cache = TargetCache(keep, maker)
    for _ in range(2):
        assert len(cache[2]) == 2
    assert maker.made == made


@pytest.mark.parametrize("keep", KEEPS)
def test_only_the_disk_uses_files(folder, keep):
    cache = TargetCache(keep, Maker())
    assert [len(cache[number]) for number in range(len(LISTS))] == [len(arrays) for arrays in LISTS]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert bool(files) is (keep == "disk")
    assert sum(path.stat().st_size for path in files) == (
        sum(np.asarray(array).nbytes for arrays in LISTS for array in arrays) if files else 0
    )
    assert len(cache[0]) == 2


def test_what_is_on_disk_is_not_in_memory_and_cannot_be_changed(folder):
    (array, _) = TargetCache("disk", Maker())[0]
    assert isinstance(array, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        array[:] = 0


def test_the_folder_goes_with_the_cache_and_without_a_warning(folder):
    cache = TargetCache("disk", Maker())
    assert len(list(folder.iterdir())) == 1
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del cache
        gc.collect()
    assert list(folder.iterdir()) == []
    assert [str(warning.message) for warning in caught] == []


def test_a_list_that_could_not_be_made_is_made_when_it_is_asked_for_again(folder):
    fails = [RuntimeError("no more"), None]

    def broken(number):
        if (error := fails.pop(0)) is not None:
            raise error
        return LISTS[number]

    cache = TargetCache("disk", broken)
    with pytest.raises(RuntimeError, match="no more"):
        cache[0]
    np.testing.assert_array_equal(cache[0][0], LISTS[0][0])
    del cache
    gc.collect()
    assert list(folder.iterdir()) == []
