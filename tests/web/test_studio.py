"""The studio: its queue, what is kept on disk, and what goes on after the server has ended, whatever ended it."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import nstgraph
from nstgraph.errors import NstgraphError, OutputError
from nstgraph.web import studio_run
from nstgraph.web.request import PaintRequest
from nstgraph.web.run_folder import RunFolder
from nstgraph.web.run_view import FAILED, FINISHED, PAINTING, STOPPED, WAITING, RunView
from nstgraph.web.studio import Studio

Request = Callable[..., PaintRequest]


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A studio with a queue of two."""
    with contextlib.closing(Studio(tmp_path / "studio", queue=2)) as made:
        yield made


def until(studio: Studio, run_id: str, reached: Callable[[RunView], Any]) -> RunView:
    """The run as it is as soon as something is true of it."""
    for _ in range(2400):
        view = studio.view(run_id)
        if reached(view):
            return view
        time.sleep(0.05)
    raise AssertionError(f"still {view.status}: {view.line}")


def ended(studio: Studio, run_id: str) -> RunView:
    return until(studio, run_id, lambda view: view.ended)


def painting(studio: Studio, run_id: str) -> RunView:
    return until(studio, run_id, lambda view: view.status == PAINTING and view.step > 0)


def test_a_picture_is_asked_for_watched_and_kept(studio: Studio, request_of: Request, tmp_path: Path) -> None:
    assert studio.plan(request_of()).startswith("32x21")
    run_id = studio.submit(request_of())
    view = ended(studio, run_id)
    assert (view.status, view.step, view.of, view.done, view.title) == (FINISHED, 4, 4, 1.0, "lake × waves")
    assert view.has_picture
    assert set(view.history[-1].terms) == {"content", "tv"}
    assert Image.open(io.BytesIO(studio.picture(run_id))).size == (32, 21)
    assert Image.open(io.BytesIO(studio.photo(run_id))).size == (32, 21)
    assert Image.open(io.BytesIO(studio.thumbnail(run_id))).size == (32, 21)
    assert Image.open(io.BytesIO(studio.preview(run_id))).size == (32, 21)
    assert studio.settings(run_id)["size"] == 32
    assert studio.as_command(run_id).startswith("nstgraph stylize lake.png waves.png")
    assert "nstgraph.stylize" in studio.as_python(run_id)
    assert studio.request(run_id) == request_of(loss=list(request_of().settings["loss"]))
    assert not (tmp_path / "studio" / run_id / "checkpoint").exists()


