"""The same result to the last bit, whatever the number of cores."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nstgraph import Config, Stylizer
from nstgraph.errors import ConfigError

# Large enough that sums are split between threads.
SCRIPT = """
import hashlib
import numpy as np
import nstgraph as nst

content = np.random.default_rng(0).uniform(0, 255, (160, 192, 3))
how = {"size": 192, "scales": 1, "steps": 2, "precision": "float32"}
for optimizer in ("lbfgs", "lbfgsb"):
    for deterministic in (True, False):
        picture = nst.stylize(content, content[:, ::-1], optimizer=optimizer, deterministic=deterministic, **how).image
        print(optimizer, deterministic, hashlib.sha256(picture.tobytes()).hexdigest())
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the number of cores cannot be set")
def test_a_deterministic_run_is_the_same_on_one_core_and_on_two():
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core only")
    shown = []
    for cores in (1, 2, 2):
        chosen = sorted(os.sched_getaffinity(0))[:cores]
        line = f"import os; os.sched_setaffinity(0, {chosen})\n{SCRIPT}"
        shown.append(subprocess.check_output([sys.executable, "-c", line], text=True).splitlines())
    one, two, again = shown
    assert two == again  # the same command gives the same in any case
    assert [line for line in one if " True " in line] == [line for line in two if " True " in line]
    assert one != two  # which shows that the number of cores matters otherwise


def test_what_it_needs_is_said(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="python -m pip install threadpoolctl"):
        Stylizer(Config(deterministic=True))


def test_low_precision_is_refused():
    with pytest.raises(ConfigError, match="a deterministic run is in float32"):
        Config(deterministic=True, precision="bfloat16")
