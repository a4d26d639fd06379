"""Session hooks see each step of a search, and the search stops when they ask for it."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from nstgraph import Config, Evaluator, Objective, Search, StyleGraph, Stylizer, parse_loss, tf
from nstgraph.hooks import Stepper, StyleHook, SummaryHook, monitored
from nstgraph.networks.weights_file import WeightsFile, embedded

LOSS = "content:layer=image 0.5*tv:power=2"  # of pixels: hooks and searches are tested, not the network
TAGS = ["loss/total", "loss/content", "loss/tv"]


class Recorder(tf.train.SessionRunHook):
    """A user's own hook; keeps what it fetches with each run."""

    def __init__(self, *fetches):
        self.fetches = list(fetches)
        self.seen = []

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self.fetches)

    def after_run(self, run_context, run_values):
        self.seen.append(run_values.results)


class Seen(NamedTuple):
    """What a hook was told of a step."""

    step: int
    total: float
    terms: dict
    image: np.ndarray


class Album(StyleHook):
    """Keeps what it is told."""

    def begin(self):
        super().begin()
        self.seen = []

    def after_step(self, step, image):
        self.seen.append(Seen(step.step, step.total, step.terms, image))
        assert (step.height, step.width) == image.shape[1:3]


@pytest.fixture
def photo(smooth_picture):
    return smooth_picture(20, 24, 1)


@pytest.fixture
def painting(smooth_picture):
    return smooth_picture(20, 20, 2)


@pytest.fixture
def objective(objective_of):
    return objective_of(LOSS)


@pytest.fixture
def search(photo, painting):
    """Function that searches an objective in a session with hooks, which may be made by a function of the stepper."""

    def run(objective, hooks, steps=5, start=photo, **options):
        stepper = Stepper(objective)
        with objective.graph.graph.as_default():
            hooks = hooks(stepper) if callable(hooks) else hooks
            with tf.train.MonitoredTrainingSession(hooks=hooks, log_step_count_steps=None, **options) as session:
                evaluator = Evaluator(objective, session=session).bind(photo, [painting])
                search = Search(evaluator, start, steps, callback=stepper.callback(session, [photo, painting]))
                search.run()
                search.global_step = evaluator.session.run(stepper.global_step)
        return search

    return run


def values_of(objective, photo, painting, images):
    """Totals at images, evaluated anew."""
    with Evaluator(objective) as evaluator:
        evaluator.bind(photo, [painting])
        return [evaluator(image).total for image in images]


def test_each_step_is_one_run_by_which_the_global_step_grows(objective, search):
    recorder = Recorder()
    outcome = search(objective, [recorder], steps=6)
    assert len(outcome.steps) == len(recorder.seen) == outcome.global_step == 6
    assert outcome.why == "" and outcome.evaluations > 6


def test_hooks_fetch_what_the_search_had_computed(objective_of, search, photo, painting):
    objective = objective_of("content:layer=conv1_1 0.5*tv:power=2")
    recorder = Recorder("loss/total:0", objective.terms, "generated_image:0")
    outcome = search(objective, [recorder])
    totals, terms, images = zip(*recorder.seen, strict=True)
    assert list(totals) == [step.total for step in outcome.steps]
    assert list(terms) == [step.terms for step in outcome.steps]
    np.testing.assert_allclose(totals, values_of(objective, photo, painting, images), rtol=1e-6)
    assert outcome.best == totals[-1] and np.array_equal(outcome.image, images[-1])


def test_hooks_do_not_make_anything_be_evaluated_again(objective_of, search):
    calls = []

    def counted(g):
        def count(image):
            calls.append(image.shape)
            return image

        with tf.control_dependencies([tf.numpy_function(count, [g.generated.image], tf.float32)]):
            image = tf.identity(g.generated.image)
        return g.mean(tf.square(image - g.content.image / 2)) + g.mean(tf.pow(g.generated["conv1_1"], 3))

    objective = objective_of(counted)
    recorder = Recorder("loss/total:0", "loss/probe:0")
    outcome = search(objective, [recorder, StyleHook(), tf.train.NanTensorHook("loss/total:0")])
    assert len(recorder.seen) == 5
    assert len(calls) == outcome.evaluations


def test_hooks_may_fetch_what_depends_on_the_pictures(objective, search, photo, painting):
    with objective.graph.graph.as_default():
        apart = tf.reduce_mean(tf.square(objective.graph.generated.image - objective.graph.content.image))
    recorder = Recorder(apart, "generated_image:0", "style:0")
    search(objective, [recorder])
    for distance, image, style in recorder.seen:
        assert distance == pytest.approx(np.square(image - photo).mean(), rel=1e-5) and distance > 0
        assert np.array_equal(style, painting)


