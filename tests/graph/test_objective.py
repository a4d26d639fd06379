"""An objective's tensors, what of them is frozen, and what cannot be built."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import LossError
from nstgraph.losses.loss import Loss, LossTerm
from nstgraph.networks.weights_file import WeightsFile, embedded

LOSS = "0.5*content:layer=conv2_1 2*style:layers=conv1_1+conv2_1 tv"


def picture(height, width, seed):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


def build(loss=LOSS, **options):
    graph = StyleGraph(WeightsFile(embedded()), **options)
    return Objective(graph, parse_loss(loss) if isinstance(loss, str) else loss)


def term(function, name="probe"):
    """A loss of one term that is not registered."""
    return Loss(LossTerm(name, function, "test")().terms)


@pytest.fixture(scope="module")
def objective():
    return build()


def test_names_are_the_documented_contract(objective):
    get = objective.graph.graph.get_tensor_by_name
    assert get("loss/total:0") is objective.total
    assert get("gradient:0") is objective.gradient
    assert list(objective.terms) == ["content", "style", "tv"]
    for label, value in objective.terms.items():
        assert get(f"loss/{label}:0") is value
        assert get(f"weight/{label}:0") is objective.weights[label]


def test_targets_are_kept_and_nothing_bigger(objective):
    # One target feature map for content; one Gram matrix a layer for style.
    shapes = [tensor.shape.as_list() for tensor in objective.targets if tensor.shape.rank]
    assert [1, None, None, 128] in shapes
    assert [64, 64] in shapes
    assert [128, 128] in shapes
    assert [1, None, None, 3] not in shapes


def test_inputs_are_the_pictures_and_what_else_the_loss_is_fed(objective):
    assert {tensor.name for tensor in objective.inputs} == {"content:0", "style:0"}
    mixed = build(term(lambda g: tf.placeholder(tf.float32, [], "mix") * g.mean(g.generated.image)), styles=2)
    names = [tensor.name for tensor in mixed.inputs]
    assert names == ["content:0", "style:0", "style_1:0", "terms/probe/mix:0"]


def test_a_term_used_twice_is_seen_twice():
    objective = build("tv 3*tv:power=2")
    with Evaluator(objective) as evaluate:
        evaluate.bind(picture(16, 16, 1), [picture(16, 16, 2)])
        terms = evaluate(picture(16, 16, 3)).terms
    assert set(terms) == {"tv", "tv_1"}
    assert terms["tv"] != terms["tv_1"]


def test_terms_that_do_not_fit_are_refused_by_name():
    with pytest.raises(LossError, match=r"'probe' returns a tensor of shape \(3,\)"):
        build(term(lambda g: g.mean(g.generated.image, per_channel=True)))
    with pytest.raises(LossError, match=r"'probe' does not depend on g\.generated"):
        build(term(lambda g: g.mean(g.content.image)))
    with pytest.raises(LossError, match="no gradient"):
        build(term(lambda g: g.mean(tf.round(g.generated.image) * 0 + tf.stop_gradient(g.generated.image))))


def test_weights_are_not_in_the_graph_def(objective):
    assert objective.graph.graph.as_graph_def().ByteSize() < 2_000_000


def test_a_term_that_raises_is_named_with_where_it_comes_from():
    def broken(g):
        raise ZeroDivisionError("by zero")

    with pytest.raises(LossError, match=r"'probe' cannot be built \(ZeroDivisionError: by zero\); mend test"):
        build(term(broken))
    with pytest.raises(LossError, match="'probe': it returns nothing; let the function in test return a scalar"):
        build(term(lambda g: None))
