"""Session hooks of a `Stylizer`: they see each step of its searches, once."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_pictures import landscape, painting

from nstgraph import Config, Stylizer, tf
from nstgraph.errors import ConfigError, RunError
from nstgraph.losses.loss import LossTerm
from nstgraph.pictures.fit import fitted
from nstgraph.pictures.load import load
from nstgraph.pictures.resize import resize

CONTENT, STYLE = landscape(96, 72), painting(80, 80)
SMALL = Config(size=48, steps=4, scales=1, loss="0.5*content:layer=image 0.1*tv:power=2", precision="float32")
NETWORK = SMALL.replace(loss="0.5*content:layer=conv1_1 0.1*tv:power=2")


class Recorder(tf.train.SessionRunHook):
    """Notes what it sees of each run: the global step, losses, and what else it was told to fetch."""

    def __init__(self, **more):
        self.more = more
        self.calls = []
        self.seen = []
        self.stop_at = None

    def begin(self):
        self.calls.append("begin")
        get = tf.get_default_graph().get_tensor_by_name
        self.fetches = {"total": get("loss/total:0"), "image": get("generated_image:0")}
        self.fetches |= {name: get(tensor) for name, tensor in self.more.items()}
        self.step = tf.train.get_global_step()

    def after_create_session(self, session, coord):
        self.calls.append("after_create_session")
        self.first = session.run(self.step)

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self.fetches)

    def after_run(self, run_context, run_values):
        self.seen.append({**run_values.results, "step": run_context.session.run(self.step)})
        if len(self.seen) == self.stop_at:
            run_context.request_stop()

    def end(self, session):
        self.calls.append("end")
        self.last = session.run(self.step)


def run(config, *hooks, content=CONTENT, **options):
    with Stylizer(config, hooks=hooks) as stylizer:
        return stylizer(content, [STYLE], **options)


def assert_seen(recorder, result):
    """Each step of the result's history was seen once, and exactly."""
    assert [seen["step"] for seen in recorder.seen] == [step.step for step in result.history]
    assert [float(seen["total"]) for seen in recorder.seen] == [step.total for step in result.history]
    sizes = [(1, step.height, step.width, 3) for step in result.history]
    assert [seen["image"].shape for seen in recorder.seen] == sizes


@pytest.fixture(scope="module")
def watched():
    """A run's recorder and result; images that its callback was given, and what the variable held then."""
    recorder = Recorder(content="loss/content:0", tv="loss/tv:0")
    images = []
    with Stylizer(NETWORK, hooks=[recorder]) as stylizer:
        variable, session = stylizer.graph.variable, stylizer.evaluator.session
        result = stylizer(
            CONTENT, [STYLE], callback=lambda step, image: images.append((image.copy(), session.run(variable)))
        )
    return recorder, result, images


def test_each_step_is_seen_once_with_its_exact_losses(watched):
    recorder, result, images = watched
    assert len(result.history) == 4
    assert_seen(recorder, result)
    for seen, step, (image, _) in zip(recorder.seen, result.history, images, strict=True):
        assert {label: float(seen[label]) for label in ("content", "tv")} == step.terms
        np.testing.assert_array_equal(seen["image"], image)


def test_the_variable_holds_each_step_s_image(watched):
    _, _, images = watched
    for image, held in images:
        np.testing.assert_array_equal(held, image)


def test_hooks_leave_the_result_as_it_is(watched):
    _, result, _ = watched
    plain = run(NETWORK)
    np.testing.assert_array_equal(result.image, plain.image)
    assert [step.total for step in result.history] == [step.total for step in plain.history]
    assert (result.evaluations, result.reason) == (plain.evaluations, plain.reason)


def test_end_is_called_when_the_stylizer_is_closed_and_the_session_is_still_open_then(watched):
    recorder, _, _ = watched
    assert recorder.calls == ["begin", "after_create_session", "end"]
    assert (recorder.first, recorder.last) == (0, 4)


def test_a_coarse_to_fine_run_is_one_count_of_steps_at_several_sizes():
    recorder = Recorder()
    result = run(SMALL.replace(size=96, scales=2, steps=7), recorder)
    assert {seen["image"].shape for seen in recorder.seen} == {(1, 36, 48, 3), (1, 72, 96, 3)}
    assert_seen(recorder, result)
    assert recorder.seen[0]["step"] == 1


def test_steps_in_tiles_are_seen_with_the_whole_picture():
    recorder = Recorder(maps="features/content/conv1_1:0")
    result = run(NETWORK.replace(size=96, scales=2, steps=6, tile=48), recorder)
    assert [stage.split(",")[0] for stage in result.settings["stages"]] == ["48x36", "96x72 in tiles of 48 px"]
    assert_seen(recorder, result)
    assert recorder.seen[-1]["maps"].shape == (1, 72, 96, 64)


def stepwise(g):
    """In the network's precision, the same plus 1: in bfloat16 it changes by 1/128 or not at all."""
    error = (g.generated.image - g.content.image) / 255
    columns = tf.cast(1 + tf.range(tf.shape(error)[2]), tf.float32)[:, None]
    return tf.cast(tf.cast(1 + g.mean(tf.square(error) * columns), g.network.dtype), tf.float32)


def test_steps_that_bfloat16_leaves_to_float32_are_seen_too():
    recorder = Recorder()
    loss = LossTerm("stepwise", stepwise, "here")()
    result = run(Config(loss=loss, size=48, scales=1, steps=40, init="noise", precision="bfloat16"), recorder)
    assert result.reason.endswith("of them in float32, to go on where bfloat16 stalled")
    assert_seen(recorder, result)
    totals = np.array([seen["total"] for seen in recorder.seen])
    assert (totals.view(np.uint32) % 2**16 > 0).any()  # which bfloat16 does not hold
    np.testing.assert_allclose(recorder.seen[-1]["image"], resize(CONTENT, 36, 48), atol=10)


