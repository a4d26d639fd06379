import dataclasses
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from nstgraph import Config, Stylizer, tf
from nstgraph.cli.output_files import OutputFiles
from nstgraph.cli.output_options import STDOUT, Outputs
from nstgraph.errors import OutputError
from nstgraph.pictures.load import load
from nstgraph.run.result import Result
from nstgraph.search.step import Step


def step(number):
    return Step(number, 1 / number, {"style": 1 / number}, 24, 32, number + 1, 0.5 * number, number / 10)


def grey(value, height=24, width=32):
    return np.full((1, height, width, 3), value, np.float32)


RESULT = Result(
    grey(90), None, (grey(10), grey(200, 30, 40)), (step(1), step(2)), "finished", 3, {"nstgraph": "0", "size": 32}
)


def contents(folder):
    return {path.name: path.is_file() and path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path):
    for name in ("old.png", "old.csv", "old.json", "old.pb", "a-compare.png", "a-0004.png"):
        (tmp_path / name).write_text("precious")
    (tmp_path / "sub.png").mkdir()
    return tmp_path


def outputs(folder, name, **options):
    kinds = ("log", "trace", "summaries", "latest")
    given = {kind: options.pop(kind) for kind in kinds if kind in options}
    paths = {kind: name if name == STDOUT else folder / name for kind, name in given.items()}
    return OutputFiles(Outputs(folder / name, **paths, **options), [Path("photo.jpg"), Path("painting.jpg")])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.gif", {}, r"'\.gif' is not one of"),
        ("a", {"overwrite": True}, "without extension"),
        ("old.png", {}, "old.png exists"),
        ("sub.png", {"overwrite": True}, "is a folder"),
        ("nowhere/a.png", {"overwrite": True}, "nowhere does not exist"),
        ("a.png", {"compare": True}, "a-compare.png exists"),
        ("a.png", {"save_every": 2}, "a-0004.png exists"),
        ("a.png", {"save_every": 4}, "a-0004.png exists"),
        ("a.png", {"log": "old.csv"}, "old.csv exists"),
        ("a.png", {"log": "a.log", "overwrite": True}, "end its name in .csv or .json"),
        ("a.png", {"log": "nowhere/a.csv"}, "nowhere does not exist"),
        ("a.png", {"trace": "old.json"}, "old.json exists"),
        ("a.png", {"trace": "old.pb"}, "old.pb exists"),
        ("a.png", {"trace": "a.txt", "overwrite": True}, "end its name in .json or .pb"),
        ("a.png", {"trace": "json"}, "end its name in .json or .pb"),
        ("a.png", {"trace": "nowhere/a.pb"}, "nowhere does not exist"),
        (
            "a.png",
            {"trace": "a.json", "log": "a.json", "overwrite": True},
            "a.json is given for both --log and --trace",
        ),
        ("a.png", {"latest": "a.png"}, "a.png is given for both the result and --latest"),
        ("a.png", {"latest": "sub.png/../a.png"}, "a.png is given for both the result and --latest"),
        ("b.png", {"latest": "b-compare.png", "compare": True}, "is given for both the comparison and --latest"),
        ("a.png", {"latest": "old.png"}, "old.png exists"),
        ("a.png", {"latest": "a.gif"}, r"'\.gif' is not one of"),
        ("a.png", {"latest": STDOUT}, "without extension"),
        (
            "b.png",
            {"latest": "b-0002.png", "save_every": 2},
            "b-0002.png is given for --latest and is the name of a pic",
        ),
        ("a.png", {"summaries": "old.csv", "overwrite": True}, "old.csv is a file; name a folder"),
        ("a.png", {"summaries": "nowhere/a"}, "nowhere does not exist"),
    ],
)
def test_check_refuses(folder, name, options, message):
    before = contents(folder)
    with pytest.raises(OutputError, match=message):
        outputs(folder, name, **options).check([])
    assert contents(folder) == before


@pytest.mark.parametrize(
    ("name", "options", "source"),
    [
        ("old.png", {}, "old.png"),
        ("old.png", {}, "sub.png/../old.png"),
        ("a.png", {"compare": True}, "a-compare.png"),
        ("a.png", {"save_every": 2}, "a-0004.png"),
        ("a.png", {"log": "old.csv"}, "old.csv"),
        ("a.png", {"trace": "old.pb"}, "old.pb"),
    ],
)
def test_an_input_is_refused_even_with_overwrite(folder, name, options, source):
    chosen = outputs(folder, name, overwrite=True, **options)
    chosen.check([folder / "other.png"])
    with pytest.raises(OutputError, match="is an input and is never written over"):
        chosen.check([folder / "other.png", folder / source])


