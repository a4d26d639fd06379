"""The part of the page where a picture is asked for."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from nstgraph.errors import NstgraphError
from nstgraph.web.brush import SIDE, brush
from nstgraph.web.controls import HEAVIEST, TermControl, presets, terms
from nstgraph.web.form import OWN, names, of_preset, of_request, parameter_key, request_of, weight_key
from nstgraph.web.page_files import as_address, given, given_all, kept
from nstgraph.web.sample_cards import CARD_SCRIPT, sample_cards
from nstgraph.web.samples import samples
from nstgraph.web.words import line, one_line_errors, refused

__all__ = ["PaintPart"]

_FIRST = line("Choose a photo and a painting, or click one of the samples.")


class PaintPart:
    """Controls, and what they do; built within the page that is being made.

    Attributes:
        controls: by the names of `nstgraph.web.form.names`.
        go: the button that begins; ``cards`` the samples, which begin, too.
        plan_line: what the picture will take, or what is wrong.
    """

    def __init__(self, studio: Any, folder: Path) -> None:
        self._studio, self._folder = studio, folder
        self._names = names()
        self.controls: dict[str, Any] = {}
        with gr.Row(elem_classes="paint"):
            with gr.Column(scale=3, min_width=320):
                self._pictures()
                self._mask()
            with gr.Column(scale=2, min_width=300):
                self._settings()
                self._terms()
                with gr.Group(elem_id="begin"):
                    self.plan_line = gr.HTML(_FIRST, elem_id="plan")
                    self.go = gr.Button("Paint", variant="primary", size="lg", elem_id="go")
        self._connect()

    def _pictures(self) -> None:
        with gr.Row(equal_height=True):
            self.controls["photo"] = gr.Image(
                label="Photo: what is painted",
                type="filepath",
                sources=["upload"],
                height=300,
                buttons=[],
                elem_id="photo",
                placeholder="Drop a photo here\n- or -\nclick to choose one",
            )
            self.controls["styles"] = gr.Gallery(
                label="Paintings: how it is painted",
                type="filepath",
                file_types=["image"],
                interactive=True,
                height=300,
                columns=2,
                object_fit="contain",
                buttons=[],
                elem_id="styles",
                sources=["upload"],
            )
        self.notice = gr.HTML("", elem_id="notice")
        self.cards = gr.HTML(sample_cards(), js_on_load=CARD_SCRIPT, apply_default_css=False, elem_id="samples")

    def _mask(self) -> None:
        with gr.Accordion("Paint only a part of the photo", open=False, elem_id="masked"):
            self.controls["mask"] = brush()

    def _settings(self) -> None:
        known = presets()
        choices = [("None: my own choice", OWN), *((f"{name}: {source}", name) for name, source in known)]
        self.controls["preset"] = gr.Dropdown(
            choices, value=OWN, label="Preset", info="Settings of a known program or paper.", visible=bool(known)
        )
        self.controls["size"] = gr.Slider(
            32,
            2048,
            512,
            step=32,
            buttons=[],
            label="Size",
            info="Pixels on the longer side. Twice as large takes four times as long.",
        )
        self.controls["style_scale"] = gr.Slider(
            0.25, 4, 1, step=0.05, buttons=[], label="Strokes", info="Above 1 the brush is broader, below 1 finer."
        )
        self.controls["keep_colors"] = gr.Checkbox(
            False, label="Keep the photo's colours", info="Take the strokes of the painting, and not its paint."
        )
        with gr.Accordion("More", open=False, elem_id="more"):
            self.controls["steps"] = gr.Slider(
                0,
                2000,
                0,
                step=1,
                label="Steps",
                info="How long it is worked on; 0 is as long as is usual at this size.",
            )
            self.controls["init"] = gr.Radio(
                [("the photo", "content"), ("the painting", "style"), ("noise", "noise")],
                value="content",
                label="Begin with",
                info="What is on the canvas before the first stroke.",
            )
            self.controls["seed"] = gr.Number(
                0, label="Seed", info="Another number, other noise.", precision=0, minimum=0
            )

    def _terms(self) -> None:
        with gr.Accordion("What matters in the picture", open=False, elem_id="terms"):
            gr.HTML('<p class="hint">How much each of these counts; at 0 it is left out.</p>')
            for term in terms():
                self._term(term)

    def _term(self, term: TermControl) -> None:
        first, _, rest = term.help.partition("\n")
        label, _, meaning = first.rstrip(".").replace(";", ":", 1).partition(":")
        self.controls[weight_key(term.name)] = gr.Slider(
            0,
            HEAVIEST,
            term.weight,
            step=0.01,
            buttons=[],
            label=f"{label} ({term.name})",
            info=_sentence(meaning),
            elem_classes="term",
        )
        with gr.Accordion(f"More about {term.name}", open=False, elem_classes="details"):
            if rest.strip():
                gr.HTML(f'<p class="help">{escape(rest.strip())}</p>')
            for one in term.parameters:
                self.controls[parameter_key(term.name, one.name)] = gr.Textbox(
                    one.text, label=f"{term.name}: {one.name}", info=_sentence(one.words), max_lines=1
                )

    def _connect(self) -> None:
        photo, styles = self.controls["photo"], self.controls["styles"]
        quiet = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
        photo.upload(self._check_photo, photo, [photo, self.notice], **quiet)
        styles.upload(self._check_styles, styles, [styles, self.notice], **quiet)
        photo.change(self._photo_to_brush, photo, self.controls["mask"], **quiet)
        others = [control for name, control in self.controls.items() if name != "preset"]
        self.controls["preset"].input(self._preset, self.controls["preset"], others, **quiet)
        gr.on(
            [control.change for control in self.inputs],
            self._plan,
            self.inputs,
            self.plan_line,
            trigger_mode="always_last",
            **quiet,
        )

    @property
    def inputs(self) -> list[Any]:
        """All controls, in the order of their names."""
        return [self.controls[name] for name in self._names]

    def start(self, *values: Any) -> str:
        """Begin what the controls stand for; returns the run's id. Raises NstgraphError."""
        request = request_of(dict(zip(self._names, values, strict=True)), self._folder)
        if request is None:
            raise NstgraphError("choose a photo and a painting first, or click one of the samples")
        return str(self._studio.submit(request))

    def fill_sample(self, number: int) -> list[Any]:
        """Values of photo and paintings for a sample."""
        sample = samples()[number % len(samples())]
        return [kept(sample.photo, self._folder), [kept(sample.style, self._folder)]]

    def fill_again(self, run: str, photo: bool) -> list[Any]:
        """Values of all inputs for what a run was asked with. Raises NstgraphError."""
        values = of_request(self._studio.request(run), self._folder, photo)
        return [values.get(name, gr.skip()) for name in self._names]

    @one_line_errors
    def _preset(self, preset: Any) -> list[Any]:
        values = of_preset(preset or None)
        return [values.get(name, gr.skip()) for name in self.controls if name != "preset"]

    def _plan(self, *values: Any) -> str:
        try:
            request = request_of(dict(zip(self._names, values, strict=True)), self._folder)
            return _FIRST if request is None else line(self._studio.plan(request))
        except NstgraphError as error:
            return refused(error)

    def _check_photo(self, payload: Any) -> list[Any]:
        try:
            given(payload, self._folder, "the photo")
        except NstgraphError as error:
            return [None, refused(error)]
        return [gr.skip(), ""]

    def _check_styles(self, payload: Any) -> list[Any]:
        good, lines = [], ""
        for one in payload if isinstance(payload, list) else ():
            try:
                good += [kept(upload, self._folder) for upload in given_all([one], self._folder, "the painting")]
            except NstgraphError as error:
                lines += refused(error)
        return [good or None, lines] if lines else [gr.skip(), ""]

    def _photo_to_brush(self, payload: Any) -> Any:
        try:
            return gr.update(photo=as_address(given(payload, self._folder, "the photo"), SIDE))
        except NstgraphError:
            return gr.update(photo="")  # which the check of the upload says


def _sentence(text: str) -> str:
    line = " ".join(text.split())
    return line[:1].upper() + line[1:]