def test_the_global_step_goes_on_from_picture_to_picture():
    recorder = Recorder()
    with Stylizer(SMALL, hooks=[recorder]) as stylizer:
        first = stylizer(CONTENT, [STYLE])
        second = stylizer(CONTENT.transpose(0, 2, 1, 3).copy(), [STYLE])
        assert recorder.calls == ["begin", "after_create_session"]
    steps = [*first.history, *second.history]
    assert [seen["step"] for seen in recorder.seen] == list(range(1, len(steps) + 1))
    assert [float(seen["total"]) for seen in recorder.seen] == [step.total for step in steps]
    assert recorder.seen[-1]["image"].shape == (1, 48, 36, 3)


def test_a_stylizer_that_never_ran_begins_and_ends_its_hooks_once():
    recorder = Recorder()
    with Stylizer(SMALL, hooks=[recorder]) as stylizer:
        stylizer.close()  # and once more in the end
    assert recorder.calls == ["begin", "after_create_session", "end"] and recorder.seen == []


def test_a_hook_that_asks_for_a_stop_ends_the_run_and_the_picture_is_kept():
    recorder = Recorder()
    recorder.stop_at = 2
    result = run(SMALL.replace(size=96, scales=2, steps=8), recorder)
    assert result.reason == "stopped by the callback after 2 of 8 steps"
    assert_seen(recorder, result)
    assert result.image.shape == (1, 72, 96, 3)
    assert np.abs(result.image - resize(CONTENT, 72, 96)).mean() > 0.5
    assert recorder.calls[-1] == "end" and recorder.last == 2


def test_after_a_hook_asked_for_a_stop_the_next_picture_stops_at_once():
    recorder = Recorder()
    recorder.stop_at = 2
    with Stylizer(SMALL, hooks=[recorder]) as stylizer:
        results = [stylizer(CONTENT, [STYLE]) for _ in range(2)]
    assert len(recorder.seen) == len(results[0].history) == 2
    assert results[1].reason == "stopped by the callback after 1 of 4 steps"


@pytest.mark.slow
def test_a_hook_of_tensorflow_s_own_stops_at_its_step():
    assert len(run(SMALL, tf.train.StopAtStepHook(last_step=3)).history) == 3


def test_steps_are_seen_by_hooks_before_the_callback_stops_the_run():
    def stop(step, image):
        if step.step == 3:
            raise StopIteration

    recorder = Recorder()
    result = run(SMALL, recorder, callback=stop)
    assert len(result.history) == 3
    assert_seen(recorder, result)


def test_a_hook_may_fetch_what_depends_on_the_pictures():
    tensors = ("content", "style", "features/content/conv1_1", "features/style/conv1_1", "gradient")
    recorder = Recorder(**{name: f"{name}:0" for name in tensors})
    content, style = resize(load(CONTENT).rgb, 36, 48), resize(load(STYLE).rgb, *fitted((80, 80), 48))
    with Stylizer(SMALL.replace(loss="content:layer=conv1_1 style:layers=conv1_1"), hooks=[recorder]) as stylizer:
        stylizer(CONTENT, [STYLE])
        graph, evaluator = stylizer.graph, stylizer.evaluator.bind(content, [style])
        maps = evaluator.session.run(graph.content["conv1_1"], {graph.content.image: content})
        gradients = [evaluator(seen["image"]).gradient for seen in recorder.seen]
    for seen, gradient in zip(recorder.seen, gradients, strict=True):
        np.testing.assert_array_equal(seen["content"], content)
        np.testing.assert_array_equal(seen["style"], style)
        np.testing.assert_allclose(seen["features/content/conv1_1"], maps, rtol=1e-5, atol=1e-3)
        assert seen["features/style/conv1_1"].shape == (1, 48, 48, 64)
        assert np.linalg.norm(seen["gradient"] - gradient) < 1e-4 * np.linalg.norm(gradient)


class Failing(tf.train.SessionRunHook):
    def __init__(self, where):
        self.where = where

    def begin(self):
        if self.where == "begin":
            raise ConfigError("no room for me")

    def after_run(self, run_context, run_values):
        raise ConfigError("no room for more")


def test_what_a_hook_raises_leaves_the_run_and_the_others_are_ended():
    recorder = Recorder()
    with pytest.raises(RunError, match="no room for more") as raised:
        run(SMALL, recorder, Failing("after_run"))
    assert isinstance(raised.value.__cause__, ConfigError) and len(raised.value.result.history) == 1
    assert len(recorder.seen) == 1 and recorder.calls[-1] == "end"


def test_a_hook_that_cannot_begin_is_told_at_once():
    with pytest.raises(ConfigError, match="no room for me"):
        Stylizer(SMALL, hooks=[Failing("begin")])


def test_without_hooks_there_is_no_global_step():
    with Stylizer(SMALL) as stylizer, stylizer.graph.graph.as_default():
        assert tf.train.get_global_step() is None


def test_hooks_see_the_weights_in_force():
    recorder = Recorder(weight="weight/content:0")
    config = SMALL.replace(size=96, scales=2, loss="1..0.1*content:layer=image 0.1*tv:power=2")
    with Stylizer(config, hooks=[recorder]) as stylizer:
        stylizer(CONTENT, [STYLE])
    weights = [seen["weight"] for seen in recorder.seen]
    assert len(weights) == 4 and weights[0] == 1 and weights[-1] == pytest.approx(0.1)
