from __future__ import annotations

from nstgraph import Config
from nstgraph.bench.convergence import compare_searches


def test_only_steps_at_full_size_come_near_the_reference():
    config = Config(size=64, scales=2, steps=8, loss="style:layers=conv1_1")
    *_, descent = compare_searches(config, steps=2)
    assert descent.steps == 8 and 0 < len(descent.curve) < 8
