from __future__ import annotations

import pytest

from nstgraph import Objective, StyleGraph, parse_loss
from nstgraph.inspect.flops import evaluation_flops
from nstgraph.networks.weights_file import WeightsFile, embedded


def test_operations_are_counted_by_hand():
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss("content:layer=conv1_2 style:layers=conv1_1"))
    m = 20 * 30
    first, second, gram = 2 * 9 * 3 * 64 * m, 2 * 9 * 64 * 64 * m, 2 * 64 * 64 * m
    moving, fixed = evaluation_flops(objective, 20, 30)
    # Biases, ReLUs, padding and sums come on top.
    assert moving == pytest.approx(2 * (first + second + gram), rel=0.03) and moving > 2 * (first + second + gram)
    assert fixed == pytest.approx((first + second) + (first + gram), rel=0.03) and fixed > 2 * first + second + gram


def test_pooled_layers_have_a_quarter_of_the_positions():
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss("content:layer=conv2_1"))
    _, fixed = evaluation_flops(objective, 20, 30)
    full, half = 20 * 30, 10 * 15
    products = 2 * 9 * (3 * 64 * full + 64 * 64 * full + 64 * 128 * half)
    assert fixed == pytest.approx(products, rel=0.03) and fixed > products
