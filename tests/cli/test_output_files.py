import dataclasses
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nstgraph import Config, Stylizer, tf
from nstgraph.cli.output_files import OutputFiles
from nstgraph.cli.output_options import STDOUT, Outputs
from nstgraph.errors import OutputError
from nstgraph.pictures.load import load
from nstgraph.run.result import Result
from nstgraph.search.step import Step


@pytest.fixture
def outputs(wanted):
    return lambda *given, **options: OutputFiles(wanted(*given, **options), [Path("photo.jpg"), Path("painting.jpg")])


def step(number):
    return Step(number, 1 / number, {"style": 1 / number}, 24, 32, number + 1, 0.5 * number, number / 10)


def grey(value, height=24, width=32):
    return np.full((1, height, width, 3), value, np.float32)


RESULT = Result(
    grey(90), None, (grey(10), grey(200, 30, 40)), (step(1), step(2)), "finished", 3, {"nstgraph": "0", "size": 32}
)


@pytest.mark.parametrize(("every", "written"), [(0, []), (1, [1, 2, 3, 4]), (2, [2, 4]), (3, [3]), (5, [])])
def test_intermediate_pictures(outputs, tmp_path, every, written, contents):
    chosen = outputs(tmp_path, "a.png", save_every=every)
    for number in range(1, 5):
        chosen.on_the_way(step(number), grey(10 * number), None, pytest.fail)
    assert sorted(contents(tmp_path)) == [f"a-000{number}.png" for number in written]
    assert all(load(tmp_path / f"a-000{number}.png").rgb[0, 0, 0, 0] == 10 * number for number in written)


def test_intermediate_pictures_of_a_long_run_keep_their_numbers(outputs, tmp_path, contents):
    outputs(tmp_path, "a.jpg", save_every=12345).on_the_way(step(12345), grey(10), None, pytest.fail)
    assert list(contents(tmp_path)) == ["a-12345.jpg"]


def test_pictures_on_the_way_are_written_as_they_are_shown(outputs, tmp_path, contents):
    looked = []

    def shown(image):
        looked.append(image)
        return image + 5

    chosen = outputs(tmp_path, "a.png", save_every=2, latest="now.png")
    chosen.on_the_way(step(1), grey(10), None, pytest.fail, shown)
    assert load(tmp_path / "now.png").rgb.mean() == 15 and len(looked) == 1
    chosen._latest_due = time.perf_counter() + 1000
    chosen.on_the_way(step(2), grey(20), None, pytest.fail, shown)
    chosen.on_the_way(step(3), grey(30), None, pytest.fail, shown)
    assert load(tmp_path / "a-0002.png").rgb.mean() == 25 and len(looked) == 2


def test_write(outputs, tmp_path, contents):
    lines = []
    outputs(tmp_path, "a.png", compare=True, log="l.csv").write(RESULT, lines.append)
    assert lines[0] == "finished, 3 evaluations"
    assert all(str(tmp_path / name) in lines[1] for name in ("a.png", "a-compare.png", "l.csv")) and len(lines) == 2
    assert sorted(contents(tmp_path)) == ["a-compare.png", "a.png", "l.csv"]
    assert load(tmp_path / "a.png").rgb.mean() == 90
    assert (tmp_path / "l.csv").read_text().splitlines()[0] == "step,width,height,evaluations,seconds,total,style"


def test_write_replaces_only_when_told_to(outputs, folder):
    with pytest.raises(OutputError, match=r"old\.csv exists"):
        outputs(folder, "new.png", log="old.csv").write(RESULT, print)
    assert (folder / "old.csv").read_text() == "precious" and load(folder / "new.png").rgb.mean() == 90
    outputs(folder, "old.png", log="old.csv", overwrite=True).write(RESULT, print)
    assert load(folder / "old.png").rgb.mean() == 90 and (folder / "old.csv").read_text().startswith("step,")
    with pytest.raises(OutputError, match=r"a-compare\.png exists"):
        outputs(folder, "a.png", compare=True).write(RESULT, print)
    outputs(folder, "a.png", compare=True, overwrite=True).write(RESULT, print)
    assert load(folder / "a-compare.png").size[1] == 32 + 8 + 32 + 8 + 32
    said = []
    for _ in range(3):
        outputs(folder, "a.png", save_every=4).on_the_way(step(4), grey(40), None, said.append)
    assert len(said) == 3 and "a-0004.png exists" in said[0]
    outputs(folder, "a.png", save_every=4, overwrite=True).on_the_way(step(4), grey(40), None, pytest.fail)
    assert load(folder / "a-0004.png").rgb.mean() == 40


