from __future__ import annotations

import pytest
from drawn_pictures import landscape, painting

from nstgraph import Config, Stylizer
from nstgraph.bench.convergence import compare_searches


@pytest.mark.slow
def test_of_every_variant_only_steps_at_full_size_come_near_the_reference():
    config = Config(size=64, scales=2, steps=8, loss="style:layers=image")
    with Stylizer(config) as stylizer:
        coarse, fine = stylizer.plan(landscape(64, 64), painting(64, 64)).stages
    *plain, both = compare_searches(config, steps=2)
    assert (coarse.width, fine.width) == (32, 64) and coarse.steps + fine.steps == 8
    assert [len(descent.curve) for descent in plain] == [2] * 5 == [descent.steps for descent in plain]
    assert (len(both.curve), both.steps) == (fine.steps, 8)
    # The first loss at full size is one of the full size, and what came before it has taken its time.
    assert all(descent.curve[0][0] < descent.curve[-1][0] <= descent.seconds for descent in [*plain, both])
    assert both.curve[-1][1] < plain[0].curve[-1][1]
