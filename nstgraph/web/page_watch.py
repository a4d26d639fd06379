"""The part of the page where a picture is watched while it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from nstgraph.errors import NstgraphError
from nstgraph.web.controls import HEAVIEST
from nstgraph.web.loss_curves import loss_curves
from nstgraph.web.page_files import kept_bytes
from nstgraph.web.run_view import ENDED, PAINTING, RunView
from nstgraph.web.watch_html import NOTHING, headline, picture, queue_label
from nstgraph.web.words import one_line_errors

__all__ = ["WatchPart"]

#: Most terms whose weights can be changed on the way.
_TERMS = 16


class WatchPart:
    """What is seen of a run, and what is done to it; built within the page that is being made.

    Attributes:
        run: a state of the page: the id of the run that is watched; empty for the one at work.
        inputs, outputs: what `tick` is given, and what it returns values for.
    """

    def __init__(self, studio: Any, folder: Path) -> None:
        self._studio, self._folder = studio, folder
        self.run, self._seen = gr.State(""), gr.State({})
        self.inputs = [self.run, self._seen]
        self._queue = gr.Radio([], label="In the queue", visible=False, elem_id="queue")
        with gr.Row(elem_classes="watch"):
            with gr.Column(scale=3, min_width=320):
                self._picture = gr.HTML(NOTHING, apply_default_css=False, elem_id="growing")
                self._compare = gr.ImageSlider(
                    label="Photo and picture", visible=False, buttons=["fullscreen"], elem_id="compare", max_height=640
                )
            with gr.Column(scale=2, min_width=300):
                self._head = gr.HTML("", apply_default_css=False, elem_id="head")
                self._stop = gr.Button("Stop, and keep the best so far", visible=False, elem_id="stop")
                self._curves = gr.HTML("", apply_default_css=False, elem_id="curves")
                self._weights()
        self.outputs = [
            *(self.run, self._seen, self._queue, self._picture, self._compare, self._head, self._stop, self._curves),
            *(self._steering, *self._sliders),
        ]
        self._connect()

    def _weights(self) -> None:
        with gr.Accordion("Change what matters, on the way", open=False, visible=False, elem_id="steering") as steering:
            gr.HTML('<p class="hint">The picture goes on from where it is.</p>')
            self._sliders = [gr.Slider(0, HEAVIEST, 0, step=0.01, visible=False, buttons=[]) for _ in range(_TERMS)]
            self._apply = gr.Button("Go on with these", elem_id="weigh")
        self._steering = steering

    def _connect(self) -> None:
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        self._queue.input(self._choose, self._queue, self.inputs, **quiet).then(
            self.tick, self.inputs, self.outputs, **quiet
        )
        if not self._studio.read_only:
            self._stop.click(self._end, self._seen, self._head, **quiet)
            self._apply.click(self._weigh, [self._seen, *self._sliders], self._head, **quiet)

    def tick(self, run: str, seen: dict[str, Any]) -> list[Any]:
        """Values of the outputs; those that are as the page has seen them are not sent again."""
        views = self._studio.runs()
        found = [view for view in views if view.id == run] or [view for view in views if view.status not in ENDED]
        if not found:
            return self._nothing(seen)
        view = found[0]
        now = {
            "run": view.id,
            "queue": [(queue_label(one), one.id) for one in views if one.status not in ENDED or one.id == view.id],
            "picture": "" if self._is_compared(view) else picture(view),
            "compared": self._is_compared(view),
            "head": headline(view, self._studio.read_only),
            "stop": view.status not in ENDED and not self._studio.read_only,
            "curves": loss_curves(view.history),
            "weights": dict(view.weights) if view.status == PAINTING and not self._studio.read_only else {},
        }
        return [view.id, now, *self._changes(view, seen, now)]

    def _is_compared(self, view: RunView) -> bool:
        return view.status in ENDED and view.has_picture

    def _changes(self, view: RunView, seen: dict[str, Any], now: dict[str, Any]) -> list[Any]:
        other = now["run"] != seen.get("run")
        new = {key for key in now if other or now[key] != seen.get(key)}
        queue = gr.Radio(now["queue"], value=view.id, visible=len(now["queue"]) > 1)
        return [
            queue if "queue" in new else gr.skip(),
            gr.HTML(now["picture"], visible=not now["compared"]) if "picture" in new else gr.skip(),
            self._comparison(view, now["compared"]) if "compared" in new else gr.skip(),
            now["head"] if "head" in new else gr.skip(),
            gr.Button(visible=now["stop"]) if "stop" in new else gr.skip(),
            now["curves"] if "curves" in new else gr.skip(),
            *(self._controls(now["weights"]) if "weights" in new else [gr.skip()] * (1 + _TERMS)),
        ]

    def _comparison(self, view: RunView, compared: bool) -> Any:
        if not compared:
            return gr.ImageSlider(visible=False)
        try:
            photo = kept_bytes(self._studio.photo(view.id), "photo.jpg", self._folder)
            result = kept_bytes(self._studio.picture(view.id), "picture.png", self._folder)
        except NstgraphError:  # it has been deleted meanwhile
            return gr.ImageSlider(visible=False)
        return gr.ImageSlider((photo, result), visible=True)

    def _controls(self, weights: dict[str, float]) -> list[Any]:
        shown = list(weights.items())[:_TERMS]
        sliders = [
            gr.Slider(0, max(HEAVIEST, 2 * weight), weight, label=label, visible=True) for label, weight in shown
        ]
        hidden = [gr.Slider(visible=False)] * (_TERMS - len(shown))
        return [gr.Accordion(visible=bool(shown)), *sliders, *hidden]

    def _nothing(self, seen: dict[str, Any]) -> list[Any]:
        if not seen.get("run", "") and seen:
            return [gr.skip()] * len(self.outputs)
        empty = [gr.HTML(NOTHING, visible=True), gr.ImageSlider(visible=False), "", gr.Button(visible=False), ""]
        return ["", {"run": ""}, gr.Radio(visible=False), *empty, *self._controls({})]

    def _choose(self, run: str) -> list[Any]:
        return [run, {}]

    @one_line_errors
    def _end(self, seen: dict[str, Any]) -> Any:
        self._studio.stop(seen.get("run", ""))
        return gr.skip()

    @one_line_errors
    def _weigh(self, seen: dict[str, Any], *values: Any) -> Any:
        labels = list(seen.get("weights", {}))
        self._studio.weigh(seen.get("run", ""), dict(zip(labels, values, strict=False)))
        return gr.skip()
