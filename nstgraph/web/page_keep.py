"""The part of the page where finished pictures are kept."""

from __future__ import annotations

from typing import Any

import gradio as gr

from nstgraph.errors import NstgraphError
from nstgraph.web.keep_html import details, gallery
from nstgraph.web.run_view import ENDED
from nstgraph.web.words import one_line_errors, refused

__all__ = ["KeepPart"]

#: A picture of the gallery tells its id to the server.
_SCRIPT = """
element.addEventListener('click', (event) => {
  const one = event.target.closest('button');
  if (one) trigger('click', {run: one.dataset.run});
});
"""


class KeepPart:
    """The gallery, and what can be had of a picture in it; built within the page that is being made.

    Attributes:
        chosen: a state of the page: the id of the picture that is looked at.
        hung, outputs: what `hang` is given, and what it returns values for.
        again, another: buttons that take its settings, with its photo and without.
    """

    def __init__(self, studio: Any) -> None:
        self._studio = studio
        self.chosen, self.hung = gr.State(""), gr.State("")
        self._gallery = gr.HTML("", js_on_load=_SCRIPT, apply_default_css=False, elem_id="kept")
        self.outputs = [self.hung, self._gallery]
        with gr.Row(visible=False, elem_id="one") as self._one:
            with gr.Column(scale=3, min_width=300):
                self._details = gr.HTML("", apply_default_css=False, elem_id="details")
            with gr.Column(scale=2, min_width=300):
                self.again = gr.Button("Again with these settings", variant="primary", elem_id="again")
                self.another = gr.Button("Take these settings for another photo", elem_id="another")
                self._command = gr.Textbox(label="As a command line", buttons=["copy"], lines=2, elem_id="command")
                self._python = gr.Textbox(label="As Python", buttons=["copy"], lines=2, elem_id="python")
                self._delete = gr.Button("Delete this picture", size="sm", elem_id="delete")
                self._really = gr.Button(
                    "Yes, delete it for good", size="sm", variant="stop", visible=False, elem_id="really"
                )
        self._connect()

    def _connect(self) -> None:
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        shown = [self.chosen, self._one, self._details, self._command, self._python, self._really]
        self._gallery.click(self._choose, None, shown, **quiet)
        self._delete.click(lambda: gr.Button(visible=True), None, self._really, **quiet)
        self._really.click(self._remove, self.chosen, shown, **quiet).then(self.hang, self.hung, self.outputs, **quiet)

    def hang(self, hung: str) -> list[Any]:
        """The gallery, if other pictures hang there than the page has seen."""
        now = gallery([view for view in self._studio.runs() if view.status in ENDED and view.has_picture])
        return [gr.skip(), gr.skip()] if now == hung else [now, now]

    def _choose(self, event: gr.EventData) -> list[Any]:
        run = str(getattr(event, "run", ""))
        try:
            texts = [details(self._studio, run), self._studio.as_command(run), self._studio.as_python(run)]
        except NstgraphError as error:
            texts = [refused(error), "", ""]
        return [run, gr.Row(visible=True), *texts, gr.Button(visible=False)]

    @one_line_errors
    def _remove(self, run: str) -> list[Any]:
        self._studio.delete(run)
        return ["", gr.Row(visible=False), "", "", "", gr.Button(visible=False)]