def test_a_picture_that_cannot_be_written_any_more_is_kept_elsewhere(outputs, tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    chosen = outputs(tmp_path / "out", "a.jpg", compare=True)
    chosen.names.check([])
    (tmp_path / "out").rmdir()  # while the search is running
    with pytest.raises(OutputError, match=r"a.jpg: the folder .*out does not exist.*; the picture is in ") as caught:
        chosen.write(RESULT, print)
    (kept,) = (tmp_path / "temporary").rglob("*.png")
    assert str(caught.value).endswith(str(kept)) and load(kept).rgb.mean() == 90


def test_what_cannot_be_written_does_not_keep_the_rest_from_it(outputs, folder):
    lines = []
    with pytest.raises(OutputError) as caught:
        outputs(folder, "b.png", log="old.csv", latest="newest.png", compare=True).write(RESULT, lines.append)
    written = [folder / name for name in ("b.png", "b-compare.png", "newest.png")]
    assert lines[1] == f"wrote {', '.join(map(str, written))}" and all(path.is_file() for path in written)
    reason = f"{folder / 'old.csv'} exists; choose another name or pass --overwrite"
    assert str(caught.value) == f"{reason}; the picture is in {folder / 'b.png'}"


def test_what_cannot_be_written_on_the_way_is_said_once(outputs, tmp_path):
    files = outputs(tmp_path, "a.png", save_every=1, latest="gone/now.png", log="gone/log.csv")
    said = []
    for number in (1, 2, 3):
        files.on_the_way(step(number), grey(number), None, said.append)
    assert [line.partition(str(tmp_path))[0] for line in said] == ["cannot go on with the log ", "cannot write "]
    assert [(tmp_path / f"a-000{number}.png").exists() for number in (1, 2, 3)] == [True] * 3


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_table_is_written_line_by_line(outputs, tmp_path, overwrite):
    if overwrite:
        (tmp_path / "log.csv").write_text("old")
    files = outputs(tmp_path, "a.png", log="log.csv", overwrite=overwrite)
    for number in (1, 2):
        files.on_the_way(step(number), grey(number), None, pytest.fail)
        assert len((tmp_path / "log.csv").read_text().splitlines()) == 1 + number
    before = (tmp_path / "log.csv").read_bytes()
    files.write(RESULT, lambda line: None)
    assert (tmp_path / "log.csv").read_bytes() == before  # and not refused, as it is its own


def test_a_run_that_goes_on_logs_what_was_before(tmp_path):
    files = OutputFiles(Outputs(tmp_path / "a.png", log=tmp_path / "log.csv"), [], [step(1), step(2)])
    files.on_the_way(step(3), grey(1), None, pytest.fail)
    assert [line.split(",")[0] for line in (tmp_path / "log.csv").read_text().splitlines()] == ["step", "1", "2", "3"]


def test_the_picture_may_go_to_standard_output(capfdbinary):
    files = OutputFiles(Outputs(STDOUT), [])
    files.names.check([])
    files.write(RESULT, lambda line: None)
    picture = load(io.BytesIO(capfdbinary.readouterr().out))
    assert picture.size == (24, 32) and picture.rgb.mean() == 90


def test_the_newest_picture_is_always_in_one_file(outputs, tmp_path):
    chosen = outputs(tmp_path, "a.png", latest="newest.png")
    values = []
    for number in range(1, 60):
        chosen.on_the_way(step(number), grey(number), None, pytest.fail)
        values.append(load(tmp_path / "newest.png").rgb.mean())
        time.sleep(0.002)
    # Not every one, as writing them would take longer than the search.
    assert values[0] == 1 and values == sorted(values) and 1 < len(set(values)) < 59
    chosen.write(RESULT, lambda line: None)
    assert load(tmp_path / "newest.png").rgb.mean() == 90


def test_pictures_on_the_way_are_as_transparent_as_the_photo(outputs, tmp_path):
    alpha = np.linspace(0, 1, 48)[:, np.newaxis] * np.ones((48, 64), np.float32)
    outputs(tmp_path, "a.png", save_every=1, latest="newest.png").on_the_way(step(1), grey(40), alpha, pytest.fail)
    for name in ("a-0001.png", "newest.png"):
        written = load(tmp_path / name).alpha
        assert written.shape == (24, 32) and written[0, 0] < 0.1 and written[-1, 0] > 0.9


@pytest.fixture(scope="module")
def traced():
    """The same result with a trace, of a sum."""
    record = tf.RunMetadata()
    with tf.Graph().as_default(), tf.Session() as session:
        total = tf.reduce_sum(tf.random.uniform([3]), name="added_up")
        session.run(total, options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), run_metadata=record)
    return dataclasses.replace(RESULT, trace=record)


def test_a_trace_is_written_beside_the_rest(outputs, traced, tmp_path, contents):
    for name in ("t.json", "t.pb"):
        lines = []
        chosen = outputs(tmp_path, "a.png", trace=name, log="l.json", overwrite=True)
        chosen.write(traced, lines.append)
        assert lines[1] == f"wrote {tmp_path / 'a.png'}, {tmp_path / 'l.json'}, {tmp_path / name}"
    assert sorted(contents(tmp_path)) == ["a.png", "l.json", "t.json", "t.pb"]
    assert "added_up" in (tmp_path / "t.json").read_text()
    assert json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert tf.RunMetadata.FromString((tmp_path / "t.pb").read_bytes()) == traced.trace


