"""An objective's tensors, its freezing, and its values in a session."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import LossError
from nstgraph.loss import Loss, LossTerm
from nstgraph.weights import Weights, embedded

LOSS = "0.5*content:layer=conv2_1 2*style:layers=conv1_1+conv2_1 tv"


def picture(height, width, seed):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


def build(loss=LOSS, **options):
    graph = StyleGraph(Weights(embedded()), **options)
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


def test_total_is_the_sum_of_the_weighted_terms(objective):
    with Evaluator(objective) as evaluate:
        evaluate.bind(picture(24, 32, 1), [picture(20, 20, 2)])
        first = evaluate(picture(24, 32, 3))
        assert first.total == pytest.approx(sum(first.terms.values()), rel=1e-6)
        evaluate.weights["style"] = 6.0
        second = evaluate(picture(24, 32, 3))
    assert second.terms["style"] == pytest.approx(3 * first.terms["style"], rel=1e-6)
    assert second.terms["content"] == pytest.approx(first.terms["content"], rel=1e-6)


@pytest.mark.parametrize("freeze", [True, False])
def test_weights_changed_later_are_those_of_a_loss_built_with_them(objective, freeze):
    pictures, image = (picture(24, 32, 1), [picture(20, 20, 2)]), picture(24, 32, 3)
    with Evaluator(build("2*content:layer=conv2_1 0*style:layers=conv1_1+conv2_1 3*tv")) as evaluate:
        evaluate.bind(*pictures)
        expected = evaluate(image)
    with Evaluator(objective, freeze=freeze) as evaluate:
        evaluate.bind(*pictures)
        evaluate.weights = {"content": 2.0, "style": 0.0, "tv": 3.0}
        changed = evaluate(image)
    assert dict(changed.terms) == pytest.approx(dict(expected.terms), rel=1e-6)
    error = np.abs(changed.gradient - expected.gradient).max() / np.abs(expected.gradient).max()
    assert error < 1e-5


def test_fed_weights_are_the_losss_own_until_they_are_changed(objective):
    with Evaluator(objective) as evaluate:
        own = dict(zip(objective.weights.values(), (0.5, 2.0, 1.0), strict=True))
        assert evaluate.fed_weights() == own
        evaluate.weights["tv"] = 7.0
        assert evaluate.fed_weights() == {**own, objective.weights["tv"]: 7.0}


def test_frozen_targets_change_nothing_but_the_work(objective):
    # One target feature map for content; one Gram matrix a layer for style; nothing bigger.
    shapes = [tensor.shape.as_list() for tensor in objective.frozen if tensor.shape.rank]
    assert [1, None, None, 128] in shapes
    assert [64, 64] in shapes
    assert [128, 128] in shapes
    values = []
    for freeze in (True, False):
        with Evaluator(objective, freeze=freeze) as evaluate:
            evaluate.bind(picture(24, 32, 1), [picture(20, 20, 2)])
            values.append(evaluate(picture(24, 32, 3)))
    frozen, unfrozen = values
    assert frozen.total == pytest.approx(unfrozen.total, rel=1e-5)
    np.testing.assert_allclose(frozen.gradient, unfrozen.gradient, rtol=1e-4, atol=1e-5 * abs(frozen.gradient).max())


def test_a_frozen_evaluation_does_not_touch_the_pictures(objective):
    with Evaluator(objective) as evaluate:
        evaluate.bind(picture(24, 32, 1), [picture(20, 20, 2)])
        fetches = [objective.total, objective.gradient]
        feed = evaluate.bound
        assert list(feed) == objective.frozen
        # Without the frozen tensors TensorFlow asks for the placeholders; with them it does not.
        evaluate.session.run(fetches, {objective.graph.generated.image: picture(24, 32, 3), **feed})
        with pytest.raises(tf.errors.InvalidArgumentError, match="placeholder"):
            evaluate.session.run(fetches, {objective.graph.generated.image: picture(24, 32, 3)})


def test_released_pictures_are_bound_no_more(objective):
    with Evaluator(objective) as evaluate:
        evaluate.bind(picture(24, 32, 1), [picture(20, 20, 2)])
        before = evaluate(picture(24, 32, 3))
        evaluate.release()
        with pytest.raises(ValueError):
            evaluate(picture(24, 32, 3))
        evaluate.bind(picture(24, 32, 1), [picture(20, 20, 2)])
        np.testing.assert_array_equal(evaluate(picture(24, 32, 3)).gradient, before.gradient)


def test_targets_of_low_precision_are_kept_in_it():
    kept = []
    for precision in ("bfloat16", "float32"):
        with Evaluator(build("content:layer=conv2_1", precision=precision)) as evaluate:
            evaluate.bind(picture(24, 32, 1), [picture(20, 20, 2)])
            kept.append(sum(array.nbytes for array in evaluate.bound.values() if np.ndim(array) == 4))
    assert kept == [12 * 16 * 128 * 2, 12 * 16 * 128 * 4]


def test_a_new_pair_of_another_size_is_only_a_feed(objective):
    with Evaluator(objective) as evaluate:
        operations = len(objective.graph.graph.get_operations())
        for height, width in ((24, 32), (40, 17)):
            evaluate.bind(picture(height, width, 1), [picture(20, 30, 2)])
            values = evaluate(picture(height, width, 3))
            assert values.gradient.shape == (1, height, width, 3)
        assert len(objective.graph.graph.get_operations()) == operations


def test_the_variable_holds_the_image_evaluated_last(objective):
    with Evaluator(objective) as evaluate:
        evaluate.bind(picture(24, 32, 1), [picture(20, 20, 2)])
        for seed in (3, 4):
            image = picture(24, 32, seed)
            evaluate(image)
            np.testing.assert_array_equal(evaluate.session.run(objective.graph.variable), image)


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

    with pytest.raises(LossError, match=r"'probe' cannot be built \(by zero\); mend test"):
        build(term(broken))
    with pytest.raises(LossError, match="'probe' cannot be built"):
        build(term(lambda g: None))
