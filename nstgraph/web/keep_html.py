"""A finished picture with its settings, as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from nstgraph.web.run_pictures import picture_address
from nstgraph.web.run_view import RunView
from nstgraph.web.watch_html import download_link

__all__ = ["details", "gallery"]

#: Characters of a setting that are shown.
_LONGEST = 300


def gallery(views: Sequence[RunView]) -> str:
    """Finished pictures side by side, each a button with its id."""
    if not views:
        return '<div class="growing empty"><p>Pictures that are done hang here.</p></div>'
    hung = "".join(
        f'<button type="button" data-run="{escape(view.id)}">'
        f'<img alt="" loading="lazy" src="{escape(picture_address(view.id, "thumbnail.jpg"))}">'
        f"<span>{escape(view.title)}</span></button>"
        for view in views
    )
    return f'<div class="hung">{hung}</div>'


def details(studio: Any, run: str) -> str:
    """A picture, a link to save it, and the settings in its file. Raises NstgraphError if it is not there."""
    view, settings = studio.view(run), studio.settings(run)
    address = escape(picture_address(run, "picture.png"))
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in _flat(settings))
    return (
        f'<h2>{escape(view.title)}</h2><div class="growing"><img src="{address}" alt="{escape(view.title)}"></div>'
        f"{download_link(run)}"
        f"<details><summary>All settings, as the file says them</summary><table>{rows}</table></details>"
    )


def _flat(settings: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{before}{name} · ")
        else:
            text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            rows.append((before + str(name), text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."))
    return rows
