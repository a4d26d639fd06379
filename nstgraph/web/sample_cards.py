"""Cards of the samples, each of which begins a picture at a click."""

from __future__ import annotations

from html import escape

from nstgraph.web.page_files import as_address
from nstgraph.web.samples import samples

__all__ = ["CARD_SCRIPT", "sample_cards"]

#: Pixels on the longest side of a sample's picture.
_SIDE = 160

#: A card tells its number to the server.
CARD_SCRIPT = """
element.addEventListener('click', (event) => {
  const card = event.target.closest('button');
  if (card) trigger('click', {number: Number(card.dataset.number)});
});
"""


def sample_cards() -> str:
    """HTML of the cards."""
    cards = "".join(
        f'<button type="button" data-number="{number}" aria-label="Paint the sample {escape(sample.name)}">'
        f'<img alt="" src="{as_address(sample.photo, _SIDE)}"><img alt="" src="{as_address(sample.style, _SIDE)}">'
        f"<span>{escape(sample.name)}</span></button>"
        for number, sample in enumerate(samples())
    )
    title = "<h3>No picture at hand? Click one to see it painted.</h3>"
    return f'<section class="samples">{title}<div>{cards}</div></section>'
