"""The default loss: which terms, at which weights."""

from __future__ import annotations

__all__ = ["DEFAULT_LOSS", "PALETTE", "PHOTO_COLORS", "TEXTURE_LOSS"]

#: The default loss as text; ``default`` stands for it in a loss given as text.
DEFAULT_LOSS: tuple[str, ...] = (
    "0.25*content:layer=conv3_1",
    "moments",
    "0.2*palette",
    "0.4*tv:power=2",
    "0.3*coherence",
    "pixel_range",
)

#: The same for a texture, which has no photo: there is nothing that grain would hide, so that more of it may stay.
TEXTURE_LOSS: tuple[str, ...] = ("moments", "0.2*palette", "0.2*tv:power=2", "0.2*coherence", "pixel_range")

#: The term that takes the painting's colours, and what takes its place where the photo's are to be kept.
PALETTE, PHOTO_COLORS = "palette", "photo_colors"
