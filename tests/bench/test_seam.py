"""The contrast across the seam of a picture and its copies."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.bench.seam import seam_contrast


def test_a_period_of_waves_has_no_seam() -> None:
    x, y = np.meshgrid(np.arange(40), np.arange(30))
    waves = 127 + 60 * np.sin(2 * np.pi * (x / 40 + 0.1)) + 40 * np.cos(2 * np.pi * (y / 30 * 2 + 0.3 + x / 40))
    image = np.repeat(waves[np.newaxis, :, :, np.newaxis], 3, 3).astype(np.float32)
    # Where the waves are at the seam differs from their mean over all phases.
    lines = [seam_contrast(np.roll(image, (step, step), (1, 2)), reach=0) for step in range(120)]
    assert np.mean(lines, 0) == pytest.approx((1, 1), abs=0.05)


def test_a_ramp_has_one_in_its_own_direction_alone() -> None:
    image = np.zeros((1, 16, 20, 3), np.float32) + np.arange(20, dtype=np.float32)[:, np.newaxis]
    assert seam_contrast(image) == (19.0, 1.0)
    assert seam_contrast(image.transpose(0, 2, 1, 3)) == (1.0, 19.0)


def test_what_is_inside_is_near_the_seam_or_everywhere() -> None:
    image = np.zeros((1, 4, 12, 3), np.uint8)
    image[:, :, ::2] = 100
    image[:, :, 4:8] = 0
    assert seam_contrast(image) == (1.0, 1.0)
    assert seam_contrast(image, reach=0)[0] == pytest.approx(11 / 7)
