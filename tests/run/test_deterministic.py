"""The same result to the last bit, whatever the number of cores."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from nstgraph import Config, Stylizer, tf
from nstgraph.errors import ConfigError, WeightsError

# Large enough that sums are split between threads.
SCRIPT = """
import hashlib, os, sys
cores, deterministic = int(sys.argv[1]), sys.argv[2] == "deterministic"
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
import numpy as np
import nstgraph as nst

content = np.random.default_rng(0).uniform(0, 255, (160, 192, 3))
how = {"size": 192, "scales": 1, "steps": 3, "precision": "float32", "deterministic": deterministic}
print(hashlib.sha256(nst.stylize(content, content[:, ::-1], **how).image.tobytes()).hexdigest())
"""


def picture_on(cores, how):
    return subprocess.check_output([sys.executable, "-c", SCRIPT, str(cores), how], text=True)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the number of cores cannot be set")
def test_a_deterministic_run_is_the_same_on_one_core_and_on_two():
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("there is one core only")
    assert picture_on(1, "deterministic") == picture_on(2, "deterministic")
    two = picture_on(2, "otherwise")
    assert two == picture_on(2, "otherwise")  # the same command gives the same in any case
    assert two != picture_on(1, "otherwise")  # which shows that the number of cores matters


def test_what_it_needs_is_said(monkeypatch):
    monkeypatch.setattr("nstgraph.run.deterministic.has_computed", lambda: False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="python -m pip install threadpoolctl"):
        Stylizer(Config(deterministic=True))


def test_a_process_that_has_computed_already_is_refused():
    with tf.Graph().as_default(), tf.Session() as session:
        session.run(tf.constant(1.0))
    with pytest.raises(ConfigError, match="start a deterministic run in a process of its own"):
        Stylizer(Config(deterministic=True))


def test_one_that_failed_before_it_had_begun_does_not_count(monkeypatch):
    monkeypatch.setattr("nstgraph.run.deterministic.has_computed", lambda: False)
    with pytest.raises(WeightsError, match="does not exist"):
        Stylizer(Config(deterministic=True, weights="nowhere.npz"))
    monkeypatch.undo()
    with tf.Graph().as_default(), tf.Session() as session:
        session.run(tf.constant(1.0))
    with pytest.raises(ConfigError, match="start a deterministic run in a process of its own"):
        Stylizer(Config(deterministic=True))


def test_low_precision_is_refused():
    with pytest.raises(ConfigError, match="a deterministic run is in float32"):
        Config(deterministic=True, precision="bfloat16")