def test_a_hook_that_asks_the_session_to_stop_ends_the_search(objective, search):
    outcome = search(objective, [tf.train.StopAtStepHook(last_step=3)], steps=50)
    assert len(outcome.steps) == outcome.global_step == 3
    assert outcome.stopped and outcome.why == ""


def test_tensorflows_own_hooks_take_part(objective, search, tmp_path):
    def hooks(stepper):
        with objective.graph.graph.as_default():
            summary = tf.summary.scalar("own", objective.total)
        return [
            tf.train.LoggingTensorHook({"total": "loss/total:0"}, every_n_iter=2),
            tf.train.NanTensorHook(objective.total),
            tf.train.SummarySaverHook(save_steps=1, output_dir=str(tmp_path), summary_op=summary),
        ]

    outcome = search(objective, hooks)
    written = EventAccumulator(str(tmp_path)).Reload().Scalars("own")
    assert [event.value for event in written] == [step.total for step in outcome.steps]


def test_hooks_read_the_step_before_as_with_any_optimizer(objective, search, tmp_path):
    def hooks(stepper):
        recorder.fetches.append(stepper.global_step)
        with objective.graph.graph.as_default():
            summary = tf.summary.scalar("own", objective.total)
        return [recorder, tf.train.SummarySaverHook(save_steps=3, output_dir=str(tmp_path), summary_op=summary)]

    recorder = Recorder()
    search(objective, hooks, steps=12)
    assert [step for (step,) in recorder.seen] == list(range(12))
    assert [event.step for event in EventAccumulator(str(tmp_path)).Reload().Scalars("own")] == [1, 4, 7, 10]


def test_a_style_hook_is_told_of_every_second_step(objective, search):
    album, images = Album(every=2), Recorder("generated_image:0")
    outcome = search(objective, [album, images], steps=7)
    assert [seen.step for seen in album.seen] == [2, 4, 6]
    for seen in album.seen:
        step = outcome.steps[seen.step - 1]
        assert (seen.total, seen.terms) == (step.total, step.terms)
        assert np.array_equal(seen.image, images.seen[seen.step - 1][0])


def test_a_hook_that_fails_fails_the_search(objective, search):
    class Failing(StyleHook):
        def after_step(self, step, image):
            if step.step == 3:
                raise ZeroDivisionError("by the hook")

    recorder = Recorder()
    with pytest.raises(ZeroDivisionError, match="by the hook"):
        search(objective, [recorder, Failing()])
    assert len(recorder.seen) == 3


def test_a_checkpoint_holds_the_image_of_its_step(objective, search, tmp_path):
    g, images = objective.graph, Recorder("generated_image:0")

    def hooks(stepper):
        hooks.saver = tf.train.Saver([g.variable, stepper.global_step])
        return [images, tf.train.CheckpointSaverHook(str(tmp_path), save_steps=2, saver=hooks.saver)]

    search(objective, hooks, steps=5)
    checkpoints = tf.train.get_checkpoint_state(str(tmp_path)).all_model_checkpoint_paths
    steps = [int(path.rpartition("-")[2]) for path in checkpoints]
    assert steps == [0, 2, 4, 5]
    with g.graph.as_default(), tf.Session() as session:
        for path, step in zip(checkpoints[1:], steps[1:], strict=True):
            hooks.saver.restore(session, path)
            assert session.run(tf.train.get_global_step()) == step
            assert np.array_equal(session.run(g.generated.image), images.seen[step - 1][0])


def test_a_search_goes_on_from_its_checkpoint(objective_of, search, tmp_path):
    folder, album, later = str(tmp_path), Album(), Album()
    loss = "content:layer=conv1_1 0.5*tv:power=2"  # whose network is in the checkpoint as well
    first = search(objective_of(loss), [album], checkpoint_dir=folder)
    second = search(objective_of(loss), [later], start=first.image, checkpoint_dir=folder)
    assert [seen.step for seen in album.seen + later.seen] == list(range(1, 11)) and second.global_step == 10
    assert later.seen[0].total < album.seen[-1].total == first.best


def test_a_restored_variable_holds_the_last_image(objective, search, tmp_path):
    album, g = Album(), objective.graph
    search(objective, [album], checkpoint_dir=str(tmp_path))
    with g.graph.as_default(), tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path)) as session:
        assert np.array_equal(session.run(g.variable), album.seen[-1].image)


