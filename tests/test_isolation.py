"""Nothing global: threads, eager code, other libraries' graphs and long processes are left as they were."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import random
import signal
import subprocess
import sys
import threading
import tracemalloc
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow

from nstgraph import Config, Evaluator, Objective, Search, StyleGraph, Stylizer, TiledEvaluator, parse_loss, stylize, tf
from nstgraph.contrib.opt import ScipyOptimizerInterface
from nstgraph.errors import RunError
from nstgraph.hooks import Stepper, StyleHook, monitored
from nstgraph.networks.weights_file import WeightsFile, embedded

LOSS = "style:layers=image"  # no layer, since TensorFlow takes its time over each
TINY = Config(size=32, steps=3, scales=1, loss=LOSS, precision="float32", memory=4.0)


def picture(seed):
    """Random pixels, 32 by 32, as a uint8 array."""
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def batch(seed):
    """The same as the graph takes it."""
    return picture(seed)[None].astype(np.float32)


def search(seed=0):
    """A search with parts of its own; gives the image."""
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss(LOSS))
    with Evaluator(objective) as evaluator:
        outcome = Search(evaluator.bind(batch(seed), [batch(seed + 1)]), batch(seed), 4)
        outcome.run()
    return outcome.image


def tiles(seed=0):
    """Gradient of an evaluation in tiles."""
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss(LOSS))
    with Evaluator(objective) as evaluator:
        tiled = TiledEvaluator(evaluator)
        tiled.bind(batch(seed), [batch(seed + 1)], side=32)
        return tiled(batch(seed)).gradient


def hooked(seed=0):
    """A search whose steps hooks see."""
    hook = StyleHook()
    with Stylizer(TINY, hooks=[hook]) as stylizer:
        return stylizer(picture(seed), [picture(seed + 1)]).image


def whole(seed=0):
    """A picture from pictures."""
    return stylize(picture(seed), picture(seed + 1), TINY).image


def fit(seed=0, **callbacks):
    """A search over a variable of a graph, with scipy."""
    graph = tf.Graph()
    with graph.as_default():
        x = tf.get_variable("x", initializer=batch(seed))
        optimizer = ScipyOptimizerInterface(tf.reduce_sum(tf.square(x - 3) * tf.square(x + 5)), options={"maxiter": 4})
        start = tf.global_variables_initializer()
    with contextlib.closing(tf.Session(graph=graph)) as session:  # which does not make it the default, as itself does
        session.run(start)
        optimizer.minimize(session, **callbacks)
        return session.run(x)


#: Of which ``whole`` is a search, too; and tiles are evaluated as a whole picture is.
RUNS = [*(pytest.param(run, marks=pytest.mark.slow) for run in (search, tiles)), hooked, whole, fit]
every_run = pytest.mark.parametrize("run", RUNS, ids=lambda run: run.__name__)


@functools.cache
def alone(run, seed=0):
    """What a run gives while nothing else is there; after it, all is loaded that a first use loads."""
    return run(seed)


def assert_eager():
    """Eager code works here, and so does a function of TensorFlow 2."""
    assert tensorflow.executing_eagerly()
    x = tensorflow.Variable(3.0)
    with tensorflow.GradientTape() as tape:
        y = tensorflow.function(lambda: x * x)()
    assert (y.numpy(), tape.gradient(y, x).numpy()) == (9, 6)


@every_run
def test_threads_do_not_disturb_each_other(run):
    seeds = [0, 10]
    expected = [alone(run, seed) for seed in seeds]
    with ThreadPoolExecutor(2) as pool:
        outcome = list(pool.map(run, seeds))
    for ours, theirs in zip(outcome, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4 * np.abs(theirs).max())
    assert not np.allclose(*expected)


def test_a_stylizer_at_work_refuses_another_picture():
    refusal = r"^this Stylizer is at work on another picture; make one for each thread$"
    inside, done = threading.Event(), threading.Event()

    def wait(step, image):
        inside.set()
        assert done.wait(60)

    with Stylizer(TINY) as stylizer, ThreadPoolExecutor(1) as pool:
        expected = stylizer(picture(0), [picture(1)]).image
        running = pool.submit(stylizer, picture(0), [picture(1)], callback=wait)
        assert inside.wait(60)
        try:
            with pytest.raises(RunError, match=refusal) as raised:
                stylizer(picture(10), [picture(11)])
        finally:
            done.set()
        assert raised.value.result is None
        np.testing.assert_array_equal(running.result().image, expected)
        with pytest.raises(RunError, match=refusal) as raised:
            stylizer(picture(0), [picture(1)], callback=lambda step, image: stylizer(picture(10), [picture(11)]))
        assert len(raised.value.result.history) == 1
        np.testing.assert_array_equal(stylizer(picture(0), [picture(1)]).image, expected)


@every_run
def test_another_librarys_default_graph_gets_nothing(run):
    expected = alone(run)
    with tf.Graph().as_default() as other:
        theirs = tf.constant(2.0) * 3
        before = other.as_graph_def()
        outcome = run()
        assert tf.get_default_graph() is other
        assert other.as_graph_def() == before and not other.finalized
        with tf.Session() as session:
            assert session.run(theirs) == 6
    np.testing.assert_array_equal(outcome, expected)


def test_eager_code_works_before_within_and_after():
    assert_eager()
    called = []

    def callback(*values):
        assert_eager()
        called.append(values)

    stylize(picture(0), picture(1), TINY, callback=callback)
    assert len(called) == 3
    fit(step_callback=callback)
    fit(loss_callback=callback)
    assert len(called) > 10
    assert_eager()


def test_a_profile_of_the_process_may_be_running(tmp_path):
    expected = alone(whole)
    tensorflow.profiler.experimental.start(str(tmp_path))
    try:
        np.testing.assert_array_equal(whole(), expected)
    finally:
        tensorflow.profiler.experimental.stop(save=False)


def process_state():
    """What else is global."""
    gc.collect()
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "random": (random.getstate(), repr(np.random.get_state())),
        "seed of TensorFlow": tf.get_seed(None),
        "graph": (tf.get_default_graph(), len(tf.get_default_graph().get_operations())),
        "session": tf.get_default_session(),
        "Ctrl-C": signal.getsignal(signal.SIGINT),
        "warnings": list(warnings.filters),
        "numpy": (np.geterr(), np.get_printoptions()),
        "threads": threading.active_count(),
        "open files": len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else "not counted here",
        "paths": list(sys.path),
        "log level": tf.logging.get_verbosity(),
    }


@every_run
def test_the_process_stays_as_it_was(run):
    alone(run)
    before = process_state()
    assert before["session"] is None
    run()
    assert process_state() == before


@pytest.mark.parametrize("hooks", [[], [StyleHook()]], ids=["plain", "hooks"])
def test_a_closed_stylizer_leaves_nothing_in_memory(hooks):
    with Stylizer(TINY, hooks=hooks) as stylizer:
        stylizer(picture(0), [picture(1)])
        left = [weakref.ref(thing) for thing in (stylizer.graph.graph, stylizer.evaluator.session, stylizer.objective)]
    del stylizer
    hooks.clear()  # they know the graph
    gc.collect()
    assert [thing() for thing in left] == [None] * 3


def test_a_session_that_exists_outlives_nothing():
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss("tv"))
    Stepper(objective)
    with tf.Session(graph=objective.graph.graph) as session, monitored(session, []):
        left = weakref.ref(session)
    del session, objective
    gc.collect()
    assert left() is None


@pytest.fixture
def collector_off():
    """No circle of objects is collected; what is freed is freed at once."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    "optimizer", ["lbfgs", *(pytest.param(name, marks=pytest.mark.slow) for name in ("lbfgsb", "adam:average=0.9"))]
)
@pytest.mark.usefixtures("collector_off")
def test_a_runs_pictures_are_given_back_at_once(optimizer):
    """Rather than when Python's collector comes by, which it seldom does while there are few, if large, objects."""
    side = 512  # beside which the graph of an optimiser of TensorFlow is small
    photo = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    with Stylizer(TINY.replace(size=side, steps=2, loss="tv:power=2", optimizer=optimizer)) as stylizer:
        stylizer(photo, [photo])
        tracemalloc.start()
        held = []
        for _ in range(3):
            stylizer(photo, [photo])
            held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert held[-1] - held[0] < photo.size  # a quarter of a picture in float32


