"""How memory grows, from a few sizes."""

from __future__ import annotations

import pytest

from nstgraph.planning.growth import Growth, grown

SIZES = [(256, 64), (96, 64), (96, 128), (128, 128), (256, 256)]
PICTURES = [(side**2, style**2) for side, style in SIZES]


@pytest.mark.parametrize(
    "growth",
    [
        Growth(0, 2000.0, 0, 0, 0),
        Growth(4e6, 900.0, 30.0, 0.05, 0),
        Growth(0, 2300.0, 0, 0, 0.2),
        Growth(1e6, 1000.0, 500.0, 0.02, 0.01),
    ],
)
def test_what_was_measured_is_found_again(growth: Growth) -> None:
    found = grown([(*sizes, growth.at(*sizes)) for sizes in PICTURES])
    for side, style in ((100, 50), (600, 800), (2000, 2000)):
        assert found.at(side**2, style**2) == pytest.approx(growth.at(side**2, style**2), rel=1e-3)


def test_small_deviations_do_not_become_large() -> None:
    plain = Growth(0, 2000.0, 0, 0, 0)
    measured = [
        (*sizes, plain.at(*sizes) * factor) for sizes, factor in zip(PICTURES, (1, 1.01, 0.99, 1.01, 1), strict=True)
    ]
    found = grown(measured)
    assert found.at(512**2, 512**2) == pytest.approx(plain.at(512**2, 512**2), rel=0.1)
    assert min(found.constant, found.pixels, found.style, found.pairs, found.products) >= 0


def test_fewer_sizes_than_ways_to_grow_do() -> None:
    found = grown([(256**2, 64**2, 1e8), (96**2, 64**2, 1.5e7)])
    assert found.at(256**2, 64**2) == pytest.approx(1e8, rel=0.01)