def test_summaries_are_the_steps_that_were_made(objective, search, tmp_path):
    folder, images = tmp_path / "new" / "summaries", Recorder("generated_image:0")
    outcome = search(objective, [SummaryHook(folder, images=2), images])
    events = EventAccumulator(str(folder)).Reload()
    assert events.Tags()["scalars"] == TAGS and events.Tags()["images"] == ["generated_image"]
    assert events.Tags()["graph"] is True
    for tag in TAGS:
        label = tag.removeprefix("loss/")
        expected = [step.total if label == "total" else step.terms[label] for step in outcome.steps]
        assert [(event.step, event.value) for event in events.Scalars(tag)] == list(enumerate(expected, 1))
    pictures = events.Images("generated_image")
    assert [picture.step for picture in pictures] == [1, 3, 5]
    for picture in pictures:
        decoded = np.asarray(Image.open(io.BytesIO(picture.encoded_image_string)))
        assert (picture.height, picture.width) == (20, 24) and decoded.shape == (20, 24, 3)
        assert np.abs(decoded - images.seen[picture.step - 1][0][0].clip(0, 255)).max() <= 0.5


def test_summaries_may_be_sparse_and_without_pictures(objective, search, tmp_path):
    search(objective, [SummaryHook(str(tmp_path), every=2, images=0)])
    events = EventAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in events.Scalars("loss/total")] == [2, 4]
    assert events.Tags()["images"] == []


class Failing(SummaryHook):
    """Its folder fails with the third step."""

    def __init__(self, folder, fails, files_end_at):
        super().__init__(folder, images=1)
        self.failing, self.folder, self.fails = contextlib.ExitStack(), folder, fails
        self.files_end_at = files_end_at

    def after_step(self, step, image):
        if step.step == 3 and self.fails == "full":
            size = sum(path.stat().st_size for path in self.folder.iterdir())
            self.failing.enter_context(self.files_end_at(size + 100))
        if step.step == 3 and self.fails == "gone":
            shutil.rmtree(self.folder)
        if step.step == 3 and self.fails == "picture":
            image = None
        super().after_step(step, image)

    def end(self, session):
        super().end(session)
        self.failing.close()


@pytest.mark.parametrize(
    ("fails", "fault"),
    [
        ("full", r"^summaries are incomplete at step 3: .*too large"),
        ("gone", " is gone$"),
        pytest.param("picture", r"^summaries are incomplete at step 3: ", marks=pytest.mark.slow),
        pytest.param("", "^$", marks=pytest.mark.slow),
    ],
)
def test_summaries_that_cannot_be_written_end_no_run(objective, search, files_end_at, tmp_path, fails, fault):
    hook = Failing(tmp_path / "summaries", fails, files_end_at)
    outcome = search(objective, [hook])
    assert len(outcome.steps) == 5
    assert re.search(fault, hook.fault) and "\n" not in hook.fault
    if fails in ("full", "picture"):
        events = EventAccumulator(str(tmp_path / "summaries")).Reload()
        assert [event.step for event in events.Scalars("loss/total")] == [1, 2]


@pytest.mark.parametrize(
    "own",
    [
        pytest.param(False, id="nstgraph's variable", marks=pytest.mark.slow),
        pytest.param(True, id="the caller's variable"),
    ],
)
@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_hooks_see_an_optimizer_of_tensorflow(photo, painting, every, own):
    with tf.Graph().as_default(), tf.variable_scope("adam"):
        picture = tf.get_variable("picture", initializer=photo) if own else None
        g = StyleGraph(
            WeightsFile(embedded()), content=tf.constant(photo), style=tf.constant(painting), generated=picture
        )
        objective = Objective(g, parse_loss(LOSS))
        step = tf.train.get_or_create_global_step()
        train = tf.train.AdamOptimizer(2.0).minimize(objective.total, global_step=step)
        album, stop = Album(every, scope="adam"), tf.train.StopAtStepHook(num_steps=7)
        with tf.train.MonitoredTrainingSession(hooks=[album, stop]) as session:
            while not session.should_stop():
                session.run(train)
    assert [seen.step for seen in album.seen] == list(range(every, 8, every))
    with Evaluator(objective) as evaluator:
        evaluator.bind()
        for seen in album.seen:
            values = evaluator(seen.image)
            assert seen.total == pytest.approx(values.total, rel=1e-5)
            assert seen.terms == pytest.approx(values.terms, rel=1e-5)
    totals = [seen.total for seen in album.seen]
    assert totals == sorted(totals, reverse=True)