def test_the_command_and_the_python_make_the_same_picture(
    studio: Studio, request_of: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = request_of()
    run_id = studio.submit(request)
    ended(studio, run_id)
    monkeypatch.chdir(tmp_path)
    for upload in (request.photo, *request.styles):
        Path(upload.name).write_bytes(upload.data)
    exec(studio.as_python(run_id), {})  # which is what is to be pasted
    ours, theirs = (Image.open(io.BytesIO(data)) for data in (studio.picture(run_id), Path("result.png").read_bytes()))
    assert ours.tobytes() == theirs.tobytes()


def test_one_at_a_time_the_others_wait_in_turn_and_the_queue_has_an_end(studio: Studio, request_of: Request) -> None:
    first = studio.submit(request_of(steps=100_000))
    painting(studio, first)
    second, third = studio.submit(request_of()), studio.submit(request_of())
    assert [(view.id, view.place) for view in studio.runs()] == [(first, 0), (second, 1), (third, 2)]
    with pytest.raises(NstgraphError, match=r"^2 pictures wait already"):
        studio.submit(request_of())
    studio.stop(second)
    assert (studio.view(second).status, studio.view(third).place) == (STOPPED, 1)
    studio.stop(first)
    stopped = ended(studio, first)
    assert (stopped.status, stopped.has_picture) == (STOPPED, True)
    assert 0 < stopped.step < 100_000
    assert ended(studio, third).status == FINISHED
    assert studio.runs()[0].id == third, "the newest first"


def test_weights_are_changed_on_the_way_and_recorded(studio: Studio, request_of: Request) -> None:
    run_id = studio.submit(request_of(steps=100_000))
    before = painting(studio, run_id)
    assert before.weights == {"content": 1.0, "tv": 1.0}
    with pytest.raises(NstgraphError, match="no loss term 'TV'"):
        studio.weigh(run_id, {"TV": 2.0})
    studio.weigh(run_id, {"tv": 8.0})
    changed = until(studio, run_id, lambda view: view.weights["tv"] == 8.0)
    until(studio, run_id, lambda view: view.step > changed.step + 1)
    studio.stop(run_id)
    ended(studio, run_id)
    [[steps, weights]] = studio.settings(run_id)["changed_weights"]
    assert (weights, steps >= before.step) == ({"tv": 8.0}, True)
    with pytest.raises(NstgraphError, match="not being painted now"):
        studio.weigh(run_id, {"tv": 1.0})


def test_what_cannot_be_made_is_refused_before(studio: Studio, request_of: Request) -> None:
    for refused in (request_of(size=32768), request_of(loss=["content:layer=conv9_9"])):
        for method in (studio.plan, studio.submit):
            with pytest.raises(NstgraphError) as caught:
                method(refused)
            assert "\n" not in str(caught.value)
    assert studio.runs() == []


@pytest.mark.parametrize("run_id", ["", "..", "../studio", "0" * 24, "/etc"])
def test_an_id_is_never_a_path(studio: Studio, run_id: str) -> None:
    asking = (studio.view, studio.preview, studio.photo, studio.picture, studio.settings, studio.request)
    for method in (*asking, studio.stop, studio.delete, studio.as_command):
        with pytest.raises(NstgraphError, match="there is no such picture"):
            method(run_id)


def test_a_run_is_deleted_once_it_has_ended(studio: Studio, request_of: Request, tmp_path: Path) -> None:
    run_id = studio.submit(request_of(steps=100_000))
    painting(studio, run_id)
    with pytest.raises(NstgraphError, match="stop it first"):
        studio.delete(run_id)
    studio.stop(run_id)
    ended(studio, run_id)
    studio.delete(run_id)
    assert (studio.runs(), (tmp_path / "studio" / run_id).exists()) == ([], False)


def test_a_term_that_fails_on_the_way_costs_neither_its_picture_nor_the_queue(
    studio: Studio, request_of: Request, registered: Callable[..., None]
) -> None:
    def fails_later(g: Any) -> Any:
        counter = nstgraph.tf.py_function(lambda: float(next(calls)), [], nstgraph.tf.float32)
        guard = nstgraph.tf.debugging.assert_less(counter, 30.0, message="no more")
        with nstgraph.tf.control_dependencies([guard]):
            return g.mean(g.generated.image**2) / 255**2

    calls = iter(range(1000))
    registered(fails_later)
    run_id = studio.submit(request_of(loss=["fails_later"], steps=1000))
    failed = ended(studio, run_id)
    assert (failed.status, failed.has_picture) == (FAILED, True)
    assert failed.line.count("\n") == 0
    assert ended(studio, studio.submit(request_of())).status == FINISHED


def test_after_it_is_closed_the_next_one_goes_on(request_of: Request, tmp_path: Path) -> None:
    with contextlib.closing(Studio(tmp_path)) as first:
        at_work = first.submit(request_of(steps=100_000))
        waiting = first.submit(request_of())
        reached = painting(first, at_work).step
        with pytest.raises(NstgraphError, match="another server uses"):
            Studio(tmp_path)
    with contextlib.closing(Studio(tmp_path)) as second:
        view = painting(second, at_work)
        assert view.step > reached
        assert [step.step for step in view.history] == list(range(1, view.step + 1)), "earlier sittings count"
        assert second.view(waiting).status == WAITING
        second.stop(at_work)
        assert ended(second, waiting).status == FINISHED
    with contextlib.closing(Studio(tmp_path)) as third:
        assert [(view.status, view.has_picture) for view in third.runs()] == [(FINISHED, True), (STOPPED, True)]
        assert third.view(waiting).history


def test_a_full_disk_costs_no_picture(
    studio: Studio, request_of: Request, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keep = RunFolder.keep

    def full(folder: RunFolder, name: str, data: bytes) -> None:
        if name == "result.png":
            raise OutputError("cannot write result.png (No space left on device); free some space")
        keep(folder, name, data)

    monkeypatch.setattr(RunFolder, "keep", full)
    run_id = studio.submit(request_of())
    view = ended(studio, run_id)
    assert (view.status, view.has_picture) == (FAILED, True)
    assert "No space left" in view.line
    assert Image.open(io.BytesIO(studio.picture(run_id))).size == (32, 21)


def test_a_run_that_ends_the_server_each_time_is_given_up(request_of: Request, tmp_path: Path) -> None:
    with contextlib.closing(Studio(tmp_path)) as studio:
        run_id = studio.submit(request_of())
        ended(studio, run_id)
    (tmp_path / run_id / "outcome.json").unlink()
    (tmp_path / run_id / "starts.json").write_text(json.dumps({"starts": studio_run.MOST_STARTS}))
    with contextlib.closing(Studio(tmp_path)) as studio:
        assert ended(studio, run_id).line.startswith("the server ended 3 times")


def test_a_folder_that_is_damaged_is_passed_over(tmp_path: Path) -> None:
    for name, text in {"a" * 24: "no json", "b" * 24: "[]", "c" * 24: "{}"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "request.json").write_text(text)
    with contextlib.closing(Studio(tmp_path)) as studio:
        assert studio.runs() == []


SERVER = """
import sys, time
from pathlib import Path
from nstgraph.web.studio import Studio
studio = Studio(Path(sys.argv[1]))
while True:
    for view in studio.runs():
        print(view.step, flush=True)
    time.sleep(0.1)
"""


def test_after_a_kill_the_next_one_goes_on(request_of: Request, tmp_path: Path) -> None:
    with contextlib.closing(Studio(tmp_path)) as studio:
        run_id = studio.submit(request_of(steps=100_000))
    with subprocess.Popen([sys.executable, "-c", SERVER, tmp_path], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        timer = threading.Timer(120, server.kill)
        timer.start()
        while int(server.stdout.readline() or 100) < 20:
            pass
        server.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        timer.cancel()
    with contextlib.closing(Studio(tmp_path)) as studio:
        painting(studio, run_id)
        studio.stop(run_id)
        assert ended(studio, run_id).has_picture
