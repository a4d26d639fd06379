"""What a graph consists of, against what is counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from nstgraph import Objective, StyleGraph, parse_loss, tf
from nstgraph.inspect.flops import evaluation_flops
from nstgraph.inspect.inventory import inventory
from nstgraph.networks.graph_file import GraphFile
from nstgraph.networks.weights_file import WeightsFile, embedded

#: Input and output channels, and the stride, of the embedded convolutions.
CONVOLUTIONS = {
    "conv1_1": (3, 64, 1), "conv1_2": (64, 64, 1),
    "conv2_1": (64, 128, 2), "conv2_2": (128, 128, 2),
    "conv3_1": (128, 256, 4), "conv3_2": (256, 256, 4), "conv3_3": (256, 256, 4),
}  # fmt: skip
LOSS = "content:layer=conv3_3 style:layers=conv1_1+conv3_1"
HEIGHT, WIDTH = 33, 46


def objective(loss, **options):
    return Objective(StyleGraph(WeightsFile(embedded()), **options), parse_loss(loss))


@pytest.fixture(scope="module")
def whole():
    return objective(LOSS)


@pytest.fixture(scope="module")
def entries(whole):
    return inventory(whole, HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def by_scope(entries):
    return {entry.scope: entry for entry in entries}


def positions(stride):
    return -(-HEIGHT // stride) * -(-WIDTH // stride)


@pytest.mark.parametrize("name", ["generated", "content", "style"])
def test_operations_of_a_picture_s_features_are_those_of_its_convolutions(by_scope, name):
    layers = CONVOLUTIONS if name != "style" else [*CONVOLUTIONS][:5]
    expected = sum(2 * 9 * CONVOLUTIONS[x][0] * CONVOLUTIONS[x][1] * positions(CONVOLUTIONS[x][2]) for x in layers)
    assert expected <= by_scope[f"features/{name}"].flops < 1.01 * expected


def test_a_gram_matrix_takes_a_product_for_each_position_and_pair_of_channels(by_scope):
    flops = sum(entry.flops for scope, entry in by_scope.items() if scope.endswith("/MatMul"))
    expected = sum(2 * 2 * channels**2 * count for channels, count in ((64, positions(1)), (256, positions(4))))
    assert flops == expected


def test_the_way_back_takes_as_much_as_the_way_there(by_scope):
    forward, back = (by_scope[f"{scope}features/generated"].flops for scope in ("", "gradients/"))
    assert back == pytest.approx(forward, rel=0.01)


@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param({"styles": 2}, marks=pytest.mark.slow),
        pytest.param({"precision": "bfloat16"}, marks=pytest.mark.slow),
        pytest.param({"pooling": "max", "padding": "zero"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_total_agrees_with_the_count_of_products(options):
    built = objective(LOSS, **options)
    assert inventory(built, 32, 48)[0].flops == pytest.approx(sum(evaluation_flops(built, 32, 48)), rel=0.01)


def test_parameters_are_those_of_the_weights(by_scope):
    assert by_scope[""].parameters == by_scope["vgg"].parameters == 1_735_488
    for name, (below, above, _) in CONVOLUTIONS.items():
        assert by_scope[f"vgg/{name}"].parameters == 9 * below * above + above
        assert by_scope[f"vgg/{name}/bias"].parameters == above
    assert {scope for scope, entry in by_scope.items() if entry.parameters} == {
        "", "vgg", *(f"vgg/{name}{end}" for name in CONVOLUTIONS for end in ("", "/kernel", "/bias"))
    }  # fmt: skip


def test_only_what_the_loss_needs_is_counted():
    by_scope = {entry.scope: entry for entry in inventory(objective("content:layer=conv1_2"), 24, 24)}
    assert by_scope[""].parameters == 3 * 64 * 9 + 64 + 64 * 64 * 9 + 64
    assert "features/style" not in by_scope


def test_operations_add_up(whole, by_scope):
    count = len(whole.graph.graph.get_operations())
    assert by_scope[""].operations == count
    assert sum(entry.operations for scope, entry in by_scope.items() if scope and "/" not in scope) == count
    for attribute in ("operations", "parameters", "flops", "memory"):
        for scope, entry in by_scope.items():
            below = [other for name, other in by_scope.items() if name.rpartition("/")[0] == scope and name and scope]
            assert sum(getattr(other, attribute) for other in below) <= getattr(entry, attribute)
        tops = [entry for scope, entry in by_scope.items() if scope and "/" not in scope]
        assert sum(getattr(entry, attribute) for entry in tops) == pytest.approx(getattr(by_scope[""], attribute))


def test_shapes_are_those_of_the_pictures(by_scope):
    for name, (_, channels, stride) in CONVOLUTIONS.items():
        expected = (1, -(-HEIGHT // stride), -(-WIDTH // stride), channels)
        assert by_scope[f"features/generated/{name}"].shape == by_scope[f"features/content/{name}"].shape == expected
    assert by_scope["gradient"].shape == by_scope["generated_image"].shape == (1, HEIGHT, WIDTH, 3)
    assert by_scope["content"].shape == by_scope["style"].shape == (1, HEIGHT, WIDTH, 3)
    assert by_scope["loss/total"].shape == ()
    assert by_scope["features"].shape is by_scope["vgg"].shape is by_scope[""].shape is None


def test_a_scope_comes_after_those_that_hold_it(entries):
    scopes = [entry.scope for entry in entries]
    assert scopes[0] == ""
    assert len(set(scopes)) == len(scopes)
    for number, scope in enumerate(scopes):
        if "/" in scope:
            holder = scope.rpartition("/")[0]
            first = scopes.index(holder)
            assert first < number
            # Nothing else comes between a scope and what is below it.
            assert all(other.startswith(f"{holder}/") for other in scopes[first + 1 : number])


def test_the_order_is_the_graph_s(entries):
    scopes = [entry.scope for entry in entries]
    assert [scope for scope in scopes if scope.startswith("vgg/") and scope.count("/") == 1] == [
        f"vgg/{name}" for name in CONVOLUTIONS
    ]
    assert scopes.index("features") < scopes.index("loss") < scopes.index("gradients") < scopes.index("gradient")


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_depth_is_the_number_of_names_that_are_told_apart(whole, by_scope, depth):
    entries = inventory(whole, 24, 24, depth)
    assert max(entry.scope.count("/") for entry in entries) == depth - 1
    assert {scope for scope in by_scope if scope.count("/") < depth} <= {entry.scope for entry in entries}
    assert entries[0].operations == by_scope[""].operations


def test_operations_without_a_name_of_their_own_are_one_entry(whole, by_scope):
    unnamed = [op.name for op in whole.graph.graph.get_operations() if "/" not in op.name and op.name[0].isupper()]
    assert by_scope["(no scope)"].operations == len(unnamed) > 0
    assert not set(unnamed) & set(by_scope)


def test_memory_is_what_was_allocated(by_scope):
    maps = 4 * 64 * HEIGHT * WIDTH
    assert by_scope["features/generated/conv1_1"].memory >= maps
    assert by_scope["features/generated"].memory >= 2 * maps
    assert by_scope[""].memory > 3 * by_scope["features/generated"].memory
    assert min(entry.memory for entry in by_scope.values()) >= 0
    assert by_scope["gradient"].memory < maps  # one picture


def test_counting_adds_nothing_to_the_graph_and_may_be_repeated(whole, entries):
    count = len(whole.graph.graph.get_operations())
    again = inventory(whole, HEIGHT, WIDTH)
    assert len(whole.graph.graph.get_operations()) == count
    assert [(e.scope, e.operations, e.shape, e.parameters, e.flops) for e in again] == [
        (e.scope, e.operations, e.shape, e.parameters, e.flops) for e in entries
    ]


@pytest.fixture
def network(tmp_path):
    """A network of two convolutions, 3 to 8 and 8 to 12 channels, with biases, in a file."""
    with tf.Graph().as_default() as graph:
        maps = tf.placeholder(tf.float32, [1, None, None, 3], "photo") / 255
        for name, below, above in (("a", 3, 8), ("b", 8, 12)):
            kernel = tf.constant(np.full((3, 3, below, above), 0.1, np.float32), name=f"{name}/kernel")
            maps = tf.nn.bias_add(tf.nn.conv2d(maps, kernel, 1, "SAME"), tf.constant(np.ones(above, np.float32)))
            maps = tf.nn.relu(maps, name=f"{name}/relu")
        (tmp_path / "network.pb").write_bytes(graph.as_graph_def().SerializeToString())
    return GraphFile(tmp_path / "network.pb")


def test_a_frozen_network_s_constants_are_its_parameters(network):
    built = Objective(StyleGraph(network), parse_loss("content:layer=conv1_2"))
    by_scope = {entry.scope: entry for entry in inventory(built, 20, 30)}
    kernels = 9 * (3 * 8 + 8 * 12)
    assert by_scope[""].parameters == by_scope["network"].parameters == kernels + 8 + 12
    assert by_scope["network/a"].parameters == 9 * 3 * 8
    expected = 2 * kernels * 20 * 30
    # Such small convolutions have more beside them: the division by 255, biases, ReLUs.
    assert expected <= by_scope["features/generated"].flops < 1.05 * expected


def test_a_graph_in_a_caller_s_scope_has_its_parameters_there():
    with tf.Graph().as_default() as graph, tf.variable_scope("painting"):
        built = Objective(StyleGraph(WeightsFile(embedded()), graph=graph), parse_loss("content:layer=conv1_1"))
    by_scope = {entry.scope: entry for entry in inventory(built, 20, 30)}
    assert by_scope[""].parameters == by_scope["painting/vgg"].parameters == 3 * 64 * 9 + 64
    assert by_scope["painting/features"].flops > 2 * 2 * 9 * 3 * 64 * 20 * 30
