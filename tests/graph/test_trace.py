"""TensorFlow's record of an evaluation, and the files that it is written to."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from nstgraph import Evaluator, Objective, StyleGraph, parse_loss, tf
from nstgraph.errors import OutputError
from nstgraph.graph.trace import save_trace, trace
from nstgraph.networks.weights_file import WeightsFile, embedded


def picture(height, width, seed):
    return np.random.default_rng(seed).uniform(0, 255, (1, height, width, 3)).astype(np.float32)


IMAGE = picture(24, 32, 3)


@pytest.fixture(scope="module")
def evaluator():
    loss = parse_loss("content:layer=conv1_2 style:layers=conv1_1")
    with Evaluator(Objective(StyleGraph(WeightsFile(embedded())), loss)) as evaluator:
        yield evaluator.bind(picture(24, 32, 1), [picture(20, 28, 2)])


@pytest.fixture(scope="module")
def outcome(evaluator):
    return trace(evaluator, IMAGE)


def nodes(outcome):
    return {node.node_name: node for device in outcome.step_stats.dev_stats for node in device.node_stats}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_trace_has_times_shapes_and_memory_of_an_evaluation(outcome):
    by_name = nodes(outcome)
    maps = by_name["features/generated/conv1_2"]
    assert [axis.size for axis in maps.output[0].tensor_description.shape.dim] == [1, 24, 32, 64]
    assert sum(used.total_bytes for used in maps.memory) >= 4 * 64 * 24 * 32
    assert maps.all_end_rel_micros > 0 and maps.all_start_micros > 0
    assert "gradient" in by_name


def test_targets_are_no_part_of_an_evaluation(outcome):
    # What is fed goes by names such as _arg_features/content/conv1_2_0_0.
    assert not [name for name in nodes(outcome) if name.startswith(("features/content/", "features/style/"))]


def test_a_trace_is_an_evaluation_like_any_other(evaluator, outcome):
    before = evaluator(picture(24, 32, 4))
    assert nodes(trace(evaluator, IMAGE)).keys() >= {"features/generated/conv1_2", "gradient"}
    np.testing.assert_array_equal(evaluator.session.run(evaluator.objective.graph.variable), IMAGE)
    after = evaluator(picture(24, 32, 4))
    assert after.total == before.total
    np.testing.assert_allclose(after.gradient, before.gradient, rtol=1e-5, atol=1e-9)


def test_weights_in_force_are_those_of_the_evaluation(evaluator):
    assert trace(evaluator, IMAGE).step_stats.dev_stats
    evaluator.weights["style"] = 0.0
    try:
        assert trace(evaluator, IMAGE).step_stats.dev_stats
    finally:
        evaluator.weights.clear()


@pytest.mark.parametrize("name", ["trace.json", "trace.JSON", "two.parts.json"])
def test_a_timeline_is_what_a_browser_shows(outcome, tmp_path, name):
    assert save_trace(outcome, tmp_path / name) == tmp_path / name
    events = json.loads((tmp_path / name).read_text())["traceEvents"]
    run = [event for event in events if event["ph"] == "X"]
    assert all(event["dur"] >= 0 and event["ts"] > 0 for event in run)
    kinds = {event["name"] for event in run}
    # Where TensorFlow fuses a convolution with its ReLU, it is called _FusedConv2D or the like.
    assert any("Conv2D" in kind and "Backprop" not in kind for kind in kinds)
    assert any("Conv2DBackpropInput" in kind for kind in kinds) and any("MatMul" in kind for kind in kinds)
    assert any(event["args"]["name"] == "features/generated/conv1_2" for event in run)
    assert [event for event in events if event["ph"] == "C"]  # memory in use
    assert names(tmp_path) == [name]


@pytest.mark.parametrize("name", ["trace.pb", "trace.PB"])
def test_a_whole_trace_is_a_message_that_tensorflow_reads(outcome, tmp_path, name):
    save_trace(outcome, tmp_path / name)
    read = tf.RunMetadata.FromString((tmp_path / name).read_bytes())
    assert read == outcome and len(nodes(read)) > 20
    assert names(tmp_path) == [name]


SUFFIXES = (".json", ".pb")


def test_other_suffixes_are_refused(outcome):
    with pytest.raises(OutputError, match=r"cannot write a trace as trace\.txt; end its name in \.json or \.pb"):
        save_trace(outcome, Path("trace.txt"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_exists_is_replaced_if_that_is_wanted(outcome, tmp_path, suffix):
    (target := tmp_path / f"trace{suffix}").write_text("old")
    with pytest.raises(OutputError, match="exists; choose another name or pass --overwrite"):
        save_trace(outcome, target)
    assert target.read_text() == "old"
    save_trace(outcome, target, overwrite=True)
    assert target.stat().st_size > 1000 and names(tmp_path) == [target.name]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_that_is_gone_is_one_line(outcome, tmp_path, suffix):
    with pytest.raises(
        OutputError, match=r"cannot write .*trace\..*: the folder .* does not exist; create it first"
    ) as e:
        save_trace(outcome, tmp_path / "none" / f"trace{suffix}")
    assert "\n" not in str(e.value)
    assert names(tmp_path) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_half_written_is_left_where_a_folder_is_in_the_way(outcome, tmp_path, suffix):
    target = tmp_path / f"trace{suffix}"
    (target / "inside").mkdir(parents=True)
    with pytest.raises(OutputError, match="cannot write"):
        save_trace(outcome, target)
    assert names(tmp_path) == [target.name] and names(target) == ["inside"]


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no file's size")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_half_written_is_left_where_there_is_no_room(outcome, tmp_path, suffix):
    import resource

    (target := tmp_path / f"trace{suffix}").write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*trace.* \(.*\); free some space"):
            save_trace(outcome, target, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert names(tmp_path) == [target.name] and target.read_text() == "old"


def test_a_name_without_a_folder_is_in_the_working_folder(outcome, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert save_trace(outcome, Path("trace.pb")) == Path("trace.pb")
    assert names(tmp_path) == ["trace.pb"]
