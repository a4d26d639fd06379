"""The examples, which are pipelines in TensorFlow 1's idiom, give what they promise and leave no trace."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
import tensorflow

from nstgraph import tf

EXAMPLES = sorted((Path(__file__).parent / "examples").glob("*.py"))


@contextlib.contextmanager
def left_untouched():
    """The process's graph gets nothing from an example, and eager execution stays on."""
    graph, count = tf.get_default_graph(), len(tf.get_default_graph().get_operations())
    yield
    assert tf.get_default_graph() is graph and len(graph.get_operations()) == count
    assert tf.get_default_session() is None
    assert tensorflow.executing_eagerly() and float(tensorflow.constant(2.0) * 3) == 6


@pytest.fixture(autouse=True)
def untouched():
    with left_untouched():
        yield


def load(name):
    """The example as a module."""
    path = Path(__file__).parent / "examples" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"example_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_shows_and_how_to_run_it(path):
    text = path.read_text(encoding="utf-8")
    assert f"    python tests/examples/{path.name}\n" in ast.get_docstring(ast.parse(text), clean=False)
    assert "import tensorflow.compat.v1 as tf\n" in text and 'if __name__ == "__main__":\n' in text


@pytest.fixture(scope="module")
def style_transfer():
    """The example, its results, and what it has shown."""
    example, shown = load("style_transfer"), io.StringIO()
    with left_untouched(), contextlib.redirect_stdout(shown):
        results = example.main()
    return example, results, shown.getvalue()


def test_style_transfer_takes_the_picture_to_the_painting(style_transfer):
    example, results, shown = style_transfer
    photo, painting = example.draw()
    for losses, picture in results.values():
        (first, content, style), (last, *_) = losses[0], losses[-1]
        assert content < 0.01 * style and first == pytest.approx(content + style, rel=1e-5)
        assert last < 0.85 * first
        assert picture.shape == photo.shape and picture.min() >= 0 and picture.max() <= 255
        assert 5 < np.abs(picture - photo).mean() < np.abs(painting - photo).mean()
    shown = shown.splitlines()
    assert len(shown) == sum(len(losses) for losses, _ in results.values())
    assert shown[0].startswith("total ") and shown[-1].startswith("{'content': ")


def test_style_transfer_is_the_same_with_the_callers_network_and_with_nstgraphs(style_transfer):
    example, results, _ = style_transfer
    (theirs, their_picture), (ours, our_picture) = results.values()
    assert len(ours) == example.STEPS
    np.testing.assert_allclose(ours[-1], theirs[-1], rtol=0.1)
    assert np.corrcoef(their_picture.ravel(), our_picture.ravel())[0, 1] > 0.95


def test_physics_informed_finds_the_motion_from_its_equation():
    outcome = load("physics_informed").main()
    assert outcome["loss after L-BFGS-B"] < 0.01 * outcome["loss after Adam"]
    assert outcome["largest error"] < 0.01


def test_bounded_fit_holds_the_bound_and_fits_the_rest():
    example = load("bounded_fit")
    fit = example.main()
    fitted = fit["fitted"]
    assert fitted["height"] == example.HIGHEST < example.HEIGHT
    assert np.min(fit["heights tried"]) >= 0 and np.max(fit["heights tried"]) <= example.HIGHEST
    assert fitted["centre"] == pytest.approx(example.CENTRE, abs=0.02)
    assert fitted["width"] == pytest.approx(example.WIDTH, abs=0.05)
    assert fit["loss after"] < 0.05 * fit["loss before"]


def test_monitor_sees_the_search_from_outside():
    example = load("monitor")
    outcome = example.main()
    log = outcome["log"]
    assert 5 < len(log) <= example.STEPS
    assert log[-1]["loss"] < 0.1 * log[0]["loss"] and log[-1]["loss"] == pytest.approx(outcome["loss"], rel=1e-4)
    assert log[-1]["held out"] == pytest.approx(outcome["held out"], rel=1e-4) != outcome["loss"]
    assert 0 < log[0]["moved"] < log[-1]["moved"]
    assert set(log[0]["steepness"]) == {"w", "b", "out"}
    assert max(log[-1]["steepness"].values()) < 0.3 * max(log[0]["steepness"].values())


def test_early_stopping_goes_back_to_the_best_for_held_out_points():
    outcome = load("early_stopping").main()
    fitted, held_out = outcome["stopped"]
    assert outcome["to the end"][0] < fitted and outcome["to the end"][1] > 2 * held_out
    assert held_out == pytest.approx(min(outcome["losses"])) and held_out < 0.5 * outcome["losses"][0]
    assert outcome["losses"][-1] > held_out


def test_a_minimize_of_ones_own_works_by_the_members_of_the_class():
    example = load("own_minimize")
    outcome = example.main()
    np.testing.assert_allclose(outcome["shares"], example.SHARES, atol=0.03)
    np.testing.assert_allclose(outcome["centres"], example.CENTRES, atol=0.1)
    np.testing.assert_allclose(outcome["packed"], [*outcome["shares"], *outcome["centres"]], rtol=1e-6)
    assert outcome["shares"].sum() == pytest.approx(1, abs=1e-5)
    assert outcome["evaluations"] > 3 and outcome["loss"] < 2