@pytest.mark.parametrize(
    "options",
    [
        {"save_every": 3}, {"save_every": 0}, {"save_every": 6}, {"log": "a.JSON"}, {},
        {"trace": "a.JSON"}, {"trace": "a.pb"}, {"trace": "b.json", "log": "a.json"},
        {"summaries": "a"}, {"summaries": "sub.png"}, {"summaries": "."},
    ],
)  # fmt: skip
def test_check_lets_pass_what_is_in_nobodys_way(folder, options):
    before = contents(folder)
    outputs(folder, "a.png", **options).check([folder / "old.png", Path("content")])
    assert contents(folder) == before


@pytest.mark.parametrize(("every", "written"), [(0, []), (1, [1, 2, 3, 4]), (2, [2, 4]), (3, [3]), (5, [])])
def test_intermediate_pictures(tmp_path, every, written):
    chosen = outputs(tmp_path, "a.png", save_every=every)
    for number in range(1, 5):
        chosen.on_the_way(step(number), grey(10 * number), None, pytest.fail)
    assert sorted(contents(tmp_path)) == [f"a-000{number}.png" for number in written]
    assert all(load(tmp_path / f"a-000{number}.png").rgb[0, 0, 0, 0] == 10 * number for number in written)


def test_intermediate_pictures_of_a_long_run_keep_their_numbers(tmp_path):
    outputs(tmp_path, "a.jpg", save_every=12345).on_the_way(step(12345), grey(10), None, pytest.fail)
    assert list(contents(tmp_path)) == ["a-12345.jpg"]


def test_write(tmp_path):
    lines = []
    outputs(tmp_path, "a.png", compare=True, log="l.csv").write(RESULT, lines.append)
    assert lines[0] == "finished, 3 evaluations"
    assert all(str(tmp_path / name) in lines[1] for name in ("a.png", "a-compare.png", "l.csv")) and len(lines) == 2
    assert sorted(contents(tmp_path)) == ["a-compare.png", "a.png", "l.csv"]
    assert load(tmp_path / "a.png").rgb.mean() == 90
    assert (tmp_path / "l.csv").read_text().splitlines()[0] == "step,width,height,evaluations,seconds,total,style"


def test_write_replaces_only_when_told_to(folder):
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


def test_a_picture_that_cannot_be_written_any_more_is_kept_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    chosen = outputs(tmp_path / "out", "a.jpg", compare=True)
    chosen.check([])
    (tmp_path / "out").rmdir()  # while the search is running
    with pytest.raises(OutputError, match=r"a.jpg: the folder .*out does not exist.*; the picture is in ") as caught:
        chosen.write(RESULT, print)
    (kept,) = (tmp_path / "temporary").rglob("*.png")
    assert str(caught.value).endswith(str(kept)) and load(kept).rgb.mean() == 90


def test_what_cannot_be_written_does_not_keep_the_rest_from_it(folder):
    lines = []
    with pytest.raises(OutputError) as caught:
        outputs(folder, "b.png", log="old.csv", latest="newest.png", compare=True).write(RESULT, lines.append)
    written = [folder / name for name in ("b.png", "b-compare.png", "newest.png")]
    assert lines[1] == f"wrote {', '.join(map(str, written))}" and all(path.is_file() for path in written)
    reason = f"{folder / 'old.csv'} exists; choose another name or pass --overwrite"
    assert str(caught.value) == f"{reason}; the picture is in {folder / 'b.png'}"


def test_without_a_name_the_picture_is_called_after_what_it_is_made_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sources = [Path("some/photo.jpg"), Path("The Scream (1893).tif"), Path("another.png")]
    names = []
    for _ in range(3):
        files = OutputFiles(Outputs(), sources)
        files.check(sources)
        files.write(RESULT, lambda line: None)
        names.append(files.picture.name)
    assert names == [f"photo-The-Scream-1893{number}.png" for number in ("", "-2", "-3")]
    long = OutputFiles(Outputs(), [STDOUT, Path("画" * 60)])
    assert long.picture.name == f"picture-{'画' * 26}.png"
    long.check([])


