"""What is seen of a run, as HTML."""

from __future__ import annotations

from html import escape

from nstgraph.messages import duration
from nstgraph.web.run_pictures import picture_address
from nstgraph.web.run_view import FAILED, FINISHED, PAINTING, STARTING, STOPPED, WAITING, RunView

__all__ = ["NOTHING", "download_link", "headline", "picture", "queue_label"]

NOTHING = '<div class="growing empty"><p>Nothing is being painted now.</p></div>'

_WORDS = {
    WAITING: "Waiting", STARTING: "Mixing the paint", PAINTING: "Painting", FINISHED: "Done", STOPPED: "Stopped",
    FAILED: "That did not work",
}  # fmt: skip


def picture(view: RunView) -> str:
    """The picture on its way."""
    if not view.preview:
        words = "The canvas is still empty." if view.status in (STARTING, PAINTING) else _WORDS[view.status] + "."
        return f'<div class="growing empty"><p>{words}</p></div>'
    address = picture_address(view.id, "preview.jpg", view.preview)
    return f'<div class="growing"><img src="{escape(address)}" alt="The picture after step {view.step}"></div>'


def headline(view: RunView, read_only: bool) -> str:
    """What it is, how far it is, and how it ended."""
    failed = ' role="alert"' if view.status == FAILED else ""
    parts = [
        f'<h2>{escape(view.title)}</h2><p class="status {view.status}" aria-live="polite">{_status(view)}</p>',
        _bar(view) if view.status == PAINTING else "",
        f'<p class="line plain"{failed}>{escape(view.line)}</p>' if view.line else "",
    ]
    if view.has_picture and not read_only:
        address = escape(picture_address(view.id, "picture.png"))
        parts.append(
            f'<p><a class="download" href="{address}" download>Download the picture (PNG with its settings)</a></p>'
        )
    return "".join(parts)


def download_link(run: str) -> str:
    """A link to save a result."""
    address = escape(picture_address(run, "picture.png"))
    return f'<p><a class="download" href="{address}" download>Download the picture (PNG with its settings)</a></p>'


def queue_label(view: RunView) -> str:
    """A run in the queue, in a few words."""
    return f"{view.place}. in line: {view.title}" if view.place else f"{_WORDS[view.status]}: {view.title}"


def _status(view: RunView) -> str:
    words = [_WORDS[view.status]]
    if view.place:
        words.append(f"{view.place}. in the queue")
    if view.status == PAINTING:
        words.append(f"step {view.step} of {view.of}")
    if view.status == PAINTING and view.seconds_left is not None:
        words.append(f"{duration(view.seconds_left)} left")
    return " · ".join(words)


def _bar(view: RunView) -> str:
    percent = round(100 * view.done)
    return (
        f'<div class="bar" role="progressbar" aria-label="How much is done" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent}"><i style="width:{percent}%"></i></div>'
    )
