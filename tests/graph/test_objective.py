"""An objective's tensors, its targets, and what cannot be built."""

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


def test_a_term_without_gradient_is_named_beside_others_that_have_one():
    for flat in (tf.stop_gradient, tf.round, lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32)):
        with pytest.raises(LossError, match=r"no gradient of loss term 'probe' reaches g\.generated; use diff"):
            build(parse_loss("tv") + term(lambda g: g.mean(flat(g.generated.image))))  # noqa: B023 - called at once
    build(parse_loss("tv") + term(lambda g: g.mean(g.generated.image * tf.stop_gradient(g.generated.image))))


def test_a_tensor_of_another_graph_is_refused_by_the_term_s_name():
    def elsewhere(g):
        with tf.Graph().as_default():
            return tf.constant(1.0)

    with pytest.raises(LossError, match=r"'probe' is not a tensor of the style graph's tf\.Graph"):
        build(term(elsewhere))


def test_weights_are_not_in_the_graph_def(objective):
    assert objective.graph.graph.as_graph_def().ByteSize() < 2_000_000


def test_a_term_that_raises_is_named_with_where_it_comes_from():
    def broken(g):
        raise ZeroDivisionError("by zero")

    with pytest.raises(LossError, match=r"'probe' cannot be built \(ZeroDivisionError: by zero\); fix test"):
        build(term(broken))
    with pytest.raises(LossError, match="'probe': it returns nothing; let the function in test return a scalar"):
        build(term(lambda g: None))


def test_a_term_that_exits_is_a_term_that_fails():
    def leaving(g):
        raise SystemExit(7)

    with pytest.raises(LossError, match=r"'probe' cannot be built \(SystemExit: 7\); fix test"):
        build(term(leaving))


def test_a_file_that_a_term_misses_is_named(tmp_path):
    missing = tmp_path / "mask.npy"
    with pytest.raises(LossError, match=r"'probe' cannot use a file \(.*No such file.*mask\.npy.*\); check its name"):
        build(term(lambda g: g.mean(g.generated.image) * np.load(missing)))


def test_an_operation_without_gradient_is_named_with_its_term():
    def recoloured(g):
        return g.mean(tf.image.adjust_hue(g.generated.image / 255, 0.1))

    with pytest.raises(
        LossError, match=r"loss term 'probe' has no gradient: .*AdjustHue.*; use differentiable operations"
    ):
        build(term(recoloured) + parse_loss("tv"))


def test_similarity_of_structure_is_a_loss_although_it_checks_shapes_on_the_way():
    """``tf.image.ssim`` waits for checks of both pictures' shapes, which are control inputs."""
    similar = term(lambda g: 1 - tf.reduce_mean(tf.image.ssim(g.generated.image, g.content.image, 255.0)))
    content, image = picture(32, 40, 1), picture(32, 40, 2)
    with Evaluator(build(similar)) as evaluate:
        evaluate.bind(content, [content])
        values, same = evaluate(image), evaluate(content)
    with tf.Graph().as_default(), tf.Session() as session:
        expected = session.run(1 - tf.image.ssim(image, content, 255.0))[0]
    assert values.total == pytest.approx(expected, rel=1e-5) and np.abs(values.gradient).max() > 0
    assert same.total == pytest.approx(0, abs=1e-5)


def test_variables_that_a_term_makes_are_initialised():
    def learned(g):
        scale = tf.get_variable("scale", initializer=2.5)
        offset = tf.Variable(tf.fill([3], 4.0), name="offset")
        return g.mean(tf.square(scale * g.generated.image + offset))

    image = picture(20, 24, 1)
    with Evaluator(build(term(learned))) as evaluate:
        total = evaluate.bind(image, [image])(image).total
    assert total == pytest.approx(np.square(2.5 * image.astype(np.float64) + 4).mean(), rel=1e-5)


def test_a_variable_that_cannot_be_initialised_is_one_line():
    def unhappy(g):
        checked = tf.debugging.check_numerics(tf.constant(np.nan, tf.float32), "no number")
        return g.mean(g.generated.image) * tf.Variable(checked, use_resource=True)

    with pytest.raises(LossError, match=r"^a variable of the loss cannot be initialised \(.*no number.*\); fix it$"):
        Evaluator(build(term(unhappy)))
