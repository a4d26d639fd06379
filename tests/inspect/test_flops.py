from __future__ import annotations

from nstgraph import Objective, StyleGraph, parse_loss
from nstgraph.inspect.flops import flop_count
from nstgraph.networks.weights_file import WeightsFile, embedded


def test_operations_are_counted_by_hand():
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss("content:layer=conv1_2 style:layers=conv1_1"))
    m = 20 * 30
    first, second, gram = 2 * 9 * 3 * 64 * m, 2 * 9 * 64 * 64 * m, 2 * 64 * 64 * m
    moving, fixed = flop_count(objective, 20, 30)
    assert moving == 2 * (first + second + gram)
    assert fixed == (first + second) + (first + gram)


def test_pooled_layers_round_up():
    objective = Objective(StyleGraph(WeightsFile(embedded())), parse_loss("content:layer=conv2_1"))
    _, fixed = flop_count(objective, 21, 31)
    full, half = 21 * 31, 11 * 16
    assert fixed == 2 * 9 * (3 * 64 * full + 64 * 64 * full + 64 * 128 * half)
