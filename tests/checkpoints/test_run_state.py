"""How far a run has got, to a file and back."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph.checkpoints.array_file import write_arrays
from nstgraph.checkpoints.run_state import RunState, read_state, write_state
from nstgraph.errors import CheckpointError
from nstgraph.search.step import Step

IMAGE = np.random.default_rng(0).normal(100, 90, (1, 6, 8, 3)).astype(np.float32)
STEPS = tuple(Step(n, 1 / n, {"tv": 0.5 / n, "style": 0.5 / n}, 6, 8, 2 * n, 0.1 * n, n / 9) for n in (1, 2, 3))
WEIGHTS = ((0, {"tv": 0.5}), (2, {"tv": 0.0, "style": -2.0}))


def test_a_state_is_read_as_it_was_written(tmp_path):
    state = RunState(1, IMAGE, STEPS, 7, 1, 2, 3.25, WEIGHTS, {"tv": 0.5})
    write_state(tmp_path / "s.npz", state)
    read = read_state(tmp_path / "s.npz")
    np.testing.assert_array_equal(read.image, IMAGE)
    assert read == RunState(1, read.image, STEPS, 7, 1, 2, 3.25, WEIGHTS, {"tv": 0.5})


GOOD = {"stage": 0, "evaluations": 1, "restarts": 0, "exact_steps": 0, "seconds": 1.0, "history": [], "weights": []}
GOOD["factors"] = {}


def test_the_least_that_a_state_holds(tmp_path):
    write_arrays(tmp_path / "s.npz", GOOD, {"image": IMAGE})
    assert read_state(tmp_path / "s.npz").history == ()


@pytest.mark.parametrize(
    ("changes", "image"),
    [
        ({"stage": -1}, IMAGE),
        ({"stage": "0"}, IMAGE),
        ({"seconds": "long"}, IMAGE),
        ({"history": [{"step": 1}]}, IMAGE),
        ({"history": [{"step": 1, "total": "x", "terms": {}, "height": 1, "width": 1}]}, IMAGE),
        ({"history": 5}, IMAGE),
        ({"weights": 5}, IMAGE),
        ({"factors": [1.0]}, IMAGE),
        ({"factors": {"tv": "1"}}, IMAGE),
        ({"weights": [["0", {}]]}, IMAGE),
        ({"weights": [[0, {"tv": "1"}]]}, IMAGE),
        ({"weights": [[0, [1.0]]]}, IMAGE),
        ({}, IMAGE[0]),
        ({}, IMAGE[:, :, :0]),
        ({}, np.full_like(IMAGE, np.nan)),
    ],
)
def test_a_state_that_is_none_is_refused(tmp_path, changes, image):
    write_arrays(tmp_path / "s.npz", {**GOOD, **changes}, {"image": image})
    with pytest.raises(CheckpointError, match="damaged"):
        read_state(tmp_path / "s.npz")