MODES = [
    pytest.param("", id="eager", marks=pytest.mark.slow),  # as in the process of these tests
    pytest.param("tensorflow.compat.v1.disable_v2_behavior()", id="disable_v2_behavior"),
    pytest.param(
        "tensorflow.compat.v1.disable_eager_execution()", id="disable_eager_execution", marks=pytest.mark.slow
    ),
]

FRESH = """
import numpy as np
import tensorflow
{mode}
v1 = tensorflow.compat.v1
graph, eager = v1.get_default_graph(), tensorflow.executing_eagerly()
if not eager:
    theirs = tensorflow.constant(2.0) * 3
count = len(graph.get_operations())

import nstgraph as nst
from nstgraph.contrib.opt import ScipyOptimizerInterface

pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
result = nst.stylize(pixels, pixels[::-1], size=32, steps=2, scales=1, loss="style:layers=conv1_1")
assert len(result.history) == 2
with v1.Graph().as_default(), v1.Session() as session:
    x = v1.get_variable("x", initializer=[1.0, 2.0])
    session.run(v1.global_variables_initializer())
    ScipyOptimizerInterface(v1.reduce_sum(v1.square(x - 5))).minimize(session)
    assert np.allclose(session.run(x), 5)

assert v1.get_default_graph() is graph and len(graph.get_operations()) == count
assert tensorflow.executing_eagerly() is eager
if not eager:
    with v1.Session() as session:
        assert session.run(theirs) == 6
print("done", eager, count)
"""


