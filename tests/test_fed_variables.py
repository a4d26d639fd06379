"""Weights are fed into sessions: those of other processes, too, and after any initializer."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, TiledEvaluator, parse_loss, tf
from nstgraph.contrib.opt import ScipyOptimizerInterface
from nstgraph.errors import ConfigError, WeightsError
from nstgraph.fed_variables import fed_variables, group_of, load, raw_session, unless_not_loaded
from nstgraph.hooks import StyleHook
from nstgraph.inspect.export import export
from nstgraph.networks.weights_file import WeightsFile, embedded

LOSS = "content:layer=conv1_2 2*style:layers=conv1_1 tv"

#: Serves sessions until its input ends; it has TensorFlow, but not nstgraph.
WORKER = """
import sys
sys.modules["nstgraph"] = None
import tensorflow.compat.v1 as tf
server = tf.train.Server.create_local_server()
print(server.target, flush=True)
sys.stdin.read()
"""


def picture(height, width, seed):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


CONTENT, STYLE, IMAGE = picture(24, 32, 1), picture(20, 20, 2), picture(24, 32, 3)


@pytest.fixture(scope="module")
def weights():
    return WeightsFile(embedded())


@pytest.fixture
def objective(weights):
    """A loss in the graph that a test is in, of pictures that are constants, and of a variable of a known size."""
    with tf.Graph().as_default():
        picture = tf.get_variable("picture", initializer=IMAGE)
        g = StyleGraph(weights, content=tf.constant(CONTENT), style=tf.constant(STYLE), generated=picture)
        yield Objective(g, parse_loss(LOSS))


@pytest.fixture(scope="module")
def total(weights):
    """The loss at `IMAGE`."""
    with Evaluator(Objective(StyleGraph(weights), parse_loss(LOSS))) as evaluate:
        return evaluate.bind(CONTENT, [STYLE])(IMAGE).total


@pytest.fixture(scope="module")
def target():
    """Of another process that runs graphs."""
    with subprocess.Popen(
        [sys.executable, "-I", "-c", WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        yield worker.stdout.readline().strip()
        worker.stdin.close()


def test_a_graph_is_run_on_a_remote_worker(weights, target, total):
    assert target.startswith("grpc://")
    g = StyleGraph(weights)
    objective = Objective(g, parse_loss(LOSS))
    with g.graph.as_default():
        initialize = tf.global_variables_initializer()
    pictures = {g.content.image: CONTENT, g.style.image: STYLE, g.generated.image: IMAGE}
    with tf.Session(target, g.graph) as session:
        session.run(initialize)
        g.network.load(session)
        assert session.run(objective.total, pictures) == pytest.approx(total, rel=1e-5)
        session.run(initialize)
        evaluate = Evaluator(objective, session=session)
        assert evaluate.bind(CONTENT, [STYLE])(IMAGE).total == pytest.approx(total, rel=1e-5)
        tiled = TiledEvaluator(evaluate).bind(CONTENT, [STYLE], side=16)
        assert tiled(IMAGE).total == pytest.approx(total, rel=1e-5)


def test_a_monitored_session_on_a_remote_worker_loads_by_its_scaffold(objective, target, total):
    g = objective.graph
    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(2.0).minimize(objective.total, global_step=step)
    scaffold = tf.train.Scaffold(init_fn=lambda scaffold, session: g.network.load(session))
    with tf.train.MonitoredTrainingSession(target, scaffold=scaffold, log_step_count_steps=None) as session:
        totals = [session.run([objective.total, train])[0] for _ in range(4)]
    assert totals[0] == pytest.approx(total, rel=1e-5) and totals[-1] < totals[0]


#: Of terms whose defaults are many layers or bins, few, for small graphs.
FEW = {
    "content": "content:layer=conv1_1",
    "histogram": "histogram:layers=conv1_1,bins=2",
    "moments": "moments:layers=conv1_1",
    "style": "style:layers=conv1_1",
}


@pytest.mark.parametrize("few", [FEW, pytest.param({}, marks=pytest.mark.slow)], ids=["few layers", "defaults"])
def test_nothing_in_a_graph_of_all_terms_is_bound_to_this_process(weights, core, few):
    g = StyleGraph(weights)
    Objective(g, parse_loss(" ".join(few.get(name, name) for name in core)))
    definition = g.graph.as_graph_def()
    types = {node.op for node in definition.node} | {n.op for f in definition.library.function for n in f.node_def}
    assert "Conv2D" in types and not [kind for kind in types if "Py" in kind]
    # A function of Python's is named by a token, which another process does not know.
    assert not [node.name for node in definition.node if "token" in node.attr]


def by_evaluator(objective, session):
    return Evaluator(objective, session=session).bind()(IMAGE).total


def by_optimizer(objective, session):
    optimizer, losses = ScipyOptimizerInterface(objective.total, options={"maxiter": 1}), []
    optimizer.minimize(session, fetches=[objective.total], loss_callback=losses.append)
    return losses[0]


def by_export(objective, session, folder):
    export(objective, session, folder / "out", ["frozen"])
    with tf.Graph().as_default(), tf.Session() as other:
        definition = tf.GraphDef.FromString((folder / "out" / "frozen.pb").read_bytes())
        tf.import_graph_def(definition, name="")
        return other.run("loss/total:0", {"generated_image:0": IMAGE})


@pytest.mark.parametrize(
    "how", [by_evaluator, *(pytest.param(how, marks=pytest.mark.slow) for how in (by_optimizer, by_export))]
)
def test_whoever_is_given_a_session_loads_what_an_initializer_has_emptied(objective, total, tmp_path, how):
    place = [tmp_path] if how is by_export else []
    with tf.Session() as session:
        objective.graph.network.load(session)
        session.run(tf.global_variables_initializer())
        assert how(objective, session, *place) == pytest.approx(total, rel=1e-5)


def test_a_style_hook_loads_what_its_loss_needs(objective, total):
    seen = []

    class Album(StyleHook):
        def after_step(self, step, image):
            seen.append(step.total)

    step = tf.train.get_or_create_global_step()
    train = tf.train.AdamOptimizer(2.0).minimize(objective.total, global_step=step)
    with tf.train.MonitoredTrainingSession(hooks=[Album()], log_step_count_steps=None) as session:
        session.run(train)
    assert seen == [pytest.approx(total, rel=1e-5)]


class Counted(tf.train.SessionRunHook):
    """Counts the runs that hooks see."""

    runs = 0

    def before_run(self, run_context):
        self.runs += 1


def test_loading_is_no_step_of_a_monitored_session_and_works_once_the_graph_is_final(objective, total):
    hook = Counted()
    with tf.train.MonitoredSession(hooks=[hook]) as session:
        objective.graph.network.load(session)
        assert hook.runs == 0 and objective.graph.graph.finalized
        assert isinstance(raw_session(session), tf.Session) and raw_session(raw_session(session)) is not session
        assert session.run(objective.total) == pytest.approx(total, rel=1e-5)


def test_what_has_a_value_is_not_read_again(objective, weights, monkeypatch):
    (first, second) = groups = fed_variables(objective.graph.graph)
    assert group_of(first.variables[0]) is first and group_of(objective.graph.variable) is None
    assert fed_variables(objective.graph.graph, {second.variables[1].op.name}) == [second]
    read = []
    for group in groups:
        monkeypatch.setattr(group, "read", lambda group=group, own=group.read: read.append(group) or own())
    kernel, bias = second.variables
    with tf.Session() as session:
        session.run(bias.initializer, {second.initial[1]: np.ones(bias.shape, np.float32)})
        session.run(kernel.initializer)
        load(session, groups)
        assert read == [first, second]
        load(session, groups)
        assert read == [first, second]
        values = session.run([kernel, bias])
    np.testing.assert_array_equal(values[0], weights.read("conv1_2")[0])
    np.testing.assert_array_equal(values[1], 1)


def test_a_file_that_is_gone_is_told(tmp_path):
    path = tmp_path / "weights.npz"
    path.write_bytes(embedded().read_bytes())
    g = StyleGraph(WeightsFile(path))
    g.content["conv1_1"]
    path.unlink()
    with tf.Session(graph=g.graph) as session, pytest.raises(WeightsError, match=r"weights\.npz"):
        g.network.load(session)


def test_other_failures_of_a_run_are_left_as_they_are(objective):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="not finite"), unless_not_loaded("load them"):
            session.run(tf.debugging.check_numerics(np.float32(np.inf), "not finite"))
        told = pytest.raises(ConfigError, match=r"^the network's weights are not loaded in this session; load them$")
        with told, unless_not_loaded("load them"):
            session.run(objective.total)