def test_a_run_that_is_no_step_is_not_told(objective, photo, painting):
    stepper, album = Stepper(objective), Album()
    with objective.graph.graph.as_default(), tf.train.MonitoredTrainingSession(hooks=[album]) as session:
        pictures = {objective.graph.content.image: photo, objective.graph.generated.image: photo}
        for _ in range(3):
            session.run(objective.total, pictures)
        assert album.seen == []
        search = Search(
            Evaluator(objective, session=session).bind(photo, [painting]), photo, 2, callback=stepper.callback(session)
        )
        search.run()
    assert [seen.step for seen in album.seen] == [1, 2]


@pytest.mark.parametrize("scope", [pytest.param("painting", marks=pytest.mark.slow), "outer/painting"])
def test_hooks_find_a_style_graph_in_a_scope(search, tmp_path, scope):
    with tf.Graph().as_default() as graph, tf.variable_scope(scope):
        objective = Objective(StyleGraph(WeightsFile(embedded()), graph=graph), parse_loss(LOSS))
    album = Album(scope=scope)
    outcome = search(objective, [album, SummaryHook(tmp_path, scope=scope)])
    assert [(seen.total, seen.terms) for seen in album.seen] == [(step.total, step.terms) for step in outcome.steps]
    assert set(album.seen[0].terms) == {"content", "tv"}
    assert EventAccumulator(str(tmp_path)).Reload().Tags()["scalars"] == TAGS


def test_two_style_graphs_in_one_graph_are_told_apart(search):
    with tf.Graph().as_default() as graph:
        built = {}
        for scope in ("one", "two"):
            with tf.variable_scope(scope):
                built[scope] = Objective(StyleGraph(WeightsFile(embedded()), graph=graph), parse_loss("tv:power=2"))
    album = Album(scope="two")
    outcome = search(built["two"], [album])
    assert [seen.total for seen in album.seen] == [step.total for step in outcome.steps]
    assert outcome.global_step == 5


def test_a_step_counter_of_the_callers_is_taken(objective):
    with objective.graph.graph.as_default():
        own = tf.train.create_global_step()
    assert Stepper(objective).global_step is own


@pytest.mark.parametrize(
    ("scope", "counted", "message"),
    [
        ("", False, "the graph has no global step; make one with tf.train.get_or_create_global_step"),
        ("elsewhere", True, "the graph has no style loss in scope 'elsewhere/'; build an Objective"),
    ],
)
def test_a_style_hook_says_what_it_lacks(objective, scope, counted, message):
    if counted:
        Stepper(objective)
    with objective.graph.graph.as_default(), pytest.raises(RuntimeError, match=message):
        tf.train.MonitoredSession(hooks=[StyleHook(scope=scope)])


def test_a_style_graph_without_a_loss_is_told(photo):
    graph = StyleGraph(WeightsFile(embedded())).graph
    with graph.as_default(), pytest.raises(RuntimeError, match="no style loss in scope ''; build an Objective"):
        tf.train.get_or_create_global_step()
        tf.train.MonitoredSession(hooks=[StyleHook()])


def test_monitored_goes_around_a_session_that_exists(objective, photo, painting):
    stepper, album = Stepper(objective), Album()
    with Evaluator(objective) as evaluator:
        evaluator.assign(painting)
        evaluator.session.run(stepper.global_step.initializer)
        evaluator.bind(photo, [painting])
        with monitored(evaluator.session, [album]) as session:
            assert np.array_equal(evaluator.session.run(objective.graph.variable), painting)
            search = Search(evaluator, photo, 4, callback=stepper.callback(session))
            search.run()
        with pytest.raises(RuntimeError, match="closed"):
            evaluator.session.run(stepper.global_step)
    assert [seen.total for seen in album.seen] == [step.total for step in search.steps]


def test_monitored_closes_the_session_when_something_fails(objective):
    Stepper(objective)
    session = tf.Session(graph=objective.graph.graph)
    with pytest.raises(ZeroDivisionError), monitored(session, []):
        raise ZeroDivisionError
    with pytest.raises(RuntimeError, match="closed"):
        session.run("weight/tv:0")


def test_a_stylizers_hooks_see_all_its_pictures(photo, painting):
    album = Album(every=2)
    config = Config(size=24, steps=3, scales=1, loss=LOSS, precision="float32", memory=4.0)
    with Stylizer(config, hooks=[album]) as stylizer:
        pictures = [image[0].clip(0, 255) for image in (photo, photo[:, ::-1], painting)]
        results = [stylizer(picture, pictures[2:]) for picture in pictures[:2]]
    history = [step for result in results for step in result.history]
    assert [(seen.step, seen.total) for seen in album.seen] == [(n, history[n - 1].total) for n in (2, 4, 6)]
