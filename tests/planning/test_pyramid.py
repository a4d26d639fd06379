from __future__ import annotations

import itertools

import pytest

from nstgraph.pictures.picture import MIN_SIDE
from nstgraph.planning.pyramid import pyramid

SIZES = (16, 17, 31, 96, 97, 191, 192, 193, 383, 384, 500, 512, 1000, 1025, 2048, 4096, 32768)
STEPS = (*range(1, 30), 100, 169, 170, 171, 1000, 12345)


@pytest.mark.parametrize("scales", range(13))
def test_every_level_has_a_step_and_together_they_are_the_steps_asked_for(scales: int) -> None:
    for size, steps in itertools.product(SIZES, STEPS):
        levels = pyramid(size, steps, scales)
        assert levels[-1][0] == size
        assert sum(taken for _, taken in levels) == steps, (size, steps, levels)
        assert min(taken for _, taken in levels) >= 1, (size, steps, levels)


@pytest.mark.parametrize("scales", range(1, 13))
def test_the_number_of_levels_is_the_one_given_as_far_as_steps_and_pixels_reach(scales: int) -> None:
    for size in SIZES:
        most = 1 + sum(size / 2**i >= MIN_SIDE for i in range(1, 12))
        assert len(pyramid(size, 1000, scales)) == min(scales, most)
        assert len(pyramid(size, 5, scales)) == min(5, scales, most)


@pytest.mark.parametrize("size", SIZES)
def test_each_size_is_half_the_next_and_none_is_too_small_for_a_picture(size: int) -> None:
    sizes = [side for side, _ in pyramid(size, 1000, scales=12)]
    assert min(sizes) >= min(size, MIN_SIDE)
    for smaller, larger in itertools.pairwise(sizes):
        assert abs(2 * smaller - larger) <= 1.5


def test_a_narrow_picture_has_fewer_levels() -> None:
    assert [side for side, _ in pyramid(1024, 100, shortest=1024)] == [128, 256, 512, 1024]
    assert [side for side, _ in pyramid(1024, 100, shortest=2 * MIN_SIDE)] == [512, 1024]
    assert [side for side, _ in pyramid(1024, 100, shortest=MIN_SIDE)] == [1024]


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (16, [16]),
        (96, [96]),
        (191, [191]),
        (192, [96, 192]),
        (383, [192, 383]),
        (384, [96, 192, 384]),
        (512, [128, 256, 512]),
        (1000, [125, 250, 500, 1000]),
    ],
)
def test_levels_are_chosen_so_that_the_coarsest_has_96_pixels_or_more(size: int, sizes: list[int]) -> None:
    assert [side for side, _ in pyramid(size, 170)] == sizes
    assert [side for side, _ in pyramid(size)] == sizes


@pytest.mark.parametrize("steps", [0, 100, 170, 1000])
def test_coarse_levels_get_more_steps(steps: int) -> None:
    parts = [steps for _, steps in pyramid(2048, steps)]
    assert len(parts) == 5
    assert all(coarse > fine for coarse, fine in itertools.pairwise(parts))
    assert pyramid(2048, 100, scales=1) == [(2048, 100)]


@pytest.mark.parametrize("scales", [0, 2, 5])
def test_unless_a_total_is_given_steps_do_not_depend_on_the_sizes_that_follow(scales: int) -> None:
    for size in (192, 384, 1000, 2048):
        whole = [steps for _, steps in pyramid(size, 0, scales)]
        half = [steps for _, steps in pyramid(size // 2, 0, max(0, scales - 1))]
        assert whole[: len(half)] == half
        assert whole == [steps for _, steps in pyramid(size, scales=scales)]
        assert min(whole) >= 1


def test_fewer_steps_than_levels_leave_out_the_coarsest() -> None:
    assert pyramid(1000, 3) == [(250, 1), (500, 1), (1000, 1)]
    assert pyramid(1000, 4) == [(125, 1), (250, 1), (500, 1), (1000, 1)]
    assert pyramid(1000, 1, scales=12) == [(1000, 1)]
