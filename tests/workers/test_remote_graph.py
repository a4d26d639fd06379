"""What is sent to workers computes from numbers alone."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, tf
from nstgraph.errors import TilingError
from nstgraph.operation_types import DERIVATIVES, NETWORK
from nstgraph.tiles.tiled_evaluator import TiledEvaluator
from nstgraph.workers.remote_graph import RemoteGraph


def remote(evaluator):
    """The graph of an objective in tiles, as workers get it."""
    works = []

    def place(work, home):
        works.append(work)
        return home

    TiledEvaluator(evaluator, place)
    return RemoteGraph(works, evaluator.session)


#: Of terms whose defaults are many layers or bins, few, for small graphs.
FEW = {
    "content": "content:layer=conv1_1",
    "histogram": "histogram:layers=conv1_1,bins=2",
    "moments": "moments:layers=conv1_1",
    "style": "style:layers=conv1_1",
}


@pytest.mark.parametrize(
    ("few", "precision"),
    [
        (FEW, "float32"),
        pytest.param({}, "float32", marks=pytest.mark.slow),
        pytest.param({}, "bfloat16", marks=pytest.mark.slow),
    ],
)
def test_every_term_can_be_sent_and_nothing_of_files_variables_or_python(objective_of, core, few, precision):
    loss = " ".join(few.get(name, name) for name in core)
    with Evaluator(objective_of(loss, styles=2, precision=precision)) as evaluator:
        graph = remote(evaluator).graph
    types = {operation.type for operation in graph.get_operations()}
    assert types <= NETWORK | DERIVATIVES | {"Assert", "MapStage", "MapPeek", "MapUnstage", "MapClear"}
    assert "Conv2D" in types


def test_weights_are_not_in_the_graph_but_fed_when_a_session_starts(objective_of):
    with Evaluator(objective_of("content:layer=conv2_1")) as evaluator:
        made = remote(evaluator)
    _, feeds = made.start
    shapes = {np.shape(value) for value in feeds.values()}
    assert {(3, 3, 3, 64), (3, 3, 64, 64), (3, 3, 64, 128)} <= shapes
    assert made.graph.as_graph_def().ByteSize() < 4 * 3 * 3 * 64 * 64


def test_what_depends_on_no_picture_is_computed_at_home(objective_of):
    def brightened(g):
        return g.mean(tf.square(g.generated.image + tf.random.stateless_uniform([], [1, 2])))

    with Evaluator(objective_of(brightened)) as evaluator:
        types = {operation.type for operation in remote(evaluator).graph.get_operations()}
    assert "Square" in types
    assert not any("Random" in name for name in types)


def test_an_operation_that_is_not_known_is_refused_by_name(objective_of, monkeypatch):
    from nstgraph.workers import remote_graph

    monkeypatch.setattr(remote_graph, "_SENT", NETWORK - {"Square"})
    refused = pytest.raises(TilingError, match=r"operation '.*' \(Square\) is not known to be the same on a worker")
    with Evaluator(objective_of(lambda g: g.mean(tf.square(g.generated.image)))) as evaluator, refused:
        remote(evaluator)
