"""A run kept in a folder: gone on with, or begun anew, or made without where nothing can be kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nstgraph.arrays import Array
from nstgraph.config import Config
from nstgraph.errors import Interrupted
from nstgraph.run.inputs import read_pictures
from nstgraph.run.kept import kept
from nstgraph.run.stylizer import Stylizer
from nstgraph.search.step import Step

CONFIG = Config(size=32, steps=6, scales=1, loss="content:layer=conv1_1 tv")


def test_it_goes_on_where_it_was_and_ends_alike(tmp_path: Path) -> None:
    photo, painting = (np.random.default_rng(seed).uniform(0, 255, (32, 32, 3)) for seed in (0, 1))
    pictures = read_pictures(CONFIG, photo, painting)
    seen: list[int] = []

    def interrupted(step: Step, image: Array) -> None:
        if step.step == 3 and not seen:
            seen.append(step.step)
            raise KeyboardInterrupt

    with Stylizer(CONFIG) as stylizer:
        plan = stylizer.plan(pictures)
        with kept(tmp_path / "kept", stylizer, plan, pictures) as checkpoint, pytest.raises(Interrupted):
            stylizer(pictures, plan=plan, callback=interrupted, checkpoint=checkpoint)
        with kept(tmp_path / "kept", stylizer, plan, pictures) as checkpoint:
            assert checkpoint is not None and checkpoint.state is not None
            assert len(checkpoint.state.history) == 3
            result = stylizer(pictures, plan=plan, checkpoint=checkpoint)
        assert [step.step for step in result.history] == [1, 2, 3, 4, 5, 6]
        with kept(tmp_path / "nowhere" / "kept", stylizer, plan, pictures) as checkpoint:
            assert checkpoint is None