def test_what_cannot_be_written_on_the_way_is_said_once(tmp_path):
    files = outputs(tmp_path, "a.png", save_every=1, latest="gone/now.png", log="gone/log.csv")
    said = []
    for number in (1, 2, 3):
        files.on_the_way(step(number), grey(number), None, said.append)
    assert [line.partition(str(tmp_path))[0] for line in said] == ["cannot go on with the log ", "cannot write "]
    assert [(tmp_path / f"a-000{number}.png").exists() for number in (1, 2, 3)] == [True] * 3


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_table_is_written_line_by_line(tmp_path, overwrite):
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


def test_two_runs_do_not_write_to_the_same_file(empty_folder):
    def files(**given):
        return OutputFiles(Outputs(**given), [Path("photo.jpg"), Path("painting.jpg")])

    one, other, unchosen, next_one = files(output=Path("a.png")), files(output=Path("sub/../a.png")), files(), files()
    assert unchosen.picture == next_one.picture == Path("photo-painting.png")
    Path("sub").mkdir()
    with one.claimed(), unchosen.claimed(), next_one.claimed():
        assert (unchosen.picture.name, next_one.picture.name) == ("photo-painting.png", "photo-painting-2.png")
        with pytest.raises(OutputError, match=r"another run is writing .*a\.png"), other.claimed():
            pass
    with other.claimed(), files().claimed():
        pass


def test_the_picture_may_go_to_standard_output(capfdbinary):
    files = OutputFiles(Outputs(STDOUT), [])
    files.check([])
    files.write(RESULT, lambda line: None)
    picture = load(io.BytesIO(capfdbinary.readouterr().out))
    assert picture.size == (24, 32) and picture.rgb.mean() == 90
    for further in ({"compare": True}, {"save_every": 2}):
        with pytest.raises(OutputError, match="name their files after the result; name a file with -o"):
            OutputFiles(Outputs(STDOUT, **further), []).check([])


def test_the_newest_picture_is_always_in_one_file(tmp_path):
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


def test_pictures_on_the_way_are_as_transparent_as_the_photo(tmp_path):
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


def test_a_trace_is_written_beside_the_rest(traced, tmp_path):
    for name in ("t.json", "t.pb"):
        lines = []
        chosen = outputs(tmp_path, "a.png", trace=name, log="l.json", overwrite=True)
        chosen.write(traced, lines.append)
        assert lines[1] == f"wrote {tmp_path / 'a.png'}, {tmp_path / 'l.json'}, {tmp_path / name}"
    assert sorted(contents(tmp_path)) == ["a.png", "l.json", "t.json", "t.pb"]
    assert "added_up" in (tmp_path / "t.json").read_text()
    assert json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    assert tf.RunMetadata.FromString((tmp_path / "t.pb").read_bytes()) == traced.trace


def test_a_run_that_ended_before_it_was_traced_has_no_trace_to_write(tmp_path):
    lines = []
    outputs(tmp_path, "a.png", trace="t.json").write(RESULT, lines.append)
    assert lines[1] == f"wrote {tmp_path / 'a.png'}" and list(contents(tmp_path)) == ["a.png"]


def test_a_trace_that_was_not_asked_for_is_not_written(traced, tmp_path):
    outputs(tmp_path, "a.png").write(traced, print)
    assert list(contents(tmp_path)) == ["a.png"]


def test_without_summaries_there_are_no_hooks(tmp_path):
    assert outputs(tmp_path, "a.png", trace="t.pb", log="l.csv", compare=True).hooks() == []


@pytest.mark.parametrize("exists", [True, False])
def test_summaries_are_written_on_the_way(tmp_path, exists):
    if exists:
        (tmp_path / "board").mkdir()
        (tmp_path / "board" / "notes.txt").write_text("precious")
    chosen = outputs(tmp_path, "a.png", summaries="board")
    chosen.check([])
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


def test_pictures_that_the_run_does_not_reach_are_in_nobodys_way(folder):
    chosen = outputs(folder, "a.png", save_every=2)
    chosen.check([], steps=3)
    with pytest.raises(OutputError, match=r"a-0004\.png exists"):
        chosen.check([], steps=4)


def test_a_standard_output_that_is_closed_is_refused_before_the_work(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "__stdout__", None)
    with pytest.raises(OutputError, match="standard output is closed; name a file with -o"):
        OutputFiles(Outputs(STDOUT), [Path("photo.jpg")]).check([])
