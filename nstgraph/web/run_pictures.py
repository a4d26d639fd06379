"""Pictures of runs under addresses of their own, so that a browser fetches each once and Gradio copies none."""

from __future__ import annotations

from typing import Any, TypeAlias

from nstgraph.errors import NstgraphError

__all__ = ["KINDS", "answer", "picture_address"]

#: By the last part of the address: the studio's method, the type, and whether it is saved rather than shown.
KINDS = {
    "preview.jpg": ("preview", "image/jpeg", False),
    "photo.jpg": ("photo", "image/jpeg", False),
    "thumbnail.jpg": ("thumbnail", "image/jpeg", False),
    "picture.png": ("picture", "image/png", True),
}

Answer: TypeAlias = tuple[int, bytes, dict[str, str]]


def picture_address(run: str, kind: str, number: int = 0) -> str:
    """Where a page finds a picture of a run; ``number`` tells previews apart."""
    return f"runs/{run}/{kind}" + (f"?{number}" if number else "")


def answer(studio: Any, run: str, kind: str) -> Answer:
    """Status, body and headers of the answer to a request for a picture of a run."""
    method, content_type, saved = KINDS.get(kind, ("", "", False))
    try:
        body = getattr(studio, method)(run) if hasattr(studio, method or " ") else b""
    except NstgraphError:
        body = b""
    if not body:
        return 404, b"there is no such picture\n", {"content-type": "text/plain"}
    headers = {"content-type": content_type, "cache-control": "private, max-age=600"}
    if saved:
        headers["content-disposition"] = f'attachment; filename="nstgraph-{run}.png"'
    return 200, body, headers
