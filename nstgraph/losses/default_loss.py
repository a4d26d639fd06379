"""The default loss: which terms, at which weights."""

from __future__ import annotations

__all__ = ["DEFAULT_LOSS"]

#: The default loss as text; ``default`` stands for it in a loss given as text.
DEFAULT_LOSS: tuple[str, ...] = ("0.1*content", "moments", "0.8*tv:power=2", "pixel_range")