def test_a_run_that_ended_before_it_was_traced_has_no_trace_to_write(outputs, tmp_path, contents):
    lines = []
    outputs(tmp_path, "a.png", trace="t.json").write(RESULT, lines.append)
    assert lines[1] == f"wrote {tmp_path / 'a.png'}" and list(contents(tmp_path)) == ["a.png"]


def test_a_trace_that_was_not_asked_for_is_not_written(outputs, traced, tmp_path, contents):
    outputs(tmp_path, "a.png").write(traced, print)
    assert list(contents(tmp_path)) == ["a.png"]


def test_without_summaries_there_are_no_hooks(outputs, tmp_path):
    assert outputs(tmp_path, "a.png", trace="t.pb", log="l.csv", compare=True).hooks() == []


@pytest.mark.parametrize("exists", [True, False])
def test_summaries_are_written_on_the_way(outputs, tmp_path, exists, contents):
    if exists:
        (tmp_path / "board").mkdir()
        (tmp_path / "board" / "notes.txt").write_text("precious")
    chosen = outputs(tmp_path, "a.png", summaries="board")
    chosen.names.check([])
    with Stylizer(Config(size=32, steps=3, scales=1, loss="tv:power=2"), hooks=chosen.hooks()) as stylizer:
        random = np.random.default_rng(0).uniform(0, 255, (1, 24, 32, 3)).astype(np.float32)
        result = stylizer(random, [random])
    assert list(contents(tmp_path)) == ["board"]
    (file,) = (tmp_path / "board").glob("events.out.tfevents.*")
    assert len(contents(tmp_path / "board")) == 1 + exists
    events = [event for event in tf.train.summary_iterator(str(file)) if event.HasField("summary")]
    assert [event.step for event in events] == [1, 2, 3]
    losses = [{value.tag: value.simple_value for value in event.summary.value} for event in events]
    assert [loss["loss/total"] for loss in losses] == [step.total for step in result.history]
    assert all(loss["loss/tv"] == loss["loss/total"] for loss in losses)
    (picture,) = (value.image for value in events[0].summary.value if value.tag == "generated_image")
    assert (picture.height, picture.width) == (24, 32)


def test_the_result_and_what_is_like_it_are_written_as_was_asked_for(outputs, tmp_path, icc_profiles):
    profiled = dataclasses.replace(RESULT, profile=icc_profiles["wide gamut RGB"])
    files = outputs(tmp_path, "a.jpg", quality=20, compare=True, save_every=1, latest="now.png")
    files.on_the_way(step(1), grey(40), None, pytest.fail, profile=profiled.profile)
    files.write(profiled, lambda line: None)
    for name in ("a.jpg", "a-0001.jpg", "a-compare.jpg", "now.png"):
        with Image.open(tmp_path / name) as image:
            assert image.info["icc_profile"] == profiled.profile
            assert image.format == "PNG" or max(image.quantization[0]) > 100
    deep = outputs(tmp_path, "b.png", depth=16, compare=True, save_every=1, latest="now.jpg")
    deep.on_the_way(step(1), grey(40.5), None, pytest.fail)
    deep.write(RESULT, lambda line: None)
    depths = {name: (tmp_path / name).read_bytes()[24] for name in ("b.png", "b-0001.png", "b-compare.png")}
    assert set(depths.values()) == {16} and load(tmp_path / "now.jpg").size == (24, 32)


def test_16_bits_go_to_standard_output_too(capfdbinary):
    OutputFiles(Outputs(STDOUT, depth=16), []).write(RESULT, lambda line: None)
    assert capfdbinary.readouterr().out[24] == 16


def test_animation_and_curves_are_written_of_what_there_is(outputs, tmp_path):
    files = outputs(tmp_path, "a.png", animation="a.gif", frames=3, curves="c.svg")
    files.names.check([])
    files.begin(10)
    for number in (1, 2, 6):
        files.on_the_way(step(number), grey(10 * number), None, pytest.fail)
    lines = []
    files.write(RESULT, lines.append)
    assert lines[1] == f"wrote {tmp_path / 'a.png'}, {tmp_path / 'c.svg'}, {tmp_path / 'a.gif'}"
    with Image.open(tmp_path / "a.gif") as image:
        assert image.n_frames == 3
    assert "<svg" in (tmp_path / "c.svg").read_text()


def test_an_animation_and_curves_that_fail_cost_no_picture(outputs, folder, monkeypatch):
    files = outputs(folder, "b.png", animation="a.gif", curves="c.png", compare=True)
    files.begin(2)
    files.on_the_way(step(1), grey(10), None, pytest.fail)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    (folder / "a.gif").mkdir()
    with pytest.raises(OutputError, match=r"curves need matplotlib.*a\.gif: it is a folder.*; the picture is in "):
        files.write(RESULT, lambda line: None)
    assert load(folder / "b.png").rgb.mean() == 90 and (folder / "b-compare.png").exists()