def fresh(code, *arguments):
    """Run code in a process of its own; gives what it prints."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("mode", MODES)
def test_a_process_keeps_its_mode_and_its_graph(mode):
    assert fresh(FRESH.format(mode=mode)) == ("done False 3\n" if mode else "done True 0\n")


MANY = """
import gc
import sys
import numpy as np
import nstgraph as nst
from nstgraph import tf
from nstgraph.contrib.opt import ScipyOptimizerInterface
from nstgraph.memory import process_memory

pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
load = np.ones(8_000_000, np.float32)

@nst.loss_term
def loaded(g):
    # 32 MB in its graph, and as many in its session, so that a few which are left over are seen.
    held = tf.get_variable("load", initializer=load, trainable=False)
    return g.mean(tf.square(g.generated.image - g.content.image / 2)) + 0 * tf.reduce_sum(held)

config = nst.Config(size=32, steps=3, scales=1, loss=sys.argv[1], precision="float32", memory=4.0)

def stylize():
    with nst.Stylizer(config) as stylizer:
        stylizer(pixels, [pixels[::-1]])

def fit():
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.get_variable("x", [100_000], initializer=tf.zeros_initializer())
        tf.get_variable("load", initializer=load, trainable=False)
        optimizer = ScipyOptimizerInterface(tf.reduce_sum(tf.square(x - 5)), options={"maxiter": 3})
        session.run(tf.global_variables_initializer())
        optimizer.minimize(session)

stylize()
gc.collect()
gc.freeze()  # what imports have made is not looked through at each collection
for run in (stylize, fit):
    held = []
    for number in range(1, int(sys.argv[2]) + 1):
        run()
        if number % max(int(sys.argv[2]) // 10, 3) == 0:
            gc.collect()  # a graph is a circle of objects, and Python would let thirty of them wait
            held.append(process_memory())
    print(max(held[:2]), min(held[-2:]))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="elsewhere only the most memory is known")
@pytest.mark.slow  # of one run, see above: what is closed leaves nothing in memory
@pytest.mark.parametrize(("loss", "runs"), [("loaded", "12"), ("default", "100")])
def test_many_runs_take_no_more_memory_than_a_few(loss, runs):
    for line in fresh(MANY, loss, runs).splitlines():
        first, last = map(int, line.split())
        assert last - first < 0.1 * first  # what the allocator holds goes up and down by a twentieth
