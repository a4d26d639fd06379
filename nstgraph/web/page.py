"""The page: paint, watch, keep."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from nstgraph.errors import NstgraphError
from nstgraph.web.page_keep import KeepPart
from nstgraph.web.page_paint import PaintPart
from nstgraph.web.page_watch import WatchPart
from nstgraph.web.run_view import ENDED
from nstgraph.web.words import refused

__all__ = ["page"]

_HEAD = "<header><h1>nstgraph</h1><p>Paint a photo in the manner of a painting.</p></header>"

_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def page(studio: Any, folder: Path) -> Any:
    """Gradio's blocks; ``folder`` is where files lie that the page sends and is shown."""
    with _environment_kept(), gr.Blocks(analytics_enabled=False, title="nstgraph") as blocks:
        gr.HTML(_HEAD, apply_default_css=False)
        timer = gr.Timer(1.0)
        with gr.Tabs(selected="watch" if studio.read_only else "paint", elem_id="parts") as tabs:
            if studio.read_only:
                with gr.Tab("Watch", id="watch"):
                    watch = WatchPart(studio, folder)
                timer.tick(watch.tick, watch.inputs, watch.outputs, concurrency_limit=4, **_QUIET)
            else:
                _whole(studio, folder, timer, tabs, blocks)
        blocks.queue(api_open=False, default_concurrency_limit=2)
    # Gradio makes a table of all events after each, for a page of its own that is not served, at the search's expense.
    blocks._queue.compute_analytics_summary = lambda records: {"functions": {}}
    return blocks


def _whole(studio: Any, folder: Path, timer: Any, tabs: Any, blocks: Any) -> None:
    with gr.Tab("Paint", id="paint"):
        paint = PaintPart(studio, folder)
    with gr.Tab("Watch", id="watch"):
        watch = WatchPart(studio, folder)
    with gr.Tab("Gallery", id="keep"):
        keep = KeepPart(studio)

    def start(*values: Any) -> list[Any]:
        try:
            return [paint.start(*values), gr.Tabs(selected="watch"), gr.skip()]
        except NstgraphError as error:
            return [gr.skip(), gr.skip(), refused(error)]

    def fill_sample(event: gr.EventData) -> list[Any]:
        number = getattr(event, "number", 0)
        return [*paint.fill_sample(number if isinstance(number, int) else 0), ""]

    def take(run: str, photo: bool) -> list[Any]:
        try:
            return [gr.Tabs(selected="paint"), "", *paint.fill_again(run, photo)]
        except NstgraphError as error:
            return [gr.Tabs(selected="paint"), refused(error), *[gr.skip()] * len(paint.inputs)]

    def tick(run: str, seen: dict[str, Any], hung: str) -> list[Any]:
        return [*watch.tick(run, seen), *keep.hang(hung)]

    looked = [*watch.inputs, keep.hung]
    timer.tick(tick, looked, [*watch.outputs, *keep.outputs], concurrency_limit=4, **_QUIET)
    begun = [watch.run, tabs, paint.plan_line]
    whole: dict[str, Any] = {**_QUIET, "preprocess": False}
    paint.go.click(start, paint.inputs, begun, **whole)
    pictures = [paint.controls["photo"], paint.controls["styles"], paint.notice]
    paint.cards.click(fill_sample, None, pictures, **_QUIET).then(start, paint.inputs, begun, **whole)
    filled = [tabs, paint.notice, *paint.inputs]
    keep.again.click(lambda run: take(run, True), keep.chosen, filled, **_QUIET)
    keep.another.click(lambda run: take(run, False), keep.chosen, filled, **_QUIET)
    blocks.load(lambda: _where_to_begin(studio), None, tabs, **_QUIET)


def _where_to_begin(studio: Any) -> Any:
    """Who comes back while a picture is being painted sees it."""
    at_work = any(view.status not in ENDED for view in studio.runs())
    return gr.Tabs(selected="watch") if at_work else gr.skip()


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    """Gradio without telemetry sets a variable of the process, which is the caller's."""
    name = "HF_HUB_DISABLE_TELEMETRY"
    before = os.environ.get(name)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before
